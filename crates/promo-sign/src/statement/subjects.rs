//! The subjects of a statement: looked through one after the other, however many they are.

use std::fmt;

use promo_core::oci::{Digest, DigestAlgorithm};
use serde::Deserialize;
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::Text;

/// The most names of one image in a statement.
const MAX_NAMES: usize = 1000;

/// What the subjects say about a digest.
#[derive(Debug, Default)]
pub(super) struct About {
    /// How many of them have it.
    pub(super) subjects: u64,
    /// Their names, those that are not empty.
    pub(super) names: Vec<String>,
}

/// Looks through the subjects; nothing if they can't be read.
pub(super) fn about(subjects: &RawValue, digest: &Digest) -> Option<About> {
    let mut found = About::default();
    let hex = digest.hex();
    let collector = Collector {
        found: &mut found,
        digest,
        hex: &hex,
    };
    let mut list = serde_json::Deserializer::from_str(subjects.get());
    list.deserialize_seq(collector).ok()?;
    Some(found)
}

#[derive(Deserialize)]
struct Subject<'a> {
    #[serde(default, borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    digest: Digests<'a>,
}

/// What is said by other algorithms isn't looked at.
#[derive(Deserialize)]
struct Digests<'a> {
    #[serde(default, borrow)]
    sha256: Option<Text<'a>>,
    #[serde(default, borrow)]
    sha512: Option<Text<'a>>,
}

struct Collector<'c> {
    found: &'c mut About,
    digest: &'c Digest,
    hex: &'c str,
}

impl<'de> Visitor<'de> for Collector<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("subjects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(subject) = items.next_element::<Subject<'_>>()? {
            let said = match self.digest.algorithm() {
                DigestAlgorithm::Sha256 => subject.digest.sha256,
                DigestAlgorithm::Sha512 => subject.digest.sha512,
            };
            if !said.is_some_and(|said| said.0.eq_ignore_ascii_case(self.hex)) {
                continue;
            }
            self.found.subjects += 1;
            if !subject.name.0.is_empty() {
                self.found.names.push(subject.name.0.into_owned());
            }
            if self.found.names.len() > MAX_NAMES {
                return Err(A::Error::custom("too many names"));
            }
        }
        Ok(())
    }
}

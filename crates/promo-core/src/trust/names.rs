//! Whether evidence speaks of an image under the name that is asked about.

use crate::codes;
use crate::identity::Identity;
use crate::oci::{Digest, ImageReference};
use crate::ports::CheckFailure;
use crate::quoted;

/// The name that evidence has to speak of.
#[derive(Debug, Clone, Copy)]
pub(super) struct NameQuestion<'a> {
    pub(super) digest: &'a Digest,
    pub(super) identity: &'a Identity,
    /// Whether a form that needs no name may be without one.
    pub(super) may_be_unnamed: bool,
}

impl NameQuestion<'_> {
    /// Whether these names contain the one that is asked about.
    pub(super) fn check(&self, names: &[String]) -> Result<(), CheckFailure> {
        let identity = self.identity;
        if names.iter().any(|name| self.is_named(name)) {
            return Ok(());
        }
        match names.last() {
            Some(name) => Err(CheckFailure {
                code: codes::OTHER_NAME,
                message: format!(
                    "it names {}, not {identity}: so does what was carried from where the image has that name",
                    quoted(name)
                ),
            }),
            None if self.may_be_unnamed => Ok(()),
            None => Err(CheckFailure {
                code: codes::NO_NAME,
                message: format!("it does not name {identity}"),
            }),
        }
    }

    /// The name alone, or with a tag, or with the digest in question.
    fn is_named(&self, name: &str) -> bool {
        name == self.identity.as_str()
            || name.parse::<ImageReference>().is_ok_and(|reference| {
                reference.repository() == self.identity.repository()
                    && reference.digest().is_none_or(|found| found == *self.digest)
            })
    }
}

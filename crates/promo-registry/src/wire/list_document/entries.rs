//! The entries of a page, bounded while they are read: few bytes can be many values.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::limits::PAGE_ENTRIES;

/// A list of no more entries than a page may have.
#[derive(Debug)]
pub(in crate::wire) struct Entries<T>(pub(in crate::wire) Vec<T>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Bounded(PhantomData)).map(Self)
    }
}

/// Reads entries as long as there are not too many.
struct Bounded<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Bounded<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element()? {
            if entries.len() == PAGE_ENTRIES {
                return Err(A::Error::custom("more entries than a page may have"));
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

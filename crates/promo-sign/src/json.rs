//! Reads JSON that came from outside: capped in bytes and in what it takes to read it, and refused where a key
//! occurs twice in one object.
//!
//! Parsers disagree about which of two equal keys counts, so a signed document with both could say
//! different things to different readers. And few bytes can be many values: 16 MiB of `[]` would take hundreds of
//! MiB if they were built. So a document is looked through before anything of it is built.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The largest document that is read: more than any statement or bundle needs.
pub const MAX_DOCUMENT: usize = 16 * 1024 * 1024;
/// The most values, keys among them, in a document whose values are built: the manifest of a thousand signatures
/// has some twenty thousand.
pub const MAX_VALUES: usize = 60_000;
/// The most keys that are remembered at a time to see whether one occurs twice.
const MAX_OPEN_KEYS: usize = 60_000;

/// Parses a document of which each value may be built; nothing if it is too large, too deep (more than 128 levels),
/// of too many values, has a key twice, or isn't of the shape asked for.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    scan(bytes, MAX_VALUES)?;
    serde_json::from_slice(bytes).ok()
}

/// The same for a document of any number of values. `T` keeps only the fields that it names, and none of
/// them is a list: those it borrows as they are written.
pub(crate) fn parse_outline<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    scan(bytes, usize::MAX)?;
    serde_json::from_slice(bytes).ok()
}

/// Whether it is a document that may be parsed, of at most so many values.
pub(crate) fn has_at_most(bytes: &[u8], values: usize) -> bool {
    scan(bytes, values).is_some()
}

/// Parses a part of a document that was scanned with it.
pub(crate) fn part<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// Text that is borrowed where it has no escapes.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Looks through a document without keeping anything of it.
fn scan(bytes: &[u8], values: usize) -> Option<()> {
    if bytes.len() > MAX_DOCUMENT {
        return None;
    }
    let mut budget = Budget {
        values,
        keys: MAX_OPEN_KEYS,
    };
    let mut document = serde_json::Deserializer::from_slice(bytes);
    Scan(&mut budget).deserialize(&mut document).ok()?;
    document.end().ok()
}

/// What may still be read.
struct Budget {
    values: usize,
    keys: usize,
}

impl Budget {
    fn take_value<E: serde::de::Error>(&mut self) -> Result<(), E> {
        let left = self.values.checked_sub(1);
        self.values = left.ok_or_else(|| E::custom("too many values"))?;
        Ok(())
    }

    fn open_key<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.take_value()?;
        let left = self.keys.checked_sub(1);
        self.keys = left.ok_or_else(|| E::custom("too many keys"))?;
        Ok(())
    }
}

/// Any JSON in which no object has a key twice.
struct Scan<'b>(&'b mut Budget);

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.take_value()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated keys")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Scan(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(Text(key)) = entries.next_key()? {
            self.0.open_key()?;
            entries.next_value_seed(Scan(&mut *self.0))?;
            if !keys.insert(key) {
                return Err(A::Error::custom("a key occurs twice"));
            }
        }
        self.0.keys += keys.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests;

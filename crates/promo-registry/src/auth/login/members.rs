//! An object of JSON that is edited member by member: what isn't touched stays as it was written, byte for byte.

use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The members of an object in their order, each value as it stands there. Their Debug shows no value.
#[derive(Default)]
pub(super) struct Members(Vec<(String, Zeroizing<String>)>);

impl Members {
    /// Reads an object; null and nothing at all have no members.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let read: Option<Self> = serde_json::from_str(text)?;
        Ok(read.unwrap_or_default())
    }

    /// The value of a member. Docker doesn't ask for the case of the names of sections.
    pub(super) fn section(&self, name: &str) -> Option<&str> {
        let at = self.section_at(name)?;
        self.0.get(at).map(|(_, value)| value.as_str())
    }

    /// Sets that value, in its place if the member is there.
    pub(super) fn set_section(&mut self, name: &str, value: Zeroizing<String>) {
        match self.section_at(name).and_then(|at| self.0.get_mut(at)) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// The names of all members.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Sets the value of the member of exactly this name.
    pub(super) fn set(&mut self, name: &str, value: Zeroizing<String>) {
        let found = self.0.iter_mut().rev().find(|(known, _)| known == name);
        match found {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Without the members of these names.
    pub(super) fn remove(&mut self, names: &[String]) {
        self.0.retain(|(name, _)| !names.contains(name));
    }

    /// The object, a member in a line, as docker writes it.
    pub(super) fn write(&self, depth: usize) -> Zeroizing<String> {
        if self.0.is_empty() {
            return Zeroizing::new("{}".to_owned());
        }
        let (outer, inner) = ("\t".repeat(depth), "\t".repeat(depth + 1));
        let length: usize = self
            .0
            .iter()
            .map(|(name, value)| 2 * name.len() + value.len() + 16)
            .sum();
        // With room for all of it, a secret leaves no copies behind as the text grows.
        let mut text = Zeroizing::new(String::with_capacity(
            length + inner.len() * (self.0.len() + 1),
        ));
        text.push('{');
        for (number, (name, value)) in self.0.iter().enumerate() {
            text.push_str(if number == 0 { "\n" } else { ",\n" });
            text.push_str(&inner);
            text.push_str(&serde_json::Value::from(name.as_str()).to_string());
            text.push_str(": ");
            text.push_str(value);
        }
        text.push('\n');
        text.push_str(&outer);
        text.push('}');
        text
    }

    /// Where the section is that counts, as it is found when it is read: the last of exactly this name, else the first by its
    /// bytes of those that differ by case.
    fn section_at(&self, name: &str) -> Option<usize> {
        let exact = self.0.iter().rposition(|(known, _)| known == name);
        exact.or_else(|| {
            let alike = self.0.iter().enumerate();
            let alike = alike.filter(|(_, (known, _))| known.eq_ignore_ascii_case(name));
            let first = alike.min_by(|(at, (one, _)), (other_at, (other, _))| {
                one.cmp(other).then(other_at.cmp(at))
            });
            first.map(|(at, _)| at)
        })
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((name, Zeroizing::new(value.get().to_owned())));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

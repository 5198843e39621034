//! SPDX licence expressions: is what a crate offers among what we allow?
//!
//! `OR` is a choice, `AND` demands both, `WITH` belongs to the word before it, and the old `/` means `OR`.

use std::collections::BTreeSet;

use xtask::error::{Error, Result};

/// Whether `expression` can be met with `allowed` licences alone.
pub(crate) fn is_met(expression: &str, allowed: &BTreeSet<String>) -> Result<bool> {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut reader = Reader {
        words: spaced.split_whitespace().peekable(),
        allowed,
    };
    match (reader.any_of(), reader.words.next()) {
        (Some(met), None) => Ok(met),
        _ => Err(Error::document(
            format!("the licence expression `{expression}`"),
            "it is not well-formed",
        )),
    }
}

struct Reader<'a> {
    words: std::iter::Peekable<std::str::SplitWhitespace<'a>>,
    allowed: &'a BTreeSet<String>,
}

impl Reader<'_> {
    fn any_of(&mut self) -> Option<bool> {
        let mut met = self.all_of()?;
        while self.words.next_if_eq(&"OR").is_some() {
            met |= self.all_of()?;
        }
        Some(met)
    }

    fn all_of(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.words.next_if_eq(&"AND").is_some() {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        let word = self.words.next()?;
        if word == "(" {
            let met = self.any_of()?;
            return self.words.next_if_eq(&")").map(|_| met);
        }
        if matches!(word, ")" | "OR" | "AND" | "WITH") {
            return None;
        }
        if self.words.next_if_eq(&"WITH").is_none() {
            return Some(self.allowed.contains(word));
        }
        let exception = self.words.next()?;
        Some(self.allowed.contains(&format!("{word} WITH {exception}")))
    }
}

#[cfg(test)]
mod tests;

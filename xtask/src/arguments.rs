//! The words of the command line: taken one by one, and none may be left over.

use std::collections::VecDeque;
use std::str::FromStr;

use crate::error::{Error, Result};

/// What stands behind `cargo xtask`, not yet taken.
#[derive(Debug)]
pub struct Arguments {
    words: VecDeque<String>,
}

impl Arguments {
    /// The words that this program was started with.
    pub fn from_environment() -> Self {
        Self::new(std::env::args().skip(1))
    }

    /// Words that stand anywhere.
    pub fn new(words: impl IntoIterator<Item = String>) -> Self {
        Self {
            words: words.into_iter().collect(),
        }
    }

    /// Takes the first word, whatever it is.
    pub fn next_word(&mut self) -> Option<String> {
        self.words.pop_front()
    }

    /// Takes `--name` wherever it stands.
    pub fn take_switch(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() != before
    }

    /// Takes `--name VALUE` or `--name=VALUE` wherever it stands.
    pub fn take_value(&mut self, name: &str) -> Result<Option<String>> {
        let prefix = format!("{name}=");
        let Some(at) = self
            .words
            .iter()
            .position(|word| word == name || word.starts_with(&prefix))
        else {
            return Ok(None);
        };
        let word = self.words.remove(at).unwrap_or_default();
        if let Some(value) = word.strip_prefix(&prefix) {
            return Ok(Some(value.to_owned()));
        }
        match self.words.remove(at) {
            Some(value) => Ok(Some(value)),
            None => Err(Error::Usage(format!("{name} needs a value"))),
        }
    }

    /// As [`Self::take_value`], parsed.
    pub fn take_parsed<T: FromStr>(&mut self, name: &str) -> Result<Option<T>> {
        let Some(text) = self.take_value(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Error::Usage(format!("{name} does not take `{text}`"))),
        }
    }

    /// All that was not taken, for another program.
    pub fn into_words(self) -> impl Iterator<Item = String> {
        self.words.into_iter()
    }

    /// Refuses what no command took.
    pub fn finish(self) -> Result<()> {
        if self.words.is_empty() {
            return Ok(());
        }
        let rest: Vec<String> = self.words.into();
        Err(Error::Usage(format!("unexpected: {}", rest.join(" "))))
    }
}

//! Values as text: how a variable and a promo.toml write them.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};

/// A value that a variable can hold.
pub(super) trait FromVariable: Sized {
    /// The value of this text, or what is expected.
    fn from_variable(text: &str) -> Result<Self, String>;
}

impl FromVariable for PathBuf {
    fn from_variable(text: &str) -> Result<Self, String> {
        Ok(Self::from(text))
    }
}

impl FromVariable for String {
    fn from_variable(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl FromVariable for bool {
    fn from_variable(text: &str) -> Result<Self, String> {
        match text {
            "1" | "true" | "yes" => Ok(true),
            "0" | "false" | "no" => Ok(false),
            _ => Err("`true` or `false`".to_owned()),
        }
    }
}

impl<T: FromVariable> FromVariable for Vec<T> {
    fn from_variable(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(|item| T::from_variable(item.trim()))
            .collect()
    }
}

/// A value that is written as text; its error says what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text<T>(pub(super) T);

impl<T: FromStr<Err: Display>> FromVariable for Text<T> {
    fn from_variable(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|error: T::Err| error.to_string())
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// Paths side by side.
pub(super) fn show_paths(paths: &[PathBuf]) -> String {
    let shown: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    shown.join(", ")
}

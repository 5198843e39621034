//! Values as text: how a variable and a promo.toml write them.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

pub(super) use crate::text::Text;

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

impl<T: FromStr<Err: Display>> FromVariable for Text<T> {
    fn from_variable(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|error: T::Err| error.to_string())
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

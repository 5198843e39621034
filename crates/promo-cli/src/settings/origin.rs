//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

use super::Row;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// A promo.toml.
    File(PathBuf),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => path.display().fmt(f),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

impl<T> Setting<T> {
    /// A value from somewhere.
    pub(crate) fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// A value that nobody asked for.
    pub(crate) fn default(value: T) -> Self {
        Self::new(value, Origin::Default)
    }

    /// The row that shows it.
    pub(super) fn row(&self, name: &str, value: impl Into<String>) -> Row {
        Row {
            name: name.to_owned(),
            value: value.into(),
            origin: self.origin.to_string(),
        }
    }
}

/// The row of a setting that may be missing.
pub(super) fn row_of<T>(
    setting: Option<&Setting<T>>,
    name: &str,
    show: impl Fn(&T) -> String,
) -> Row {
    match setting {
        Some(setting) => setting.row(name, show(&setting.value)),
        None => Row {
            name: name.to_owned(),
            value: "-".to_owned(),
            origin: Origin::Default.to_string(),
        },
    }
}

//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

/// A row that shows a setting.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Row {
    /// The setting.
    pub name: String,
    /// Its value, as it would be written; secrets are none of the settings.
    pub value: String,
    /// Where it comes from.
    pub origin: String,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    /// What was said for this call, by the frontend's name for it.
    Given(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// A promo.toml.
    File(PathBuf),
    /// Nobody said anything.
    #[default]
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(name) | Self::Variable(name) => f.write_str(name),
            Self::File(path) => path.display().fmt(f),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// A value from somewhere.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// A value that nobody asked for.
    pub fn unsaid(value: T) -> Self {
        Self::new(value, Origin::Default)
    }

    /// The row that shows it.
    pub fn row(&self, name: &str, value: impl Into<String>) -> Row {
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

//! The forms of output that commands offer, and what a command prints. The forms themselves are made by the library.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::exit::Exit;

/// The forms of output. Each command offers some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
    Yaml,
    Markdown,
    Csv,
    Github,
    Sarif,
}

impl Format {
    /// What most commands offer.
    pub(crate) const DATA: [Self; 3] = [Self::Table, Self::Json, Self::Yaml];
    /// What `promo plan` offers.
    pub(crate) const PLAN: [Self; 4] = [Self::Table, Self::Json, Self::Yaml, Self::Markdown];
    /// What `promo snapshot` offers.
    pub(crate) const SNAPSHOT: [Self; 3] = [Self::Yaml, Self::Csv, Self::Json];
    /// What `promo manifest check` offers.
    pub(crate) const CHECK: [Self; 5] = [
        Self::Table,
        Self::Json,
        Self::Yaml,
        Self::Sarif,
        Self::Github,
    ];
    /// All of them.
    const ALL: [Self; 7] = [
        Self::Table,
        Self::Json,
        Self::Yaml,
        Self::Markdown,
        Self::Csv,
        Self::Github,
        Self::Sarif,
    ];

    /// The name on the command line.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Markdown => "markdown",
            Self::Csv => "csv",
            Self::Github => "github",
            Self::Sarif => "sarif",
        }
    }

    /// The format of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// A parser that takes only `offered`.
    pub(crate) fn parser(offered: &'static [Self]) -> impl TypedValueParser<Value = Self> {
        PossibleValuesParser::new(offered.iter().map(|format| format.as_str()))
            .try_map(|name| Self::named(&name).ok_or("no such format"))
    }

    /// The help of `--output`; the first format is the default.
    pub(crate) fn help(offered: &[Self]) -> String {
        let default = offered.first().map_or("table", |format| format.as_str());
        format!("The form of the result; {default} unless a setting says otherwise")
    }
}

/// What a command prints, and how it ends.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// For standard output.
    pub(crate) text: String,
    /// How the command ends.
    pub(crate) exit: Exit,
}

impl Outcome {
    /// A result with nothing left.
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            exit: Exit::Done,
        }
    }
}

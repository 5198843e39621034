//! Views of results: a table for people, documents for machines.
//!
//! A result is data; this folder only shows it. A document carries `"schema": "promo.<name>/v1"` first.

mod beside;
mod document;
mod evidence;
mod plan_markdown;
mod plan_text;
mod report;
mod table;
mod verification;

use clap::builder::{PossibleValuesParser, TypedValueParser};

pub(crate) use document::{json, yaml};
pub(crate) use evidence::evidence_outcome;
pub(crate) use plan_markdown::{plan_markdown, summary_markdown};
pub(crate) use plan_text::{plan_table, summary_text};
pub(crate) use report::report_table;
pub(crate) use table::Table;
pub(crate) use verification::{kind as evidence_kind, verification_table};

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

/// A number with its noun, in the plural where it belongs.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests;

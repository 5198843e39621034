//! What came out of one work: a table of lines, and beside each target what was measured.
//!
//! It makes text for the terminal and Markdown for the page, and judges nothing beyond "met" and "missed".

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::client::Role;
use super::line::Line;

/// A target, and what was measured.
pub(super) struct Target {
    what: String,
    measured: Option<f64>,
    unit: &'static str,
    is_met: bool,
}

impl Target {
    pub(super) fn at_most(
        what: &str,
        limit: f64,
        unit: &'static str,
        measured: Option<f64>,
    ) -> Self {
        Self {
            what: format!("{what}: at most {limit}{unit}"),
            measured,
            unit,
            is_met: measured.is_some_and(|measured| measured <= limit),
        }
    }

    pub(super) fn at_least(
        what: &str,
        limit: f64,
        unit: &'static str,
        measured: Option<f64>,
    ) -> Self {
        Self {
            what: format!("{what}: at least {limit}{unit}"),
            measured,
            unit,
            is_met: measured.is_some_and(|measured| measured >= limit),
        }
    }

    fn measured(&self) -> String {
        match self.measured {
            Some(measured) => format!("{measured:.2}{}", self.unit),
            None => "never".to_owned(),
        }
    }

    fn verdict(&self) -> &'static str {
        if self.is_met { "met" } else { "missed" }
    }
}

/// All of one work.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// What is done, in Markdown.
    pub(super) about: String,
    pub(super) lines: Vec<Line>,
    pub(super) targets: Vec<Target>,
}

const HEAD: [&str; 9] = [
    "client",
    "runs",
    "wall s",
    "CPU s",
    "peak MiB",
    "requests: source",
    "destinations",
    "÷ bare loop",
    "÷ best peer",
];

impl Section {
    /// A line by its name.
    pub(super) fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    /// promo's time (of its first line) in times of the bare loop's, if it was done.
    pub(super) fn to_floor(&self) -> Option<f64> {
        Some(self.finished()?.wall / self.first(Role::Floor)?.wall)
    }

    /// How many times quicker promo (its first line) is than the quickest peer that was done.
    pub(super) fn ahead(&self) -> Option<f64> {
        Some(self.best_peer()?.wall / self.finished()?.wall)
    }

    fn finished(&self) -> Option<&Line> {
        self.first(Role::Promo).filter(|line| line.is_complete)
    }

    /// The first line of a role.
    pub(super) fn first(&self, role: Role) -> Option<&Line> {
        self.lines.iter().find(|line| line.role == role)
    }

    fn best_peer(&self) -> Option<&Line> {
        let peers = self
            .lines
            .iter()
            .filter(|line| line.role == Role::Peer && line.is_complete);
        peers.min_by(|one, other| one.wall.total_cmp(&other.wall))
    }

    /// For the terminal.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let rows = self.rows();
        for row in &rows {
            for (column, cell) in row.iter().enumerate() {
                let cells = rows.iter().filter_map(|row| row.get(column));
                let width = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
                // Writing to a String can't fail, here and below.
                let _written = write!(text, "{cell:<width$}  ");
            }
            text.push('\n');
        }
        for line in self.kinds() {
            let _written = writeln!(text, "{line}");
        }
        for target in &self.targets {
            let (measured, verdict) = (target.measured(), target.verdict());
            let _written = writeln!(text, "{}: {measured}, {verdict}", target.what);
        }
        text
    }

    /// For the page.
    pub(super) fn markdown(&self, command: &str, date: &str) -> String {
        let mut text = format!(
            "## {}\n\n{} `{command}`, {date}.\n\n",
            self.title, self.about
        );
        for (number, row) in self.rows().iter().enumerate() {
            let _written = writeln!(text, "| {} |", row.join(" | "));
            if number == 0 {
                text.push_str(&"|---".repeat(row.len()));
                text.push_str("|\n");
            }
        }
        text.push('\n');
        for line in self.kinds() {
            let _written = writeln!(text, "- {line}");
        }
        if !self.targets.is_empty() {
            text.push_str("\n| target | measured | |\n|---|---|---|\n");
        }
        for target in &self.targets {
            let (measured, verdict) = (target.measured(), target.verdict());
            let _written = writeln!(text, "| {} | {measured} | {verdict} |", target.what);
        }
        text
    }

    /// The table, its head first.
    fn rows(&self) -> Vec<Vec<String>> {
        let floor = self.first(Role::Floor);
        let peer = self.best_peer();
        let ratio = |line: &Line, other: Option<&Line>| match other {
            Some(other) if line.role != Role::Apart => format!("{:.2}", line.wall / other.wall),
            _ => String::new(),
        };
        let row = |line: &Line| {
            vec![
                line.name.clone(),
                line.runs.to_string(),
                format!("{:.2}", line.wall),
                format!("{:.2}", line.processor),
                format!("{:.0}", line.mebibytes),
                line.source.total().to_string(),
                line.destination.total().to_string(),
                ratio(line, floor),
                ratio(line, peer),
                line.remark.clone(),
            ]
        };
        let mut head: Vec<String> = HEAD.iter().map(|&cell| cell.to_owned()).collect();
        head.push(String::new());
        std::iter::once(head)
            .chain(self.lines.iter().map(row))
            .collect()
    }

    /// The requests of each line by kind: at the source and at the destinations.
    fn kinds(&self) -> Vec<String> {
        let of = |line: &Line| {
            let (source, destination) = (&line.source.requests, &line.destination.requests);
            let kinds: BTreeSet<&String> = source.keys().chain(destination.keys()).collect();
            let count = |kind: &String| {
                let at = |side: &std::collections::BTreeMap<String, u64>| {
                    side.get(kind).copied().unwrap_or_default()
                };
                format!("{kind} {} + {}", at(source), at(destination))
            };
            let kinds: Vec<String> = kinds.into_iter().map(count).collect();
            format!("{}: {}", line.name, kinds.join(", "))
        };
        self.lines.iter().map(of).collect()
    }
}

//! Plain tables: columns of text, aligned, without borders, and no wider than there is room.

use std::fmt::Write as _;

use anstyle::Style;

use super::style::{BOLD, one_line};

/// What stands between two columns.
const GAP: usize = 2;
/// No column becomes narrower than that to make room.
const LEAST: usize = 5;

/// Rows of cells under headings.
#[derive(Debug, Default)]
pub struct Table {
    headings: Vec<String>,
    rows: Vec<(Style, Vec<String>)>,
}

impl Table {
    /// A table with these headings.
    pub fn new<const N: usize>(headings: [&str; N]) -> Self {
        Self {
            headings: headings.map(str::to_owned).to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. Control characters in cells are shown, not obeyed.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.styled_row(Style::new(), cells);
    }

    /// Adds a row that stands out.
    pub fn styled_row<const N: usize>(&mut self, style: Style, cells: [String; N]) {
        let cells = cells.map(|cell| one_line(&cell)).to_vec();
        self.rows.push((style, cells));
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text, each line ended, as wide as its cells are.
    pub fn render(&self) -> String {
        self.render_within(usize::MAX)
    }

    /// The text, each line ended, in lines of at most so many characters where that can be: cells are broken.
    pub fn render_within(&self, width: usize) -> String {
        let widths = narrowed(self.widths(), width);
        let mut text = lines(BOLD, &self.headings, &widths);
        for (style, row) in &self.rows {
            text.push_str(&lines(*style, row, &widths));
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.headings.iter().map(|cell| width(cell)).collect();
        for (_, row) in &self.rows {
            for (wide, cell) in widths.iter_mut().zip(row) {
                *wide = (*wide).max(width(cell));
            }
        }
        widths
    }
}

/// Takes room from the widest columns until all of them fit.
fn narrowed(mut widths: Vec<usize>, room: usize) -> Vec<usize> {
    let gaps = GAP * widths.len().saturating_sub(1);
    loop {
        let over = (widths.iter().sum::<usize>() + gaps).saturating_sub(room);
        let widest = widths.iter().max().copied().unwrap_or_default();
        if over == 0 || widest <= LEAST {
            return widths;
        }
        // The widest ones shrink together, down to the next, or as far as is needed.
        let next = widths.iter().filter(|wide| **wide < widest).max();
        let next = next.copied().unwrap_or(LEAST).max(LEAST);
        let many = widths.iter().filter(|wide| **wide == widest).count();
        let to = widest.saturating_sub(over.div_ceil(many)).max(next);
        for wide in widths.iter_mut().filter(|wide| **wide == widest) {
            *wide = to;
        }
    }
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

/// The lines of a row: as many as its tallest cell has.
fn lines(style: Style, cells: &[String], widths: &[usize]) -> String {
    let broken: Vec<Vec<&str>> = cells
        .iter()
        .zip(widths)
        .map(|(cell, wide)| broken(cell, *wide))
        .collect();
    let height = broken.iter().map(Vec::len).max().unwrap_or_default();
    let mut text = String::new();
    for at in 0..height {
        let mut line = String::new();
        for (parts, wide) in broken.iter().zip(widths) {
            let part = parts.get(at).copied().unwrap_or_default();
            line.push_str(part);
            let padding = wide.saturating_sub(width(part)) + GAP;
            line.extend(std::iter::repeat_n(' ', padding));
        }
        let _ = writeln!(text, "{style}{}{style:#}", line.trim_end());
    }
    text
}

/// A text in pieces of at most so many characters, parted after spaces and what joins names, else wherever it must be.
pub(super) fn broken(text: &str, wide: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(wide.max(1)) {
        let (fits, _) = rest.split_at(end);
        let joint = fits.rfind([' ', ',', '/', ':', '@']).map(|at| at + 1);
        let (piece, after) = rest.split_at(joint.unwrap_or(end));
        pieces.push(piece.trim_end());
        rest = after.trim_start();
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest);
    }
    pieces
}

//! What is put into a text that is laid out anew, and how many columns that moves what stands behind it.

use super::{MAX_LENGTH, Root, Scan, State};
use crate::manifest::Position;

/// How many columns were put in, all together, before which places of the text laid out anew; ordered by place.
#[derive(Debug, Default)]
pub(in crate::manifest) struct Shifts(pub(super) Vec<(u32, u32, u32)>);

impl Shifts {
    /// The place in the text as it was written.
    pub(in crate::manifest) fn unshift(&self, place: Position) -> Position {
        let behind = |shift: &(u32, u32, u32)| (shift.0, shift.1) <= (place.line, place.column);
        let index = self.0.partition_point(behind);
        let last = index.checked_sub(1).and_then(|index| self.0.get(index));
        match last {
            Some((line, _, columns)) if *line == place.line => Position {
                column: place.column.saturating_sub(*columns).max(1),
                ..place
            },
            _ => place,
        }
    }
}

impl Scan<'_> {
    /// Whatever follows is not read, but it is told that it is there.
    pub(super) fn end_document(&mut self, is_end: bool) {
        self.root = Root::Over;
        let rest = self.text.get(self.at + 3..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default().trim_start();
        if !is_end || !(line.is_empty() || line.starts_with('#')) {
            self.copy_to(self.at);
            self.out.push_str("--- x\n");
            self.copied = self.text.len();
        }
    }

    /// What stands behind the one value is not read either.
    pub(super) fn end_root(&mut self) -> Option<()> {
        self.root = Root::Over;
        self.copy_to(self.at);
        self.out.push_str(" x\n");
        self.shifted()?;
        self.copied = self.text.len();
        Some(())
    }

    /// Keeps that one column was put in here.
    fn shifted(&mut self) -> Option<()> {
        let before = self.text.get(self.line_start..self.at)?.chars().count();
        let shift = self.shift();
        let column = u32::try_from(before).ok()?.checked_add(shift)?;
        let behind = column.checked_add(2)?;
        self.shifts.push((self.line, behind, shift + 1));
        Some(())
    }

    /// Puts a text that began at `start`, and ends here, in quotes.
    pub(super) fn put_in_quotes(&mut self, start: usize) -> Option<()> {
        let text = self.text.get(start..self.at)?;
        if start < self.copied.max(self.line_start) || text.contains('\'') {
            return None;
        }
        for place in [start, self.at] {
            self.copy_to(place);
            self.out.push('\'');
            let before = self.text.get(self.line_start..place)?.chars().count();
            let shift = self.shift();
            let column = u32::try_from(before).ok()?.checked_add(shift)?;
            self.shifts
                .push((self.line, column.checked_add(2)?, shift + 1));
        }
        if self.out.len() + self.text.len() > MAX_LENGTH {
            return None;
        }
        self.state = State::Ended;
        Some(())
    }

    /// How many columns were put in on this line so far.
    pub(super) fn shift(&self) -> u32 {
        let last = self.shifts.last().filter(|(line, ..)| *line == self.line);
        last.map_or(0, |(_, _, columns)| *columns)
    }

    /// Puts blanks in here.
    pub(super) fn put_in(&mut self, blanks: usize) -> Option<()> {
        self.copy_to(self.at);
        if self.out.len() + self.text.len() + blanks > MAX_LENGTH {
            return None;
        }
        self.out.extend(std::iter::repeat_n(' ', blanks));
        Some(())
    }

    pub(super) fn copy_to(&mut self, end: usize) {
        let part = self.text.get(self.copied..end).unwrap_or_default();
        self.out.push_str(part);
        self.copied = end;
    }
}

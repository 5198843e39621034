//! What the reader finds on its way, and how it is said.

use saphyr_parser::{ScanError, Tag};

use super::{MAX_DEPTH, Position, Purpose, Reader, Stop};
use crate::manifest::events::Trouble;
use crate::manifest::finding::clip;
use crate::manifest::kinds::{ALIAS_TAKEN, ANCHOR, MERGE, SYNTAX, TAG_IGNORED, TOO_DEEP, YAML_TAG};

impl Reader<'_, '_> {
    /// Judges the tag of a node. If it says so, whether a text counts as one without quotes.
    pub(super) fn tagged(&mut self, tag: Option<&Tag>, place: Position) -> Option<bool> {
        let tag = tag?;
        let core = tag.is_yaml_core_schema().then_some(tag.suffix.as_str());
        if self.purpose == Purpose::Edit || matches!(core, Some("binary" | "null")) {
            let message = "a YAML tag stands here".to_owned();
            self.findings
                .add(&YAML_TAG, place, message, "the value without a tag");
            return None;
        }
        if !std::mem::replace(&mut self.has_tag, true) {
            let message = "a YAML tag stands here".to_owned();
            self.findings
                .add(&TAG_IGNORED, place, message, "the value without a tag");
        }
        match core {
            Some("str") => Some(false),
            Some("bool") => Some(true),
            _ => None,
        }
    }

    /// Says once where the first alias or merge stood.
    pub(super) fn found_repeated(&mut self) {
        let alias = self
            .events
            .first_repeated()
            .map(|span| self.place(span.start));
        if let Some(place) = alias.into_iter().chain(self.merged_at).min() {
            let message =
                "what an alias or merge key stands for is taken from elsewhere in the file";
            self.findings
                .add(&ALIAS_TAKEN, place, message.to_owned(), "the value itself");
        }
    }

    pub(super) fn found_too_deep(&mut self, place: Position) {
        let message = format!("lists and mappings are nested more than {MAX_DEPTH} deep");
        self.findings
            .add(&TOO_DEEP, place, message, "a promoter manifest");
    }

    pub(super) fn found_anchor(&mut self, place: Position) {
        self.findings.add(
            &ANCHOR,
            place,
            "a YAML anchor or alias stands here".to_owned(),
            "the value itself",
        );
    }

    pub(super) fn found_merge(&mut self, place: Position) {
        self.findings.add(
            &MERGE,
            place,
            "a merge key stands here".to_owned(),
            "the entries themselves",
        );
    }

    /// Records why the text can't be read on at `place`.
    pub(super) fn trouble(&mut self, trouble: &Trouble, place: Position) -> Stop {
        match trouble {
            Trouble::Syntax(error) => self.syntax(error),
            Trouble::Merge => self.found_merge(place),
            Trouble::Repeated => self.findings.add(
                &ANCHOR,
                place,
                "what aliases stand for is too much".to_owned(),
                "the value itself",
            ),
        }
        Stop
    }

    fn syntax(&mut self, error: &ScanError) {
        let place = self.place(*error.marker());
        // The scanner refuses an alias whose anchor it has not seen.
        if error.info().contains("unknown anchor") {
            return self.found_anchor(place);
        }
        // It also refuses to go on in lists that are nested far deeper than we would.
        if error.info().contains("recursion limit") {
            return self.found_too_deep(place);
        }
        let message = format!("this is not YAML: {}", clip(error.info(), 200));
        self.findings
            .add(&SYNTAX, place, message, "well-formed YAML");
    }
}

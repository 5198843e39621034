//! What the reader finds on its way, and how it is said.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use saphyr_parser::{ScanError, Tag};

use super::{MAX_DEPTH, Position, Purpose, Reader, Scalar, Stop};
use crate::manifest::events::Trouble;
use crate::manifest::finding::clip;
use crate::manifest::kinds::{ALIAS_TAKEN, ANCHOR, MERGE, SYNTAX, TAG_IGNORED, TOO_DEEP, YAML_TAG};

impl Reader<'_, '_> {
    /// A text as its tag wants it to be read.
    pub(super) fn tagged<'s>(&mut self, tag: Option<&Tag>, scalar: Scalar<'s>) -> Scalar<'s> {
        let place = scalar.position;
        let Some(core) = self.found_tag(tag, place) else {
            return scalar;
        };
        let is_nothing = Scalar::is_word_for_nothing(&scalar.text);
        match core {
            "str" => Scalar {
                plain: false,
                ..scalar
            },
            "bool" => Scalar {
                plain: true,
                ..scalar
            },
            "null" if is_nothing => Scalar {
                plain: true,
                ..scalar
            },
            "null" => self.refused_tag(scalar, "a YAML tag says that nothing stands here"),
            "binary" => match decoded(&scalar.text) {
                Some(text) => Scalar {
                    text: text.into(),
                    plain: false,
                    ..scalar
                },
                None => self.refused_tag(scalar, "this is not base64, as its YAML tag says"),
            },
            _ => scalar,
        }
    }

    fn refused_tag<'s>(&mut self, scalar: Scalar<'s>, message: &str) -> Scalar<'s> {
        let expected = "the value without a tag";
        self.findings
            .add(&YAML_TAG, scalar.position, message.to_owned(), expected);
        scalar
    }

    /// Says once that a tag stands here, and returns its name if it is one of YAML's own that may count.
    pub(super) fn found_tag<'t>(
        &mut self,
        tag: Option<&'t Tag>,
        place: Position,
    ) -> Option<&'t str> {
        let tag = tag?;
        let message = "a YAML tag stands here".to_owned();
        if self.purpose == Purpose::Edit {
            self.findings
                .add(&YAML_TAG, place, message, "the value without a tag");
            return None;
        }
        if !std::mem::replace(&mut self.has_tag, true) {
            self.findings
                .add(&TAG_IGNORED, place, message, "the value without a tag");
        }
        tag.is_yaml_core_schema().then_some(tag.suffix.as_str())
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

/// Base64 as kpromo reads it: bits that are over are not looked at.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The text that a text in base64 stands for, which may have ends of lines in it.
fn decoded(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = BASE64.decode(text).ok()?;
    // What is no text is no name, digest or tag in any case.
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

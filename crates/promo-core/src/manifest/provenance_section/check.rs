//! Checks the values of a `provenance` section. One that can't be used makes the section unusable: the tree is planned, and
//! what the section covers is refused when it is to be promoted.

use std::collections::{BTreeMap, BTreeSet};

use super::{BuilderEntry, CallerEntry, LevelEntry, Text};
use crate::manifest::finding::{FileFindings, quote};
use crate::manifest::kinds::{BAD_PROVENANCE, NO_IMAGE_OF_LEVEL, PROVENANCE_NOT_ENFORCED};
use crate::manifest::path_match::PathPattern;
use crate::manifest::{Builder, Caller, ImageEntry, Level, Position, Signer};

/// Checks the values of a section.
pub(super) struct Check<'f> {
    findings: &'f mut FileFindings,
    position: Option<Position>,
    is_usable: bool,
}

impl<'f> Check<'f> {
    /// A check of the section at `position`.
    pub(super) fn new(findings: &'f mut FileFindings, position: Option<Position>) -> Self {
        Self {
            findings,
            position,
            is_usable: true,
        }
    }

    /// Whether nothing was found that makes the section unusable.
    pub(super) fn is_usable(&self) -> bool {
        self.is_usable
    }

    pub(super) fn sources(&mut self, texts: Vec<Text>) -> BTreeSet<String> {
        let mut sources = BTreeSet::new();
        for (source, position) in texts {
            if source.is_empty() || source.contains('@') {
                let message = format!("{} is not the name of a repository", quote(&source));
                self.bad(position, message, "a repository without `@`");
            }
            sources.insert(source);
        }
        sources
    }

    fn bad(&mut self, position: impl Into<Option<Position>>, message: String, expected: &str) {
        self.is_usable = false;
        let position = position.into().or(self.position);
        self.findings
            .add(&BAD_PROVENANCE, position, message, expected);
    }

    pub(super) fn some(&mut self, is_missing: bool, key: &str) {
        if is_missing {
            let message = format!("the policy names no `{key}`");
            self.bad(None, message, &format!("at least one under `{key}`"));
        }
    }

    pub(super) fn signers(&mut self, texts: Vec<Text>) -> BTreeSet<Signer> {
        let mut signers = BTreeSet::new();
        for (text, position) in texts {
            match Signer::parse(&text) {
                Some(signer) => drop(signers.insert(signer)),
                None => self.bad(
                    position,
                    format!("{} is not a signer", quote(&text)),
                    "`sigstore::ISSUER::IDENTITY` or `sigstore(identityMatch=regex)::ISSUER::IDENTITY`",
                ),
            }
        }
        signers
    }

    /// A level of at least `least` that some builder reaches.
    pub(super) fn level(
        &mut self,
        (text, position): Text,
        least: u8,
        reached: Option<Level>,
    ) -> Option<Level> {
        let level = Level::parse(&text).filter(|level| level.number() >= least);
        if level.is_none() {
            let message = format!("{} is not a level", quote(&text));
            self.bad(position, message, &format!("{least} to 3"));
        } else if level > reached && reached.is_some() {
            let message = format!("no builder reaches level {text}");
            self.bad(position, message, "a level that a builder reaches");
        }
        level
    }

    pub(super) fn builders(
        &mut self,
        entries: Vec<BuilderEntry>,
        signers: &BTreeSet<Signer>,
    ) -> BTreeMap<String, Builder> {
        let mut builders: BTreeMap<String, Builder> = BTreeMap::new();
        for entry in entries {
            let Some((id, position)) = entry.id.filter(|(id, _)| !id.is_empty()) else {
                self.bad(
                    entry.position,
                    "this builder has no `id`".to_owned(),
                    "its id",
                );
                continue;
            };
            let Some(level) = entry.level else {
                let message = format!("the builder {} has no `level`", quote(&id));
                self.bad(position, message, "1 to 3");
                continue;
            };
            let Some(level) = self.level(level, 1, None) else {
                continue;
            };
            let of_builder = self.signers(entry.signers);
            if !of_builder.is_subset(signers) {
                let message = format!("a signer of the builder {} is unknown", quote(&id));
                self.bad(position, message, "signers that the policy names, too");
            }
            let caller = entry.caller.map(|caller| self.caller(caller));
            let builder = Builder {
                level,
                signers: of_builder,
                caller,
            };
            self.apart(&id, position, &builder, &builders);
            builders.insert(id, builder);
        }
        builders
    }

    /// Checks that it can be told which builder is meant.
    fn apart(
        &mut self,
        id: &str,
        position: Position,
        builder: &Builder,
        others: &BTreeMap<String, Builder>,
    ) {
        if others.contains_key(id) {
            let message = format!("the builder {} stands here a second time", quote(id));
            return self.bad(position, message, "each builder once");
        }
        let name = |id: &str| id.split('@').next().map(str::to_owned);
        let is_any = |id: &str| !id.contains('@');
        for (other, its) in others {
            let overlaps = name(id) == name(other) && (is_any(id) || is_any(other));
            if overlaps && its.signers.is_empty() != builder.signers.is_empty() {
                let message = format!("{} and {} overlap", quote(id), quote(other));
                self.bad(position, message, "signers at both of them, or at none");
            }
        }
    }

    fn caller(&mut self, entry: CallerEntry) -> Caller {
        if entry.refs.is_empty() {
            let message = "the caller has no `refs`".to_owned();
            self.bad(entry.position, message, "patterns of refs");
        }
        if let Some((_, position)) = entry.events.first() {
            // It isn't wrong as such: the section is taken for unmet.
            self.is_usable = false;
            self.findings.add(
                &PROVENANCE_NOT_ENFORCED,
                *position,
                "events of callers can't be judged: a run refuses the images".to_owned(),
                "a caller without `events`",
            );
        }
        Caller {
            workflows: entry.workflows.into_iter().map(|(text, _)| text).collect(),
            refs: self.patterns(entry.refs),
        }
    }

    fn patterns(&mut self, texts: Vec<Text>) -> BTreeSet<String> {
        let mut patterns = BTreeSet::new();
        for (text, position) in texts {
            if PathPattern::new(&text).is_none() || text.is_empty() {
                let message = format!("{} is not a pattern", quote(&text));
                self.bad(position, message, "a pattern with `*`, `?` and `[a-z]`");
            }
            patterns.insert(text);
        }
        patterns
    }

    pub(super) fn image_levels(
        &mut self,
        entries: Vec<LevelEntry>,
        images: &[ImageEntry],
        reached: Option<Level>,
    ) -> BTreeMap<String, Level> {
        let mut levels = BTreeMap::new();
        for entry in entries {
            let Some(level) = entry.level else {
                let message = "no `level` stands here".to_owned();
                self.bad(entry.position, message, "1 to 3");
                continue;
            };
            let level = self.level(level, 1, reached);
            if entry.images.is_empty() {
                let message = "no `images` stand here".to_owned();
                self.bad(entry.position, message, "patterns of images");
            }
            self.unused(&entry.images, images);
            for pattern in self.patterns(entry.images) {
                let highest = levels.get(&pattern).copied().max(level);
                highest.map(|highest| levels.insert(pattern, highest));
            }
        }
        levels
    }

    /// Warns of patterns that match no image.
    fn unused(&mut self, patterns: &[Text], images: &[ImageEntry]) {
        for (text, position) in patterns {
            let Some(pattern) = PathPattern::new(text) else {
                continue;
            };
            if !images.iter().any(|image| pattern.matches(image.name())) {
                let message = format!("{} matches no image", quote(text));
                let expected = "a pattern of images of this manifest";
                self.findings
                    .add(&NO_IMAGE_OF_LEVEL, *position, message, expected);
            }
        }
    }
}

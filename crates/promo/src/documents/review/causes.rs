//! Blocked edges by what blocks them: one wrong password blocks thousands, and is told once.
//!
//! Two edges have the same cause if the same is said of them but for the names of their own repositories, tags and digests. Of
//! a tag that moves and of a conflict each image is a cause of its own: it is decided by itself.

use std::collections::{BTreeMap, BTreeSet};

use promo_core::Code;
use promo_core::manifest::{FilePath, Position};
use promo_core::oci::{Repository, Tag};
use promo_core::pipeline::{Blocked, EdgeOutcome};
use promo_core::plan::{PlannedEdge, Verdict};
use promo_core::report::BlockedEdge;

use crate::counted::counted;

/// So many tags of one image are named, and so many mirrors.
const NAMED: usize = 3;

/// One edge that is blocked, as a plan or a report tells of it.
#[derive(Debug)]
pub(in crate::documents) struct BlockedAt<'a> {
    /// What it is called: a verdict, or the phase that it came to.
    what: &'static str,
    code: Code,
    message: String,
    hints: &'a [String],
    image: &'a str,
    tag: Option<&'a Tag>,
    mirror: &'a str,
    source: &'a Repository,
    destination: &'a Repository,
    /// Where the promoter manifest asks for it, if that is known.
    written_at: Option<(&'a FilePath, Position)>,
    /// Whether it is decided image by image.
    by_itself: bool,
}

impl<'a> BlockedAt<'a> {
    /// By the verdict of a plan.
    pub(in crate::documents) fn in_plan(edge: &PlannedEdge<'a>) -> Self {
        Self {
            what: edge.verdict().as_str(),
            code: edge.code(),
            message: edge.reason(),
            hints: edge.hints(),
            image: edge.image(),
            tag: edge.tag(),
            mirror: edge.destination_registry().as_str(),
            source: edge.source(),
            destination: edge.destination(),
            written_at: Some((edge.file(), edge.position())),
            by_itself: is_by_itself(edge.verdict()),
        }
    }

    /// By the plan of a run.
    pub(in crate::documents) fn before_run(edge: &'a BlockedEdge) -> Self {
        let (mirror, image) = parted(&edge.source, &edge.destination);
        Self {
            what: edge.verdict.as_str(),
            code: edge.code,
            message: edge.message.clone(),
            hints: &edge.hints,
            image,
            tag: edge.tag.as_ref(),
            mirror,
            source: &edge.source,
            destination: &edge.destination,
            written_at: None,
            by_itself: is_by_itself(edge.verdict),
        }
    }

    /// By a phase of a run.
    pub(in crate::documents) fn in_run(edge: &'a EdgeOutcome, blocked: &'a Blocked) -> Self {
        let (mirror, image) = parted(&edge.source, &edge.destination);
        Self {
            what: blocked.phase.as_str(),
            code: blocked.code,
            message: blocked.message.clone(),
            hints: &blocked.hints,
            image,
            tag: edge.tag.as_ref(),
            mirror,
            source: &edge.source,
            destination: &edge.destination,
            written_at: None,
            by_itself: false,
        }
    }

    /// What is said of it, without what is its own.
    fn in_general(&self) -> String {
        if self.by_itself {
            return self.message.clone();
        }
        let message = without_own(&self.message, self.destination);
        let message = without_own(&message, self.source);
        without_digests(&message)
    }
}

fn is_by_itself(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::TagMove | Verdict::Conflict)
}

/// What blocks edges, with what it blocks.
#[derive(Debug)]
pub(in crate::documents) struct Cause<'a> {
    /// A verdict, or a phase.
    pub(in crate::documents) what: &'static str,
    /// The code of the reason.
    pub(in crate::documents) code: Code,
    /// How many edges it blocks.
    pub(in crate::documents) edges: u64,
    /// What to do about it.
    pub(in crate::documents) hints: &'a [String],
    /// Where the promoter manifest asks for the first of them, if that is known.
    written_at: Option<(&'a FilePath, Position)>,
    /// What was said of the first edge.
    message: String,
    /// What is said of all of them, if not just that.
    general: Option<String>,
    images: BTreeSet<&'a str>,
    tags: BTreeSet<&'a Tag>,
    mirrors: BTreeSet<&'a str>,
}

impl Cause<'_> {
    /// Why, as a sentence without a period.
    pub(in crate::documents) fn message(&self) -> &str {
        self.general.as_deref().unwrap_or(&self.message)
    }

    /// What it blocks: an edge by its name, several by their number.
    pub(in crate::documents) fn subject(&self) -> String {
        let images = match self.images.first() {
            Some(image) if self.images.len() == 1 => format!("{image}{}", self.named_tags()),
            _ => counted(self.images.len() as u64, "image"),
        };
        let mirrors: Vec<&str> = self.mirrors.iter().copied().collect();
        let mirrors = match mirrors.len() {
            1..=NAMED => mirrors.join(", "),
            many => counted(many as u64, "mirror"),
        };
        match self.edges {
            1 => format!("{images} at {mirrors}"),
            edges => format!("{} of {images} at {mirrors}", counted(edges, "edge")),
        }
    }

    /// Where the promoter manifest asks for it, if it is of one image.
    pub(in crate::documents) fn written_at(&self) -> Option<(&FilePath, Position)> {
        self.written_at.filter(|_| self.images.len() == 1)
    }

    fn named_tags(&self) -> String {
        let tags: Vec<&str> = self.tags.iter().map(|tag| tag.as_str()).collect();
        match tags.split_at_checked(NAMED) {
            _ if tags.is_empty() => String::new(),
            Some((named, more @ [_, ..])) => {
                format!(":{} and {} more", named.join(", "), more.len())
            }
            _ => format!(":{}", tags.join(", ")),
        }
    }
}

type Key<'a> = (&'static str, Code, String, &'a [String], Option<&'a str>);

/// Collects causes.
#[derive(Debug, Default)]
pub(in crate::documents) struct Causes<'a> {
    known: BTreeMap<Key<'a>, usize>,
    causes: Vec<Cause<'a>>,
}

impl<'a> Causes<'a> {
    /// Adds an edge to its cause.
    pub(in crate::documents) fn add(&mut self, blocked: BlockedAt<'a>) {
        let general = blocked.in_general();
        let by_itself = blocked.by_itself.then(|| blocked.source.as_str());
        let key = (
            blocked.what,
            blocked.code,
            general,
            blocked.hints,
            by_itself,
        );
        let index = match self.known.get(&key) {
            Some(index) => *index,
            None => {
                self.known.insert(key.clone(), self.causes.len());
                self.causes.push(Cause {
                    what: blocked.what,
                    code: blocked.code,
                    edges: 0,
                    hints: blocked.hints,
                    written_at: blocked.written_at,
                    message: blocked.message.clone(),
                    general: None,
                    images: BTreeSet::new(),
                    tags: BTreeSet::new(),
                    mirrors: BTreeSet::new(),
                });
                self.causes.len() - 1
            }
        };
        let Some(cause) = self.causes.get_mut(index) else {
            return;
        };
        cause.edges += 1;
        cause.images.insert(blocked.image);
        // Of many images none is named, so neither are their tags.
        if cause.images.len() == 1 {
            cause.tags.extend(blocked.tag);
        }
        cause.mirrors.insert(blocked.mirror);
        if cause.general.is_none() && cause.message != blocked.message {
            cause.general = Some(key.2);
        }
    }

    /// The causes, the one that blocks most first.
    pub(in crate::documents) fn most_first(mut self) -> Vec<Cause<'a>> {
        self.causes
            .sort_by_key(|cause| std::cmp::Reverse(cause.edges));
        self.causes
    }
}

/// A destination repository as a mirror and what the image is called there: what source and destination end in alike.
pub(in crate::documents) fn parted<'a>(
    source: &Repository,
    destination: &'a Repository,
) -> (&'a str, &'a str) {
    let of_source = source.name().rsplit('/');
    let alike = destination.name().rsplit('/').zip(of_source);
    let alike = alike.take_while(|(here, there)| here == there);
    let length: usize = alike.map(|(component, _)| component.len() + 1).sum();
    let whole = destination.as_str();
    let at = whole.len().saturating_sub(length);
    match (whole.get(..at), whole.get(at + 1..)) {
        (Some(mirror), Some(image)) if length > 0 => (mirror, image),
        _ => (destination.host_str(), destination.name()),
    }
}

/// The text with `…` for what follows the host wherever it names the repository, a tag or a digest in it.
fn without_own(text: &str, repository: &Repository) -> String {
    let mut general = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(repository.as_str()) {
        general.push_str(before);
        general.push_str(repository.host_str());
        general.push_str("/…");
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
        rest = match after.strip_prefix([':', '@']) {
            Some(named) if named.starts_with(is_name) => {
                named.trim_start_matches(|c| is_name(c) || c == ':')
            }
            _ => after.trim_start_matches(is_name),
        };
    }
    general.push_str(rest);
    general
}

/// The text with `…` for the hexadecimal digits of digests.
fn without_digests(text: &str) -> String {
    let mut general = String::new();
    let mut rest = text;
    while let Some(at) = ["sha256:", "sha512:"]
        .iter()
        .filter_map(|name| rest.find(name))
        .min()
    {
        let (before, digest) = rest.split_at(at + "sha256:".len());
        general.push_str(before);
        let after = digest.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        if after.len() < digest.len() {
            general.push('…');
        }
        rest = after;
    }
    general.push_str(rest);
    general
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(name: &str) -> Repository {
        name.parse().unwrap()
    }

    #[test]
    fn what_is_an_edges_own_is_left_out() {
        let own = repository("a.example/p/app");
        let told = [
            (
                "no manifest a.example/p/app:v1.0 (R2)",
                "no manifest a.example/… (R2)",
            ),
            (
                "no a.example/p/app@sha256:00ff: gone",
                "no a.example/… gone",
            ),
            ("a.example is a.example/p/app", "a.example is a.example/…"),
            ("b.example/p/app", "b.example/p/app"),
        ];
        for (text, general) in told {
            assert_eq!(without_own(text, &own), general);
        }
        let digests = "sha256:00aa of sha512:bb, sha256: none";
        assert_eq!(
            without_digests(digests),
            "sha256:… of sha512:…, sha256: none"
        );
    }

    #[test]
    fn a_destination_is_a_mirror_and_what_it_has_in_common_with_the_source() {
        let parted = |source: &str, destination: &str| {
            let destination = repository(destination);
            let (mirror, image) = parted(&repository(source), &destination);
            (mirror.to_owned(), image.to_owned())
        };
        let of = |mirror: &str, image: &str| (mirror.to_owned(), image.to_owned());
        assert_eq!(parted("s/st/t/app", "a/p/t/app"), of("a/p", "t/app"));
        assert_eq!(parted("s/app", "a/app"), of("a", "app"));
        assert_eq!(parted("s/app", "a/p/other"), of("a", "p/other"));
    }
}

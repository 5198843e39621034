//! The laws that hold at every write: the world's witness looks at each as it takes effect.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use promo_testkit::registry::StoredManifest;
use promo_testkit::world::{Asked, Put, Witness, World, Written};
use serde_json::Value;

use crate::case::Case;
use crate::evidence;
use crate::world::Wanted;

/// The laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Law {
    /// A tag never points to what was not asked for, and never is moved.
    TagsAsAskedFor,
    /// No manifest stands before its blobs and children.
    ContentFirst,
    /// No tag is put before its evidence stands.
    EvidenceFirst,
    /// Nothing is ever deleted or lost.
    NothingLost,
    /// Every run ends.
    RunsEnd,
    /// When faults have ended, a run publishes all that can be.
    Converges,
    /// A run with nothing to do writes nothing.
    Rests,
    /// The staging registry is only read.
    StagingIsRead,
}

/// A law that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) law: Law,
    pub(crate) how: String,
}

impl Broken {
    pub(crate) fn new(law: Law, how: impl Into<String>) -> Self {
        Self {
            law,
            how: how.into(),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.law, self.how)
    }
}

/// Watches a world.
#[derive(Debug)]
pub(crate) struct Laws {
    wanted: Arc<Wanted>,
    /// Hosts where the manifest must come before its evidence.
    manifest_first: BTreeSet<String>,
    broken: Mutex<Option<Broken>>,
    looks: Mutex<Looks>,
}

/// Who looked at which evidence when, as far as a collector could have taken it since.
#[derive(Debug, Default)]
struct Looks {
    /// How often a collector ran, by host.
    collections: BTreeMap<String, u64>,
    /// By host, repository and subject: how often a collector had run when its evidence was looked at last. Nothing if
    /// some of it was written after that.
    looked: BTreeMap<Subject, u64>,
    /// What was put in the moment between a look and a collector.
    excused: BTreeSet<Subject>,
}

/// A host, a repository there, and a digest in it.
pub(crate) type Subject = (String, String, String);

impl Looks {
    fn collections(&self, host: &str) -> u64 {
        self.collections.get(host).copied().unwrap_or_default()
    }
}

impl Laws {
    pub(crate) fn new(case: &Case, wanted: Arc<Wanted>) -> Self {
        let refusing = case
            .mirrors
            .iter()
            .filter(|it| it.missing_subject.is_some());
        Self {
            wanted,
            manifest_first: refusing.map(|it| it.name.clone()).collect(),
            broken: Mutex::default(),
            looks: Mutex::default(),
        }
    }

    /// Images that were put when their evidence had been looked at and a collector took it in that moment: no registry
    /// offers a PUT that could prevent that.
    pub(crate) fn excused(&self) -> BTreeSet<Subject> {
        self.looks().excused.clone()
    }

    fn looks(&self) -> MutexGuard<'_, Looks> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether evidence that lacks stood when it was looked at, after the last of it was written.
    fn excuses(&self, at: (&str, &str), digest: &str) -> bool {
        let mut looks = self.looks();
        let subject = subject(at, digest);
        let collections = looks.collections(at.0);
        let is_excused = looks
            .looked
            .get(&subject)
            .is_some_and(|at| *at < collections);
        if is_excused {
            looks.excused.insert(subject);
        }
        is_excused
    }

    /// Evidence was written: whoever looked before has not seen it.
    fn evidence_written(&self, at: (&str, &str), digest: &str) {
        self.looks().looked.remove(&subject(at, digest));
    }

    /// The first that was broken.
    pub(crate) fn check(&self) -> Result<(), Broken> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.clone().map_or(Ok(()), Err)
    }

    fn look(&self, world: &World, written: &Written<'_>) -> Result<(), Broken> {
        let Written {
            host, repository, ..
        } = *written;
        if host == crate::case::STAGING {
            let how = format!("something was written to {repository} in staging");
            return Err(Broken::new(Law::StagingIsRead, how));
        }
        let Put::Manifest { digest, bytes, tag } = &written.put else {
            return Ok(());
        };
        // A list of referrers outlives what a collector takes.
        if !tag
            .as_ref()
            .is_some_and(|(tag, _)| tag.starts_with("sha256-"))
        {
            content_first(world, (host, repository), digest, bytes)?;
        }
        if let Some(about) = parsed(bytes)
            .pointer("/subject/digest")
            .and_then(Value::as_str)
        {
            self.evidence_written((host, repository), about);
        }
        match tag {
            Some((tag, before)) if tag.starts_with("sha256-") => {
                let what = format!("{host}/{repository}:{tag}");
                self.evidence_written((host, repository), &about(tag));
                self.evidence_tag(repository, tag, &what)?;
                before.as_ref().map_or(Ok(()), |before| {
                    nothing_lost(world, (host, repository), before, bytes, &what)
                })
            }
            Some((tag, before)) => self.tag(world, written, digest, (tag, before.as_ref())),
            None => self.by_digest(world, written, digest),
        }
    }

    /// A tag of an image.
    fn tag(
        &self,
        world: &World,
        written: &Written<'_>,
        digest: &str,
        (tag, before): (&str, Option<&StoredManifest>),
    ) -> Result<(), Broken> {
        let Written {
            host, repository, ..
        } = *written;
        let what = format!("{host}/{repository}:{tag}");
        let asked_for = self.wanted.digest_of(host, repository, tag);
        if asked_for != Some(digest) {
            let how = format!("{what} was put to {digest}; asked for was {asked_for:?}");
            return Err(Broken::new(Law::TagsAsAskedFor, how));
        }
        if let Some(before) = before.filter(|before| before.digest != digest) {
            let how = format!("{what} was moved from {} to {digest}", before.digest);
            return Err(Broken::new(Law::TagsAsAskedFor, how));
        }
        self.proven(world, written, digest, &what)
    }

    /// A manifest without a tag: of an image it shows the image, unless an index brings it or the host asks for it first.
    fn by_digest(&self, world: &World, written: &Written<'_>, digest: &str) -> Result<(), Broken> {
        let Written {
            host, repository, ..
        } = *written;
        let has = |all: &BTreeMap<String, BTreeSet<String>>| {
            all.get(repository).is_some_and(|all| all.contains(digest))
        };
        let is_image = has(&self.wanted.subjects) && !has(&self.wanted.brought);
        if !is_image || self.manifest_first.contains(host) {
            return Ok(());
        }
        self.proven(
            world,
            written,
            digest,
            &format!("{host}/{repository}@{digest}"),
        )
    }

    fn proven(
        &self,
        world: &World,
        written: &Written<'_>,
        digest: &str,
        what: &str,
    ) -> Result<(), Broken> {
        let at = (written.host, written.repository);
        match evidence::lacking(world, &self.wanted, at, digest) {
            Ok(lacking) if lacking.is_empty() || self.excuses(at, digest) => Ok(()),
            Ok(lacking) => {
                let how = format!("{what} was put, and there is no {lacking:?}");
                Err(Broken::new(Law::EvidenceFirst, how))
            }
            Err(error) => Err(Broken::new(Law::EvidenceFirst, format!("{what}: {error}"))),
        }
    }

    /// A tag of evidence is about something that is wanted.
    fn evidence_tag(&self, repository: &str, tag: &str, what: &str) -> Result<(), Broken> {
        let about = about(tag);
        let subjects = self.wanted.subjects.get(repository);
        if subjects.is_some_and(|subjects| subjects.contains(&about)) {
            return Ok(());
        }
        let how = format!("{what} is about nothing that was asked for");
        Err(Broken::new(Law::TagsAsAskedFor, how))
    }
}

impl Witness for Laws {
    fn wrote(&self, world: &World, written: &Written<'_>) {
        if let Err(broken) = self.look(world, written) {
            let mut first = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(broken);
        }
    }

    fn asked(&self, asked: &Asked<'_>) {
        if asked.referrers || asked.about.starts_with("sha256-") {
            let at = (asked.host, asked.repository);
            let mut looks = self.looks();
            let collections = looks.collections(asked.host);
            let about = about(asked.about);
            looks.looked.insert(subject(at, &about), collections);
        }
    }

    fn collected(&self, host: &str) {
        *self.looks().collections.entry(host.to_owned()).or_default() += 1;
    }
}

fn subject((host, repository): (&str, &str), digest: &str) -> Subject {
    (host.to_owned(), repository.to_owned(), digest.to_owned())
}

/// The digest that a tag of evidence is about; a digest is about itself.
fn about(tag: &str) -> String {
    tag.split('.').next().unwrap_or(tag).replacen('-', ":", 1)
}

/// The digests that a manifest names in one of its lists.
fn named<'a>(manifest: &'a Value, list: &str) -> impl Iterator<Item = &'a str> {
    let entries = manifest.get(list).and_then(Value::as_array);
    let entries = entries.into_iter().flatten();
    entries.filter_map(|entry| entry.get("digest")?.as_str())
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}

fn content_first(
    world: &World,
    (host, repository): (&str, &str),
    digest: &str,
    bytes: &[u8],
) -> Result<(), Broken> {
    let (state, manifest) = (world.state(host), parsed(bytes));
    let config = manifest
        .get("config")
        .and_then(|it| it.get("digest")?.as_str());
    let mut blobs = named(&manifest, "layers").chain(config);
    let missing = blobs.find(|blob| !state.has_blob(repository, blob));
    let mut children = named(&manifest, "manifests");
    let missing = missing.or_else(|| children.find(|it| state.manifest(repository, it).is_none()));
    match missing {
        None => Ok(()),
        Some(missing) => {
            let how = format!("{host}/{repository}@{digest} was put without its {missing}");
            Err(Broken::new(Law::ContentFirst, how))
        }
    }
}

/// What a shared tag listed, it lists still, unless it is a manifest that is gone.
fn nothing_lost(
    world: &World,
    (host, repository): (&str, &str),
    before: &StoredManifest,
    bytes: &[u8],
    what: &str,
) -> Result<(), Broken> {
    let (was, is) = (parsed(&before.bytes), parsed(bytes));
    let state = world.state(host);
    let layers: BTreeSet<&str> = named(&is, "layers").collect();
    let manifests: BTreeSet<&str> = named(&is, "manifests").collect();
    let mut lost = named(&was, "layers").filter(|it| !layers.contains(it));
    let mut unlisted = named(&was, "manifests")
        .filter(|it| !manifests.contains(it) && state.manifest(repository, it).is_some());
    match lost.next().or_else(|| unlisted.next()) {
        None => Ok(()),
        Some(lost) => {
            let how = format!("{what} doesn't list {lost} any more");
            Err(Broken::new(Law::NothingLost, how))
        }
    }
}

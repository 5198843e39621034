//! A case: a small world, what is wanted of it, and what befalls the runs over it. It follows from a seed, can be made
//! smaller, and is a value that a person can read.

use std::collections::BTreeMap;
use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use promo_registry::inventory::InventoryMethod;
use promo_testkit::random::Random;
use promo_testkit::world::{HostSettings, Listing, Schedule};

/// The host that everything comes from.
pub(crate) const STAGING: &str = "staging.example";

/// Names of images: few, so that several digests lie in one repository.
const NAMES: [&str; 3] = ["app", "tool", "base"];

/// A world and its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) staging: HostSettings,
    pub(crate) mirrors: Vec<HostSettings>,
    pub(crate) images: Vec<Image>,
    /// What stood at mirrors before the first run.
    pub(crate) standing: Vec<Standing>,
    /// The runs that are disturbed, before those that aren't.
    pub(crate) disturbed: Vec<Disturbed>,
    /// Whether the mirrors share one public name.
    pub(crate) one_identity: bool,
    /// Whether children of indexes are signed as well.
    pub(crate) recursive: bool,
    pub(crate) concurrency: usize,
    /// How many images a shard has.
    pub(crate) shard: usize,
    /// How inventories are read, where that is set.
    pub(crate) methods: BTreeMap<String, InventoryMethod>,
}

/// A digest under a name, and the tags that it is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) name: &'static str,
    pub(crate) content: Content,
    pub(crate) tags: Vec<String>,
}

/// What an image is made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Content {
    /// One of a few single images; neighbours share a layer.
    Single(u64),
    /// An index of such.
    Index(Vec<u64>),
    /// An index of an index and a single image.
    Nested(Vec<u64>, u64),
}

/// What stands at a mirror already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) mirror: usize,
    pub(crate) image: usize,
    pub(crate) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Its tags point to something else.
    Taken,
    /// It stands there under its tags, and nobody proved it.
    Unproven,
    /// All of it but its own manifest, as a run leaves it that broke off.
    Content,
    /// Its manifest, without a tag.
    Untagged,
    /// A signature of somebody else under `.sig`.
    Signed,
}

/// A run that is disturbed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disturbed {
    pub(crate) schedule: Schedule,
    pub(crate) stop: Option<Stop>,
}

/// A run doesn't come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stop {
    /// When so many requests have arrived, and
    pub(crate) request: u64,
    /// so much later,
    pub(crate) after: Duration,
    /// the process is killed. Else it is asked to stop.
    pub(crate) kills: bool,
}

impl Case {
    pub(crate) fn from_seed(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let random = &mut random;
        let mut mirrors: Vec<HostSettings> = (1..=random.between(1, 4))
            .map(|number| host(random, format!("mirror{number}.example")))
            .collect();
        let images: Vec<Image> = (1..=random.between(1, 6))
            .map(|number| image(random, number))
            .collect();
        let standing = (0..random.below(4))
            .map(|_| Standing {
                mirror: pick(random, mirrors.len()),
                image: pick(random, images.len()),
                what: what(random),
            })
            .collect();
        let mut staging = host(random, STAGING.to_owned());
        let mut hosts: Vec<String> = mirrors.iter().map(|it| it.name.clone()).collect();
        hosts.push(STAGING.to_owned());
        let disturbed = (0..random.between(1, 2))
            .map(|_| disturbed(random, &hosts, images.len() as u64))
            .collect();
        let (one_identity, recursive) = (!random.one_in(4), random.one_in(4));
        let concurrency = usize::try_from(random.between(1, 8)).unwrap_or(1);
        let shard = usize::try_from(random.between(1, 8)).unwrap_or(1);
        let hosts = mirrors.iter_mut().chain([&mut staging]);
        let methods = hosts.filter_map(|host| Some((host.name.clone(), listed(random, host)?)));
        Self {
            methods: methods.collect(),
            staging,
            mirrors,
            images,
            standing,
            disturbed,
            one_identity,
            recursive,
            concurrency,
            shard,
        }
    }

    /// Whether a collector runs at a mirror at some time.
    pub(crate) fn collects(&self, mirror: &str) -> bool {
        let mut all = self.disturbed.iter().flat_map(|run| &run.schedule.episodes);
        all.any(|it| it.host == mirror && it.trouble == promo_testkit::world::Trouble::Collects)
    }
}

fn pick(random: &mut Random, count: usize) -> usize {
    usize::try_from(random.below(count as u64)).unwrap_or_default()
}

fn host(random: &mut Random, name: String) -> HostSettings {
    let mut host = HostSettings::new(name);
    host.round_trip = Duration::from_millis(random.between(1, 200));
    host.bandwidth = random
        .one_in(3)
        .then(|| NonZeroU64::new(random.between(2_000, 1_000_000)))
        .flatten();
    host.quota = random
        .one_in(5)
        .then(|| NonZeroU32::new(u32::try_from(random.between(10, 60)).unwrap_or(10)))
        .flatten();
    host.referrers_api = !random.one_in(3);
    host.missing_subject = random
        .one_in(5)
        .then(|| if random.one_in(2) { 400 } else { 404 });
    host.immutable_tags = random.one_in(5);
    host.mounts = !random.one_in(4);
    host.check_references = random.one_in(2);
    host
}

/// What a host lists, and how its inventory is to be read. Also of a host that doesn't offer it a bulk list may be wanted.
fn listed(random: &mut Random, host: &mut HostSettings) -> Option<InventoryMethod> {
    if random.one_in(3) {
        host.listing = Listing::Digests;
    }
    match random.below(6) {
        0 => None,
        1 => Some(InventoryMethod::TagList),
        2 | 3 => Some(InventoryMethod::BulkList),
        _ if host.listing == Listing::Digests => Some(InventoryMethod::BulkList),
        _ => None,
    }
}

fn image(random: &mut Random, number: u64) -> Image {
    let singles = |random: &mut Random| {
        let mut all: Vec<u64> = (0..random.between(1, 3)).map(|_| random.below(5)).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let content = match random.below(5) {
        0 | 1 => Content::Single(random.below(5)),
        2 | 3 => Content::Index(singles(random)),
        _ => Content::Nested(singles(random), random.below(5)),
    };
    Image {
        name: NAMES[pick(random, NAMES.len())],
        content,
        // None: it is wanted by its digest alone.
        tags: (0..random.below(3))
            .map(|tag| format!("v{number}.{tag}"))
            .collect(),
    }
}

fn what(random: &mut Random) -> What {
    match random.below(5) {
        0 => What::Taken,
        1 => What::Unproven,
        2 => What::Content,
        3 => What::Untagged,
        _ => What::Signed,
    }
}

fn disturbed(random: &mut Random, hosts: &[String], images: u64) -> Disturbed {
    let most = 40 + 30 * images;
    Disturbed {
        schedule: Schedule::from_random(random, hosts, 6, most / 2),
        stop: random.one_in(2).then(|| Stop {
            request: random.below(most * hosts.len() as u64 / 2),
            after: Duration::from_millis(random.below(150)),
            kills: !random.one_in(3),
        }),
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for host in std::iter::once(&self.staging).chain(&self.mirrors) {
            writeln!(f, "  {}: {}", host.name, differences(host))?;
        }
        for Image {
            name,
            content,
            tags,
        } in &self.images
        {
            writeln!(f, "  wanted: {name} = {content:?} under {tags:?}")?;
        }
        for Standing {
            mirror,
            image,
            what,
        } in &self.standing
        {
            let mirror = &self.mirrors[*mirror].name;
            writeln!(
                f,
                "  at {mirror} before: {what:?} of {:?}",
                self.images[*image]
            )?;
        }
        for (number, Disturbed { schedule, stop }) in self.disturbed.iter().enumerate() {
            writeln!(f, "  run {}: stop {stop:?}", number + 1)?;
            for episode in &schedule.episodes {
                writeln!(f, "    {episode}")?;
            }
        }
        let Self {
            one_identity,
            recursive,
            concurrency,
            shard,
            methods,
            ..
        } = self;
        write!(
            f,
            "  one identity: {one_identity}, recursive: {recursive}, concurrency: {concurrency}, images in a shard: {shard}, inventories: {methods:?}"
        )
    }
}

/// What isn't as everywhere about a host.
fn differences(host: &HostSettings) -> String {
    let usual = format!("{:?}", HostSettings::new(host.name.clone()));
    let own = format!("{host:?}");
    let usual: Vec<&str> = usual.split(", ").collect();
    let differs = own.split(", ").filter(|part| !usual.contains(part));
    differs.collect::<Vec<_>>().join(", ")
}

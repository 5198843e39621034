//! A case made real: its hosts filled, its promoter manifest written, and what is expected of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use promo_core::identity::{Identity, IdentityRule, IdentityRules};
use promo_core::manifest::ManifestSet;
use promo_testkit::image::{BuiltImage, ImageBuilder, IndexBuilder, Layer};
use promo_testkit::world::{Witness, World};

use crate::case::{Case, Content, Image, STAGING, What};

/// The public name of everything in production, where the mirrors share one.
const PUBLIC: &str = "public.example/team";

/// A layer of somebody else's `.sig`.
pub(crate) const FOREIGN_PAYLOAD: &[u8] = b"{\"critical\":{},\"optional\":null}";

/// A wanted edge at a mirror.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) host: String,
    pub(crate) repository: String,
    pub(crate) digest: String,
    pub(crate) tag: Option<String>,
}

/// What is wanted of a case, and what may be expected.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The images in the order of the case.
    pub(crate) images: Vec<BuiltImage>,
    pub(crate) edges: BTreeSet<Edge>,
    /// Of those, the ones whose tag pointed elsewhere before.
    pub(crate) taken: BTreeSet<Edge>,
    /// Of those, the ones that stood there before and were proven by nobody.
    pub(crate) unproven: BTreeSet<Edge>,
    /// Digests of what may have evidence, by repository name: the images and all below them.
    pub(crate) subjects: BTreeMap<String, BTreeSet<String>>,
    /// Those of them that an index brings.
    pub(crate) brought: BTreeMap<String, BTreeSet<String>>,
    one_identity: bool,
}

impl Wanted {
    pub(crate) fn of(case: &Case) -> Self {
        let images: Vec<BuiltImage> = case.images.iter().map(|it| built(&it.content)).collect();
        let mut wanted = Self {
            edges: BTreeSet::new(),
            taken: BTreeSet::new(),
            unproven: BTreeSet::new(),
            subjects: BTreeMap::new(),
            brought: BTreeMap::new(),
            one_identity: case.one_identity,
            images: images.clone(),
        };
        for (image, built) in case.images.iter().zip(&images) {
            let repository = production(image);
            for mirror in &case.mirrors {
                let edges = edges(&mirror.name, image, built);
                wanted.edges.extend(edges);
            }
            let brought = wanted.brought.entry(repository.clone()).or_default();
            below(built, brought);
            let subjects = wanted.subjects.entry(repository).or_default();
            subjects.insert(built.digest().to_owned());
            below(built, subjects);
        }
        for standing in &case.standing {
            let (image, built) = (&case.images[standing.image], &images[standing.image]);
            let edges = edges(&case.mirrors[standing.mirror].name, image, built);
            let tagged = edges.filter(|edge| edge.tag.is_some());
            match standing.what {
                What::Taken => wanted.taken.extend(tagged),
                What::Unproven => wanted.unproven.extend(tagged),
                _ => {}
            }
        }
        wanted.edges = by_tag_alone(std::mem::take(&mut wanted.edges));
        wanted
    }

    /// The public name of a repository at a mirror.
    pub(crate) fn identity(&self, host: &str, repository: &str) -> Identity {
        let name = repository.strip_prefix("prod/").unwrap_or(repository);
        let text = if self.one_identity {
            format!("{PUBLIC}/{name}")
        } else {
            format!("{host}/{repository}")
        };
        Identity::new(text.parse().unwrap())
    }

    /// The digest that a tag is to point to.
    pub(crate) fn digest_of(&self, host: &str, repository: &str, tag: &str) -> Option<&str> {
        let mut edges = self.edges.iter();
        let edge = edges.find(|edge| {
            edge.host == host && edge.repository == repository && edge.tag.as_deref() == Some(tag)
        });
        edge.map(|edge| edge.digest.as_str())
    }
}

/// A digest with a tag anywhere in the manifest is wanted under its tags alone.
fn by_tag_alone(mut edges: BTreeSet<Edge>) -> BTreeSet<Edge> {
    let name = |edge: &Edge| (edge.repository.clone(), edge.digest.clone());
    let with_tag = edges.iter().filter(|edge| edge.tag.is_some());
    let tagged: BTreeSet<_> = with_tag.map(name).collect();
    edges.retain(|edge| edge.tag.is_some() || !tagged.contains(&name(edge)));
    edges
}

/// The names of production.
pub(crate) fn identities(case: &Case) -> IdentityRules {
    if !case.one_identity {
        return IdentityRules::default();
    }
    let rules = case.mirrors.iter().map(|mirror| {
        let registry = format!("{}/prod", mirror.name).parse().unwrap();
        IdentityRule::new(registry, PUBLIC.parse().unwrap())
    });
    IdentityRules::new(rules.collect())
}

/// The promoter manifest.
pub(crate) fn manifests(case: &Case, wanted: &Wanted) -> ManifestSet {
    let mut yaml = format!("registries:\n- name: {STAGING}/team\n  src: true\n");
    for mirror in &case.mirrors {
        writeln!(yaml, "- name: {}/prod", mirror.name).unwrap();
    }
    let mut entries: BTreeMap<&str, BTreeMap<&str, Vec<&String>>> = BTreeMap::new();
    for (image, built) in case.images.iter().zip(&wanted.images) {
        let digests = entries.entry(image.name).or_default();
        digests
            .entry(built.digest())
            .or_default()
            .extend(&image.tags);
    }
    yaml.push_str("images:\n");
    for (name, digests) in entries {
        writeln!(yaml, "- name: {name}\n  dmap:").unwrap();
        for (digest, tags) in digests {
            writeln!(yaml, "    \"{digest}\": {tags:?}").unwrap();
        }
    }
    ManifestSet::parse_plain("promoter-manifest.yaml", yaml.as_bytes()).unwrap()
}

/// The hosts, with what stands there before the first run.
pub(crate) fn filled(case: &Case, wanted: &Wanted, witness: Arc<dyn Witness>) -> World {
    let hosts = std::iter::once(&case.staging).chain(&case.mirrors).cloned();
    let world = World::new(hosts, witness);
    let staging = world.state(STAGING);
    for (image, built) in case.images.iter().zip(&wanted.images) {
        built.push_untagged(&staging, &format!("team/{}", image.name));
    }
    for standing in &case.standing {
        let mirror = world.state(&case.mirrors[standing.mirror].name);
        let (image, built) = (&case.images[standing.image], &wanted.images[standing.image]);
        let repository = production(image);
        match standing.what {
            What::Taken => {
                let other = ImageBuilder::new().label("is", "another").build();
                image
                    .tags
                    .iter()
                    .for_each(|tag| other.push_to(&mirror, &repository, tag));
            }
            What::Unproven => {
                image
                    .tags
                    .iter()
                    .for_each(|tag| built.push_to(&mirror, &repository, tag));
            }
            What::Content => {
                let blobs = built.blobs().iter();
                blobs.for_each(|it| mirror.put_blob_as(&repository, &it.digest, it.bytes.clone()));
                let children = built.children().iter();
                children.for_each(|child| child.push_untagged(&mirror, &repository));
            }
            What::Untagged => built.push_untagged(&mirror, &repository),
            What::Signed => {
                let signed = foreign_signature();
                for blob in [FOREIGN_PAYLOAD, b"{}"] {
                    mirror.put_blob(&repository, blob);
                }
                let tag = format!("{}.sig", built.digest().replacen(':', "-", 1));
                signed.push_to(&mirror, &repository, &tag);
            }
        }
    }
    world
}

fn production(image: &Image) -> String {
    format!("prod/{}", image.name)
}

fn edges<'a>(
    host: &'a str,
    image: &'a Image,
    built: &'a BuiltImage,
) -> impl Iterator<Item = Edge> + 'a {
    let tags = image.tags.iter().map(Some);
    let tags = tags.chain(image.tags.is_empty().then_some(None));
    tags.map(|tag| Edge {
        host: host.to_owned(),
        repository: production(image),
        digest: built.digest().to_owned(),
        tag: tag.cloned(),
    })
}

/// All manifests below one.
fn below(image: &BuiltImage, found: &mut BTreeSet<String>) {
    for child in image.children() {
        found.insert(child.digest().to_owned());
        below(child, found);
    }
}

fn built(content: &Content) -> BuiltImage {
    let single = |number: &u64| {
        ImageBuilder::new()
            .layer(Layer::opaque(*number, 2000))
            .layer(Layer::opaque(number + 1, 2000))
            .label("number", &number.to_string())
            .build()
    };
    let index = |children: &[u64]| {
        let index = IndexBuilder::new();
        children
            .iter()
            .fold(index, |index, child| index.image(single(child)))
    };
    match content {
        Content::Single(number) => single(number),
        Content::Index(children) => index(children).build(),
        Content::Nested(inner, beside) => IndexBuilder::new()
            .image(index(inner).annotation("is", "inner").build())
            .image(single(beside))
            .build(),
    }
}

/// An image under `.sig` with one layer, signed by a key that nobody knows.
fn foreign_signature() -> BuiltImage {
    let digest = |bytes: &[u8]| promo_testkit::digest::sha256(bytes);
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest(b"{}"),
            "size": 2,
        },
        "layers": [{
            "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
            "digest": digest(FOREIGN_PAYLOAD),
            "size": FOREIGN_PAYLOAD.len(),
            "annotations": { "dev.cosignproject.cosign/signature": "Zm9yZWlnbg==" },
        }],
    });
    BuiltImage::raw(
        "application/vnd.oci.image.manifest.v1+json",
        manifest.to_string(),
    )
}

//! The suite of the `InventoryReader` port: what is there is found, what isn't is absent, what can't be read
//! is neither.

use futures_util::StreamExt as _;
use promo_core::inventory::{
    DigestState, Inventory, RepositoryInventory, TagState, WantedInventory,
};
use promo_core::oci::{ManifestReference, RegistryPath, Repository, Tag};
use promo_core::ports::{InventoryReader, Registry};

use super::content::{push, raw};
use crate::image::{BuiltImage, ImageBuilder};

/// Where the suite may work.
#[derive(Debug, Clone)]
pub struct InventoryFixture {
    /// A registry path with nothing below it yet.
    pub path: RegistryPath,
    /// A repository elsewhere that answers 403, if there is one.
    pub forbidden: Option<Repository>,
}

/// What every reader finds out for a plan. `registry` is a way to the same registry, to prepare it.
///
/// # Panics
/// If the reader doesn't.
pub async fn base(
    reader: &dyn InventoryReader,
    registry: &dyn Registry,
    fixture: &InventoryFixture,
) {
    let prepared = Prepared::new(registry, &fixture.path).await;
    let mut wanted = WantedInventory::default();
    for repository in [&prepared.repository, &prepared.missing] {
        wanted.want_tag(repository, &tag("v1"));
        wanted.want_tag(repository, &tag("never"));
        wanted.want_digest(repository, raw(&prepared.untagged).digest());
        wanted.want_digest(repository, raw(&prepared.absent).digest());
    }
    if let Some(forbidden) = &fixture.forbidden {
        wanted.want_tag(forbidden, &tag("v1"));
        wanted.want_digest(forbidden, raw(&prepared.tagged).digest());
    }
    let inventory = reader.read(&wanted).await;
    assert_found(&inventory, &prepared);
    assert_absent(&inventory, &prepared);
    if let Some(forbidden) = &fixture.forbidden {
        assert_unreadable(&inventory, forbidden, &prepared);
    }
    let again = reader.read(&wanted).await;
    assert_eq!(inventory, again, "the same registry, another inventory");
    let mut each = Inventory::new();
    let mut arriving = reader.read_each(&wanted);
    while let Some((repository, found)) = arriving.next().await {
        assert_eq!(
            each.repository(&repository),
            None,
            "{repository} came twice"
        );
        each.insert(repository, found);
    }
    assert_eq!(inventory, each, "one by one, another inventory");
}

/// A reader that can walk finds every repository below a path with its tags, and none beside it.
///
/// # Panics
/// If it doesn't.
pub async fn walk(reader: &dyn InventoryReader, registry: &dyn Registry, path: &RegistryPath) {
    let prepared = Prepared::new(registry, path).await;
    let nested = path.join("walked/nested/deep").expect("a valid name");
    put(registry, &nested, &prepared.tagged, "v2").await;
    let inventory = reader.walk(path).await;
    let inventory = inventory.unwrap_or_else(|failure| panic!("walk: {}", failure.chain()));
    let digest = raw(&prepared.tagged).digest();
    let found = inventory.tag(&prepared.repository, &tag("v1"));
    assert_eq!(found, TagState::Points(digest));
    assert_eq!(inventory.tag(&nested, &tag("v2")), TagState::Points(digest));
    for (repository, _) in inventory.repositories() {
        assert!(
            path.relative(repository).is_some(),
            "{repository} is not below {path}"
        );
    }
    let beside = format!("{path}/walked/nested").parse::<RegistryPath>();
    let inventory = reader.walk(&beside.expect("a valid path")).await;
    let inventory = inventory.expect("a walk of a part");
    let names: Vec<&Repository> = inventory.repositories().map(|(name, _)| name).collect();
    assert_eq!(names, [&nested], "a walk of a part finds the part");
}

/// What the suite puts into the registry, and what it doesn't.
struct Prepared {
    repository: Repository,
    missing: Repository,
    tagged: BuiltImage,
    untagged: BuiltImage,
    absent: BuiltImage,
}

impl Prepared {
    async fn new(registry: &dyn Registry, path: &RegistryPath) -> Self {
        let prepared = Self {
            repository: path.join("walked/filled").expect("a valid name"),
            missing: path.join("missing").expect("a valid name"),
            tagged: ImageBuilder::new().label("is", "tagged").build(),
            untagged: ImageBuilder::new().label("is", "untagged").build(),
            absent: ImageBuilder::new().label("is", "absent").build(),
        };
        put(registry, &prepared.repository, &prepared.tagged, "v1").await;
        push(registry, &prepared.repository, &prepared.untagged).await;
        prepared
    }
}

async fn put(registry: &dyn Registry, repository: &Repository, image: &BuiltImage, name: &str) {
    push(registry, repository, image).await;
    let reference = ManifestReference::Tag(tag(name));
    let put = registry
        .put_manifest(repository, &reference, &raw(image))
        .await;
    put.unwrap_or_else(|failure| panic!("tag {name}: {}", failure.chain()));
}

fn tag(text: &str) -> Tag {
    text.parse().expect("the suite's tags are valid")
}

fn assert_found(inventory: &Inventory, prepared: &Prepared) {
    let repository = &prepared.repository;
    let digest = raw(&prepared.tagged).digest();
    let found = inventory.tag(repository, &tag("v1"));
    assert_eq!(found, TagState::Points(digest));
    assert_eq!(inventory.digest(repository, &digest), DigestState::Present);
    let untagged = raw(&prepared.untagged).digest();
    let found = inventory.digest(repository, &untagged);
    assert_eq!(found, DigestState::Present);
}

fn assert_absent(inventory: &Inventory, prepared: &Prepared) {
    let absent = raw(&prepared.absent).digest();
    for repository in [&prepared.repository, &prepared.missing] {
        let found = inventory.tag(repository, &tag("never"));
        assert_eq!(found, TagState::Absent, "a tag that {repository} hasn't");
        let found = inventory.digest(repository, &absent);
        assert_eq!(
            found,
            DigestState::Absent,
            "a digest that {repository} hasn't"
        );
    }
    let found = inventory.tag(&prepared.missing, &tag("v1"));
    assert_eq!(found, TagState::Absent);
}

fn assert_unreadable(inventory: &Inventory, forbidden: &Repository, prepared: &Prepared) {
    let content = inventory.repository(forbidden);
    assert!(
        matches!(content, Some(RepositoryInventory::Unreadable { .. })),
        "403 was taken for {content:?}"
    );
    let digest = raw(&prepared.tagged).digest();
    let found = inventory.digest(forbidden, &digest);
    assert!(matches!(found, DigestState::Unreadable(_)), "{found:?}");
}

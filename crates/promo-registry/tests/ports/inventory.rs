//! The inventory reader: what it asks, and what it makes of the answers.

use promo_core::inventory::{
    DigestState, Inventory, RepositoryInventory, TagState, WantedInventory,
};
use promo_core::oci::{Digest, RegistryPath, Repository, Tag};
use promo_core::ports::{FailureKind, InventoryReader as _};
use promo_registry::Caps;
use promo_registry::inventory::{InventoryMethod, InventorySettings, RegistryInventoryReader};
use promo_testkit::image::{BuiltImage, ImageBuilder};
use promo_testkit::registry::Operation::{Catalog, ManifestHead, TagList};
use promo_testkit::registry::{EmbeddedRegistry, Fault, Matcher};

use crate::world::{counts, digest, expected, repository, start, wire, wire_with};

fn image(label: &str) -> BuiltImage {
    ImageBuilder::new().label("is", label).build()
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn reader(embedded: &EmbeddedRegistry, method: InventoryMethod) -> RegistryInventoryReader {
    let mut settings = InventorySettings::default();
    settings
        .methods
        .insert(embedded.host().parse().unwrap(), method);
    RegistryInventoryReader::new(wire(), settings)
}

fn path(embedded: &EmbeddedRegistry, name: &str) -> RegistryPath {
    format!("{}/{name}", embedded.host()).parse().unwrap()
}

/// Three tags, two of them on one image, and an image without a tag.
async fn filled() -> (EmbeddedRegistry, Repository) {
    let embedded = start().await;
    let state = embedded.state();
    image("one").push_to(&state, "prod/app", "v1");
    image("one").push_to(&state, "prod/app", "latest");
    image("two").push_to(&state, "prod/app", "v2");
    image("untagged").push_untagged(&state, "prod/app");
    let repository = repository(&embedded, "prod/app");
    (embedded, repository)
}

/// Two tags, one that isn't there, the digest behind one of them, one without a tag, one that isn't there.
fn wanted(repository: &Repository) -> WantedInventory {
    let mut wanted = WantedInventory::default();
    for name in ["v1", "v2", "v3"] {
        wanted.want_tag(repository, &tag(name));
    }
    for label in ["one", "untagged", "absent"] {
        wanted.want_digest(repository, digest(&image(label)));
    }
    wanted
}

fn assert_known(inventory: &Inventory, repository: &Repository) {
    let points = |label| TagState::Points(digest(&image(label)));
    assert_eq!(inventory.tag(repository, &tag("v1")), points("one"));
    assert_eq!(inventory.tag(repository, &tag("v2")), points("two"));
    assert_eq!(inventory.tag(repository, &tag("v3")), TagState::Absent);
    let state = |label| inventory.digest(repository, &digest(&image(label)));
    assert_eq!(state("one"), DigestState::Present);
    assert_eq!(state("untagged"), DigestState::Present);
    assert_eq!(state("absent"), DigestState::Absent);
}

#[tokio::test]
async fn a_plain_registry_is_asked_what_is_wanted_and_no_more() {
    let (embedded, repository) = filled().await;
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    let inventory = reader.read(&wanted(&repository)).await;
    assert_known(&inventory, &repository);
    // Three tags, and the digests that are not behind one of them.
    assert_eq!(counts(&embedded), expected([(ManifestHead, 5)]));
    let unasked = inventory.tag(&repository, &tag("latest"));
    assert_eq!(unasked, TagState::Unknown);
}

/// Where it decides that nothing can be promoted, a HEAD that shows nothing isn't enough.
#[tokio::test]
async fn a_digest_that_is_needed_is_asked_for_by_get_as_well() {
    let (embedded, repository) = filled().await;
    let blind = Matcher::on(ManifestHead);
    let fault = embedded.faults().inject(blind, Fault::status(404));
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    let mut wanted = WantedInventory::default();
    for label in ["one", "absent"] {
        wanted.need_digest(&repository, digest(&image(label)));
    }
    let inventory = reader.read(&wanted).await;
    let state = |label| inventory.digest(&repository, &digest(&image(label)));
    assert_eq!(state("one"), DigestState::Present);
    assert_eq!(state("absent"), DigestState::Absent);
    fault.remove();
    embedded.log().clear();
    wanted.repositories.clear();
    wanted.need_digest(&repository, digest(&image("one")));
    reader.read(&wanted).await;
    assert_eq!(counts(&embedded), expected([(ManifestHead, 1)]));
}

#[tokio::test]
async fn a_bulk_list_tells_everything_in_one_request() {
    let (embedded, repository) = filled().await;
    embedded.switch(|switches| switches.google_listing = true);
    let reader = reader(&embedded, InventoryMethod::BulkList);
    let inventory = reader.read(&wanted(&repository)).await;
    assert_known(&inventory, &repository);
    assert_eq!(counts(&embedded), expected([(TagList, 1)]));
    let unasked = inventory.tag(&repository, &tag("latest"));
    assert_eq!(unasked, TagState::Points(digest(&image("one"))));
}

/// `count` repositories with an image under three tags each, and what a plan wants of them.
async fn many(count: usize) -> (EmbeddedRegistry, WantedInventory) {
    let embedded = start().await;
    let mut wanted = WantedInventory::default();
    for number in 0..count {
        let name = format!("prod/app-{number:03}");
        let repository = repository(&embedded, &name);
        for tag in ["v1", "v2", "v3"] {
            image(tag).push_to(&embedded.state(), &name, tag);
            wanted.want_tag(&repository, &self::tag(tag));
        }
    }
    (embedded, wanted)
}

fn assert_all_there(inventory: &Inventory, wanted: &WantedInventory) {
    for (repository, wanted) in &wanted.repositories {
        for tag in &wanted.tags {
            let expected = TagState::Points(digest(&image(tag.as_str())));
            assert_eq!(inventory.tag(repository, tag), expected, "{repository}");
        }
    }
}

#[tokio::test]
async fn lists_with_digests_are_found_by_an_answer_whatever_the_name() {
    let (embedded, wanted) = many(160).await;
    embedded.switch(|switches| switches.google_listing = true);
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    assert_all_there(&reader.read(&wanted).await, &wanted);
    assert_eq!(counts(&embedded), expected([(TagList, 160)]));
}

#[tokio::test]
async fn a_host_whose_lists_have_no_digests_is_asked_for_three() {
    let (embedded, wanted) = many(160).await;
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    for lists in [3, 0] {
        embedded.log().clear();
        assert_all_there(&reader.read(&wanted).await, &wanted);
        let all = expected([(TagList, lists), (ManifestHead, 480)]);
        assert_eq!(counts(&embedded), all);
    }
}

/// With 140 repositories of three tags lists could save 280 requests.
#[tokio::test]
async fn no_list_is_asked_for_where_lists_save_little() {
    let (embedded, wanted) = many(140).await;
    embedded.switch(|switches| switches.google_listing = true);
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    assert_all_there(&reader.read(&wanted).await, &wanted);
    assert_eq!(counts(&embedded), expected([(ManifestHead, 420)]));
}

/// Repositories that aren't there tell nothing of lists, and are not taken for missing by a list.
#[tokio::test]
async fn the_first_list_is_not_that_of_a_missing_repository() {
    let (embedded, mut wanted) = many(160).await;
    embedded.switch(|switches| switches.google_listing = true);
    let missing = repository(&embedded, "prod/aaa");
    wanted.want_tag(&missing, &tag("v1"));
    let mut settings = InventorySettings::default();
    settings.concurrency = 1;
    let reader = RegistryInventoryReader::new(wire(), settings);
    let inventory = reader.read(&wanted).await;
    assert_all_there(&inventory, &wanted_without(&wanted, &missing));
    assert_eq!(inventory.tag(&missing, &tag("v1")), TagState::Absent);
    let all = expected([(TagList, 161), (ManifestHead, 1)]);
    assert_eq!(counts(&embedded), all);
}

fn wanted_without(wanted: &WantedInventory, repository: &Repository) -> WantedInventory {
    let mut wanted = wanted.clone();
    wanted.repositories.remove(repository);
    wanted
}

/// A refusal of the list is none of the repository.
#[tokio::test]
async fn a_host_that_refuses_lists_is_asked_tag_by_tag() {
    let (embedded, wanted) = many(160).await;
    embedded
        .faults()
        .inject(Matcher::on(TagList), Fault::status(403));
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    assert_all_there(&reader.read(&wanted).await, &wanted);
    assert_eq!(embedded.log().count(ManifestHead), 480);
}

/// Content that several repositories hold alike is kept once.
#[tokio::test]
async fn mirrors_share_what_they_hold() {
    let mirrors = [filled().await, filled().await];
    let mut asked = WantedInventory::default();
    for (embedded, repository) in &mirrors {
        embedded.switch(|switches| switches.google_listing = true);
        asked.repositories.extend(wanted(repository).repositories);
    }
    let mut settings = InventorySettings::default();
    for (embedded, _) in &mirrors {
        let host = embedded.host().parse().unwrap();
        settings.methods.insert(host, InventoryMethod::BulkList);
    }
    let reader = RegistryInventoryReader::new(wire(), settings);
    let inventory = reader.read(&asked).await;
    let kept = mirrors.each_ref().map(|(_, repository)| {
        assert_known(&inventory, repository);
        let Some(RepositoryInventory::Read(content)) = inventory.repository(repository) else {
            panic!("{repository} was not read");
        };
        content
            .tags()
            .next()
            .map(|(tag, _)| std::ptr::from_ref(tag))
    });
    assert_eq!(kept[0], kept[1]);
    assert!(kept[0].is_some());
}

/// More repositories of a host that stands still than are read at once: another host is read meanwhile.
#[tokio::test]
async fn a_host_that_stands_still_holds_up_no_other() {
    let hosts = [filled().await.0, filled().await.0];
    // Whichever of them is asked first by its name.
    for (still, other) in [(0, 1), (1, 0)] {
        let (still, other) = (&hosts[still], &hosts[other]);
        let mut wanted = WantedInventory::default();
        for number in 0..100 {
            let repository = format!("{}/app-{number}", still.host()).parse().unwrap();
            wanted.want_tag(&repository, &tag("v1"));
        }
        let repository = format!("{}/app", other.host()).parse().unwrap();
        wanted.want_tag(&repository, &tag("v1"));
        let stands = still.faults().pause(Matcher::any());
        let reached = other.faults().pause_answer(Matcher::any());
        let reader = reader(still, InventoryMethod::HeadOnly);
        let releasing = async {
            reached.reached().await;
            reached.release();
            stands.release();
        };
        let (inventory, ()) = tokio::join!(reader.read(&wanted), releasing);
        assert_eq!(inventory.repositories().count(), 101);
    }
}

#[tokio::test]
async fn a_registry_without_digests_in_its_list_is_asked_one_by_one() {
    let (embedded, repository) = filled().await;
    let reader = reader(&embedded, InventoryMethod::BulkList);
    let inventory = reader.read(&wanted(&repository)).await;
    assert_known(&inventory, &repository);
    assert_eq!(
        counts(&embedded),
        expected([(TagList, 1), (ManifestHead, 5)])
    );
    // It is remembered.
    embedded.log().clear();
    reader.read(&wanted(&repository)).await;
    assert_eq!(counts(&embedded), expected([(ManifestHead, 5)]));
}

#[tokio::test]
async fn a_tag_list_saves_the_requests_for_tags_that_are_not_there() {
    let (embedded, repository) = filled().await;
    embedded.switch(|switches| switches.tag_page_size = Some(2));
    let reader = reader(&embedded, InventoryMethod::TagList);
    let inventory = reader.read(&wanted(&repository)).await;
    assert_known(&inventory, &repository);
    assert_eq!(
        counts(&embedded),
        expected([(TagList, 2), (ManifestHead, 4)])
    );
}

/// The pages of the list, and a HEAD for the one wanted tag that is listed.
#[tokio::test]
async fn a_repository_of_a_million_tags_costs_its_pages() {
    let embedded = start().await;
    let state = embedded.state();
    let one = image("one");
    one.push_to(&state, "prod/app", "v1");
    for number in 0..999_999 {
        state.tag("prod/app", &format!("build-{number}"), one.digest());
    }
    let repository = repository(&embedded, "prod/app");
    let mut wanted = WantedInventory::default();
    wanted.want_tag(&repository, &tag("v1"));
    wanted.want_tag(&repository, &tag("v2"));
    let reader = reader(&embedded, InventoryMethod::TagList);
    let inventory = reader.read(&wanted).await;
    let found = TagState::Points(digest(&one));
    assert_eq!(inventory.tag(&repository, &tag("v1")), found);
    assert_eq!(inventory.tag(&repository, &tag("v2")), TagState::Absent);
    assert_eq!(
        counts(&embedded),
        expected([(TagList, 1_000), (ManifestHead, 1)])
    );
    // A page that doesn't fit under the cap is none: nothing is decided from a part of it.
    let mut caps = Caps::default();
    caps.list = 8 << 10;
    let mut settings = InventorySettings::default();
    let host = embedded.host().parse().unwrap();
    settings.methods.insert(host, InventoryMethod::TagList);
    let capped = RegistryInventoryReader::new(wire_with(caps), settings);
    let inventory = capped.read(&wanted).await;
    let Some(RepositoryInventory::Unreadable { code, .. }) = inventory.repository(&repository)
    else {
        panic!("a list over the cap was taken: {inventory:?}");
    };
    assert_eq!(code.as_str(), "PROMO-R010");
}

#[tokio::test]
async fn a_missing_repository_is_empty_by_every_method() {
    for method in [
        InventoryMethod::HeadOnly,
        InventoryMethod::TagList,
        InventoryMethod::BulkList,
    ] {
        let embedded = start().await;
        embedded.switch(|switches| switches.google_listing = true);
        let missing = repository(&embedded, "not/there");
        let inventory = reader(&embedded, method).read(&wanted(&missing)).await;
        assert_eq!(inventory.tag(&missing, &tag("v1")), TagState::Absent);
        let one = digest(&image("one"));
        assert_eq!(inventory.digest(&missing, &one), DigestState::Absent);
    }
}

/// 401, 403, 412 and 5xx leave a repository undecided, whatever it answered before, and it is asked no more.
#[tokio::test]
async fn what_cannot_be_read_is_undecided_and_asked_no_further() {
    for status in [401, 403, 412, 500, 503] {
        let (embedded, repository) = filled().await;
        let refuses = Matcher::on(ManifestHead).reference("v1");
        embedded.faults().inject(refuses, Fault::status(status));
        let mut settings = InventorySettings::default();
        settings.concurrency = 1;
        let reader = RegistryInventoryReader::new(wire(), settings);
        let inventory = reader.read(&wanted(&repository)).await;
        let Some(RepositoryInventory::Unreadable { message, .. }) =
            inventory.repository(&repository)
        else {
            panic!("{status} was decided: {inventory:?}");
        };
        assert!(!message.is_empty());
        let other = inventory.tag(&repository, &tag("v2"));
        assert!(matches!(other, TagState::Unreadable(_)), "{other:?}");
        let asked = embedded
            .log()
            .filter(|entry| entry.reference.as_deref() != Some("v1"));
        assert!(asked.is_empty(), "it was asked on after {status}");
    }
}

#[tokio::test]
async fn one_repository_that_cannot_be_read_hinders_no_other() {
    let (embedded, repository_) = filled().await;
    embedded.switch(|switches| {
        switches.forbidden.insert("closed".to_owned());
    });
    let closed = repository(&embedded, "closed");
    let mut wanted = wanted(&repository_);
    wanted.want_tag(&closed, &tag("v1"));
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    let inventory = reader.read(&wanted).await;
    assert_known(&inventory, &repository_);
    let closed = inventory.tag(&closed, &tag("v1"));
    assert!(matches!(closed, TagState::Unreadable(_)), "{closed:?}");
}

#[tokio::test]
async fn a_walk_costs_the_lists_and_a_head_per_tag() {
    let (embedded, repository) = filled().await;
    image("other").push_to(&embedded.state(), "production/app", "v1");
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    let inventory = reader.walk(&path(&embedded, "prod")).await.unwrap();
    assert_eq!(
        counts(&embedded),
        expected([(Catalog, 1), (TagList, 1), (ManifestHead, 3)])
    );
    // `production` is not below `prod`.
    let found: Vec<&Repository> = inventory.repositories().map(|(name, _)| name).collect();
    assert_eq!(found, [&repository]);
}

#[tokio::test]
async fn a_walk_of_a_whole_host_takes_in_all() {
    let (embedded, _) = filled().await;
    image("other").push_to(&embedded.state(), "elsewhere", "v1");
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    let host: RegistryPath = embedded.host().parse().unwrap();
    let inventory = reader.walk(&host).await.unwrap();
    assert_eq!(inventory.repositories().count(), 2);
}

#[tokio::test]
async fn a_walk_as_google_lists_costs_a_list_per_repository() {
    let (embedded, repository) = filled().await;
    embedded.switch(|switches| switches.google_listing = true);
    image("deep").push_to(&embedded.state(), "prod/app/deep/down", "v1");
    let reader = reader(&embedded, InventoryMethod::BulkList);
    let inventory = reader.walk(&path(&embedded, "prod")).await.unwrap();
    // prod, prod/app, prod/app/deep and prod/app/deep/down, of which two are repositories.
    assert_eq!(counts(&embedded), expected([(TagList, 4)]));
    assert_eq!(inventory.repositories().count(), 2);
    assert_known(&inventory, &repository);
}

#[tokio::test]
async fn a_registry_without_a_catalog_cannot_be_walked() {
    let (embedded, _) = filled().await;
    embedded.switch(|switches| switches.catalog = false);
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    let failure = reader.walk(&path(&embedded, "prod")).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unsupported);
    assert_eq!(failure.code().as_str(), "PROMO-R063");
}

/// A catalog whose pages lead in a circle.
#[tokio::test]
async fn a_list_that_leads_back_is_refused() {
    let (embedded, _) = filled().await;
    let page = |next: &str| Fault::header("link", &format!("<{next}>; rel=\"next\""));
    let faults = embedded.faults();
    faults.inject(Matcher::on(Catalog).times(1), page("/v2/_catalog?last=a"));
    faults.inject(
        Matcher::on(Catalog).after(1).times(1),
        page("/v2/_catalog?last=b"),
    );
    faults.inject(Matcher::on(Catalog).after(2), page("/v2/_catalog?last=a"));
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    let failure = reader.walk(&path(&embedded, "prod")).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Malformed);
    assert_eq!(failure.code().as_str(), "PROMO-R060");
}

#[tokio::test]
async fn digests_of_either_algorithm_are_known() {
    let embedded = start().await;
    let sha512 = ImageBuilder::new()
        .algorithm(promo_testkit::digest::Algorithm::Sha512)
        .build();
    sha512.push_to(&embedded.state(), "prod/app", "v1");
    let repository = repository(&embedded, "prod/app");
    let mut wanted = WantedInventory::default();
    let digest: Digest = digest(&sha512);
    wanted.want_digest(&repository, digest);
    let reader = reader(&embedded, InventoryMethod::Cheapest);
    let inventory = reader.read(&wanted).await;
    assert_eq!(inventory.digest(&repository, &digest), DigestState::Present);
}

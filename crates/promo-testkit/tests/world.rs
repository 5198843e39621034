//! The world in virtual time: its registries pass the port's suite, and what befalls them is what the schedule says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use promo_core::inventory::RepositoryContent;
use promo_core::oci::{Descriptor, Digest, ManifestReference, Repository};
use promo_core::ports::{BulkList, FailureKind, Registry, UploadSession};
use promo_testkit::image::{ImageBuilder, Layer};
use promo_testkit::random::Random;
use promo_testkit::suite::{self, registry::BaseFixture};
use promo_testkit::world::{
    Episode, HostSettings, Lasts, Listing, NobodyWatches, Put, Schedule, Trouble, Witness, World,
    Written,
};
use tokio::time::Instant;

const HOST: &str = "one.example";

fn repository(name: &str) -> Repository {
    format!("{HOST}/{name}").parse().unwrap()
}

fn tag(text: &str) -> ManifestReference {
    ManifestReference::Tag(text.parse().unwrap())
}

fn world(change: impl FnOnce(&mut HostSettings)) -> World {
    let mut settings = HostSettings::new(HOST);
    change(&mut settings);
    World::new([settings], Arc::new(NobodyWatches))
}

fn troubled(trouble: Trouble, lasts: Lasts) -> World {
    let world = world(|_| {});
    let image = ImageBuilder::new().layer(Layer::opaque(1, 5000)).build();
    image.push_to(&world.state(HOST), "app", "v1");
    world.befall(&Schedule {
        episodes: vec![Episode {
            host: HOST.to_owned(),
            after: 1,
            lasts,
            trouble,
        }],
    });
    world
}

async fn suites(registry: &dyn Registry, world: &World) {
    let fixture = BaseFixture {
        repository: repository("suite/base"),
        neighbour: repository("suite/neighbour"),
        missing: repository("suite/missing"),
    };
    suite::registry::base(registry, &fixture).await;
    let state = world.state(HOST);
    let blob = state.put_blob("altered", "these will be altered");
    let manifest = state.put_manifest("altered", "application/x", r#"{"layers":[]}"#);
    assert!(state.corrupt_blob("altered", &blob) && state.corrupt_manifest("altered", &manifest));
    let mut described = Descriptor::of("application/octet-stream", b"these will be altered");
    described.digest = blob.parse().unwrap();
    let manifest = manifest.parse().unwrap();
    suite::registry::checked(registry, &repository("altered"), &described, &manifest).await;
}

#[tokio::test(start_paused = true)]
async fn it_passes_the_suite_of_its_port() {
    for referrers_api in [true, false] {
        let world = world(|host| {
            host.referrers_api = referrers_api;
            host.bandwidth = NonZeroU64::new(100_000);
        });
        suites(&world.process(), &world).await;
        if !referrers_api {
            suite::registry::fallback_tag(&world.process(), &repository("fallback")).await;
        }
    }
    let world = world(|host| host.mounts = false);
    suites(&world.direct(), &world).await;
    let (to, from) = (repository("to"), repository("from"));
    suite::registry::mount_session(&world.process(), &to, &from).await;
    assert!(world.requests() > 0);
}

#[tokio::test(start_paused = true)]
async fn a_host_lists_its_digests_if_it_is_of_that_kind() {
    let listed = async |listing, name| {
        let world = world(|host| host.listing = listing);
        let state = world.state(HOST);
        let tagged = ImageBuilder::new().build();
        tagged.push_to(&state, "app", "v1");
        let untagged = ImageBuilder::new().label("is", "untagged").build();
        untagged.push_untagged(&state, "app");
        state.tag("app", "dangling", &format!("sha256:{}", "0".repeat(64)));
        tagged.push_to(&state, "app/below/deep", "v1");
        let mut content = RepositoryContent::complete();
        content.record_tag("v1".parse().unwrap(), tagged.digest().parse().ok());
        content.record_digest(untagged.digest().parse().unwrap(), true);
        let list = world.process().bulk_list(&repository(name)).await.unwrap();
        (list, content)
    };
    let (list, content) = listed(Listing::Digests, "app").await;
    let children = vec![repository("app/below")];
    assert_eq!(list, BulkList::Listed { content, children });
    let (list, _) = listed(Listing::Digests, "app/below").await;
    let (content, children) = (
        RepositoryContent::complete(),
        vec![repository("app/below/deep")],
    );
    assert_eq!(list, BulkList::Listed { content, children });
    let (list, _) = listed(Listing::Tags, "app").await;
    assert_eq!(list, BulkList::NotOffered);
    for listing in [Listing::Digests, Listing::Tags] {
        assert_eq!(listed(listing, "ap").await.0, BulkList::Missing);
    }
}

#[tokio::test(start_paused = true)]
async fn it_takes_virtual_time_alone() {
    let world = world(|host| {
        host.round_trip = Duration::from_secs(3600);
        host.quota = NonZeroU32::new(1);
    });
    let (real, began) = (std::time::Instant::now(), Instant::now());
    let process = world.process();
    let head = process.head_manifest(&repository("app"), &tag("v1")).await;
    assert_eq!(head.unwrap(), None);
    assert_eq!(began.elapsed(), Duration::from_secs(3600));
    assert!(real.elapsed() < Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_quota_lets_through_what_it_allows_in_a_second() {
    let world = world(|host| host.quota = NonZeroU32::new(2));
    let process = world.process();
    let began = Instant::now();
    let (app, digest) = (repository("app"), Digest::sha256_of(b"any"));
    let asked = (0..6).map(|_| process.blob_size(&app, &digest));
    let answers = futures_util::future::join_all(asked).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().is_none()));
    assert!(began.elapsed() >= Duration::from_secs(2));
    assert!(world.requests() > 6, "nothing was answered 429");
}

/// What a PUT by tag ends with, and whether it took effect: the client doesn't repeat it.
async fn put_a_tag(world: &World) -> (FailureKind, bool) {
    let (process, app) = (world.process(), repository("app"));
    let image = process.get_manifest(&app, &tag("v1")).await.unwrap();
    let put = process
        .put_manifest(&app, &tag("v2"), &image.unwrap())
        .await;
    let failure = put.unwrap_err();
    let took_effect = world.state(HOST).tag_digest("app", "v2").is_some();
    (failure.kind(), took_effect)
}

#[tokio::test(start_paused = true)]
async fn troubles_are_what_they_are_called() {
    let once = Lasts::Requests(1);
    for (trouble, kind, took_effect) in [
        (Trouble::Unavailable, FailureKind::Unavailable, false),
        (Trouble::Status(503), FailureKind::Unavailable, false),
        (Trouble::Silent, FailureKind::Deadline, false),
        (Trouble::AnswersLost, FailureKind::Unavailable, true),
    ] {
        let ended = put_a_tag(&troubled(trouble, once)).await;
        assert_eq!(ended, (kind, took_effect), "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn troubles_pass() {
    for lasts in [Lasts::Requests(3), Lasts::Time(Duration::from_secs(2))] {
        let world = troubled(Trouble::Unavailable, lasts);
        let (process, app) = (world.process(), repository("app"));
        for _ in 0..2 {
            let head = process.head_manifest(&app, &tag("v1")).await;
            assert!(head.unwrap().is_some(), "reads are repeated");
        }
        assert_eq!(world.requests(), 5, "{lasts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_break_off() {
    let world = troubled(Trouble::BreaksBodies, Lasts::Requests(1));
    let (process, app) = (world.process(), repository("app"));
    let session = process.start_upload(&app).await.unwrap();
    let bytes = bytes::Bytes::from_static(b"half of this arrives");
    let blob = Descriptor::of("application/octet-stream", &bytes);
    let body = || Box::pin(futures_util::stream::iter([Ok(bytes.clone())]));
    let put = process.put_blob(&app, &blob, session.clone(), body()).await;
    assert_eq!(put.unwrap_err().kind(), FailureKind::Unavailable);
    assert!(!world.state(HOST).has_blob("app", &blob.digest.to_string()));
    // Its session is gone with it, and another one does.
    let again = process.put_blob(&app, &blob, session, body()).await;
    assert_eq!(again.unwrap_err().kind(), FailureKind::NotFound);
    let session: UploadSession = process.start_upload(&app).await.unwrap();
    process
        .put_blob(&app, &blob, session, body())
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_collector_takes_what_refers_to_nothing() {
    let world = troubled(Trouble::Collects, Lasts::Requests(1));
    let state = world.state(HOST);
    let about_nothing = format!(
        r#"{{"layers":[],"subject":{{"digest":"sha256:{}","size":1}}}}"#,
        "0".repeat(64)
    );
    let orphan = state.put_manifest("app", "application/x", about_nothing);
    let (process, app) = (world.process(), repository("app"));
    let orphan = ManifestReference::Digest(orphan.parse().unwrap());
    assert!(
        process
            .head_manifest(&app, &orphan)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        process
            .head_manifest(&app, &orphan)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        process
            .head_manifest(&app, &tag("v1"))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(start_paused = true)]
async fn a_process_that_was_killed_does_nothing_more() {
    let world = troubled(Trouble::Unavailable, Lasts::Requests(1));
    let (process, app) = (world.process(), repository("app"));
    let v1 = tag("v1");
    let reading = process.head_manifest(&app, &v1);
    let killing = async {
        world.reached(1).await;
        process.kill();
        tokio::time::sleep(Duration::from_secs(3600)).await;
    };
    tokio::select! {
        _ = reading => panic!("it was answered"),
        () = killing => {}
    }
    assert_eq!(world.requests(), 1);
}

/// Writes what it is told.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl Witness for Told {
    fn wrote(&self, world: &World, written: &Written<'_>) {
        if let Put::Manifest {
            digest,
            tag: Some((tag, before)),
            ..
        } = &written.put
        {
            let stands = world
                .state(written.host)
                .tag_digest(written.repository, tag);
            assert_eq!(stands.as_deref(), Some(*digest));
            let line = format!("{tag} {}", before.is_some());
            self.0.lock().unwrap().push(line);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_witness_is_told_of_each_write_as_it_takes_effect() {
    let told = Arc::new(Told::default());
    let world = World::new([HostSettings::new(HOST)], told.clone());
    let image = ImageBuilder::new().build();
    image.push_to(&world.state(HOST), "app", "v1");
    let (process, app) = (world.process(), repository("app"));
    let manifest = process
        .get_manifest(&app, &tag("v1"))
        .await
        .unwrap()
        .unwrap();
    for name in ["v1", "v2"] {
        process
            .put_manifest(&app, &tag(name), &manifest)
            .await
            .unwrap();
    }
    assert_eq!(*told.0.lock().unwrap(), ["v1 true", "v2 false"]);
    assert_eq!(world.writes(), 2);
}

#[test]
fn a_seed_is_a_schedule() {
    let hosts = [HOST.to_owned(), "two.example".to_owned()];
    let of = |seed| Schedule::from_random(&mut Random::new(seed), &hosts, 6, 100);
    assert_eq!(of(7), of(7));
    assert!((0..20).any(|seed| of(seed) != of(7)));
}

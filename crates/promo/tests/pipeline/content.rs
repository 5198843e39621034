//! Content as registries hold it: what copying doesn't need isn't judged, what it needs is there or has its code.

use promo_core::report::RunOutcome;
use promo_testkit::image::{BuiltImage, IndexBuilder, media_type};
use promo_testkit::registry::{Fault, Matcher, Operation, RegistryOptions};
use serde_json::{Value, json};

use crate::world::{World, blocked_codes, image, want};

const FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

/// What is altered, and how.
type Alteration = (&'static str, fn(&mut Value));

async fn world() -> World {
    World::with_mirrors(vec![RegistryOptions::default()]).await
}

/// The image with another manifest, its blobs in staging.
fn altered(world: &World, of: &BuiltImage, alter: impl FnOnce(&mut Value)) -> BuiltImage {
    world.stage("app", of);
    let mut document: Value = serde_json::from_slice(&of.manifest()).unwrap();
    alter(&mut document);
    let altered = BuiltImage::raw(of.media_type(), document.to_string());
    world.stage("app", &altered);
    altered
}

/// Promotes an image as `v1` and says what was blocked.
async fn promote(world: &World, image: &BuiltImage) -> Vec<&'static str> {
    let report = world.run(&world.set(&[want("app", image, &["v1"])])).await;
    let blocked = blocked_codes(&report);
    let expected = if blocked.is_empty() {
        RunOutcome::Done
    } else {
        RunOutcome::Nothing
    };
    assert_eq!(report.outcome(), expected, "{report:#?}");
    let tag = world.mirrors[0].state().tag_digest("prod/app", "v1");
    let published = blocked.is_empty().then_some(image.digest());
    assert_eq!(tag.as_deref(), published);
    blocked
}

/// Whether the mirror has all that staging has, byte for byte.
fn is_whole(world: &World) -> bool {
    let (staging, production) = (world.staging.state(), world.mirrors[0].state());
    let mut blobs = staging.blobs("team/app").into_iter();
    blobs.all(|digest| production.blob("prod/app", &digest) == staging.blob("team/app", &digest))
}

#[tokio::test]
async fn what_copying_does_not_need_may_be_odd() {
    let alterations: [Alteration; 8] = [
        ("layers missing", |it| {
            it.as_object_mut().unwrap().remove("layers");
        }),
        ("layers null", |it| it["layers"] = Value::Null),
        ("an empty media type", |it| it["mediaType"] = json!("")),
        ("no schema version", |it| {
            it.as_object_mut().unwrap().remove("schemaVersion");
        }),
        ("a layer without a media type", |it| {
            it["layers"][0].as_object_mut().unwrap().remove("mediaType");
        }),
        ("a config with an empty media type", |it| {
            it["config"]["mediaType"] = json!("");
        }),
        ("nulls", |it| {
            it["annotations"] = Value::Null;
            it["subject"] = Value::Null;
            it["manifests"] = Value::Null;
            it["layers"][0]["urls"] = Value::Null;
            it["layers"][0]["annotations"] = json!({ "a": null });
        }),
        ("a platform that is none", |it| {
            it["layers"][0]["platform"] = json!({ "architecture": null });
        }),
    ];
    for (what, alter) in alterations {
        let world = world().await;
        let odd = altered(&world, &image(1), alter);
        assert_eq!(promote(&world, &odd).await, Vec::<&str>::new(), "{what}");
        assert!(what.starts_with("layers") || is_whole(&world), "{what}");
        world.assert_promise().await;
    }
}

#[tokio::test]
async fn entries_of_an_index_may_be_odd() {
    let alterations: [Alteration; 6] = [
        ("no list", |it| it["manifests"] = Value::Null),
        ("an empty media type", |it| {
            it["manifests"][0]["mediaType"] = json!("");
        }),
        ("no media type", |it| {
            it["manifests"][0]
                .as_object_mut()
                .unwrap()
                .remove("mediaType");
        }),
        ("an empty platform", |it| {
            it["manifests"][0]["platform"] = json!({});
        }),
        ("a null platform", |it| {
            it["manifests"][0]["platform"] = Value::Null;
        }),
        ("no media type of its own", |it| it["mediaType"] = json!("")),
    ];
    for (what, alter) in alterations {
        let world = world().await;
        let index = IndexBuilder::new().image(image(1)).build();
        let odd = altered(&world, &index, alter);
        assert_eq!(promote(&world, &odd).await, Vec::<&str>::new(), "{what}");
        assert!(what == "no list" || is_whole(&world), "{what}");
    }
}

#[tokio::test]
async fn what_a_manifest_is_served_as_may_say_nothing() {
    for content_type in ["binary/octet-stream", "application/octet-stream", "text/x"] {
        let world = world().await;
        let one = image(1);
        world.stage("app", &one);
        world.staging.faults().inject(
            Matcher::on(Operation::ManifestGet).or(Operation::ManifestHead),
            Fault::header("content-type", content_type),
        );
        world.staging.faults().inject(
            Matcher::on(Operation::ManifestGet).or(Operation::ManifestHead),
            Fault::header("docker-content-digest", " "),
        );
        assert_eq!(promote(&world, &one).await, Vec::<&str>::new());
        let stored = world.mirrors[0].state();
        let stored = stored.manifest("prod/app", one.digest()).unwrap();
        assert_eq!(stored.media_type, media_type::OCI_MANIFEST);
    }
}

#[tokio::test]
async fn a_layer_that_can_be_had_from_nowhere_else_is_copied() {
    for urls in [Value::Null, json!([])] {
        let world = world().await;
        let odd = altered(&world, &image(1), |it| {
            it["layers"][0]["mediaType"] = json!(FOREIGN);
            it["layers"][0]["urls"] = urls;
        });
        assert_eq!(promote(&world, &odd).await, Vec::<&str>::new());
        assert!(is_whole(&world));
    }
}

/// A layer that may be given on is copied even if it can be had elsewhere, unless only that is the case.
#[tokio::test]
async fn a_layer_with_urls_is_copied_where_it_is() {
    let urls = |it: &mut Value| it["layers"][0]["urls"] = json!(["https://layers.example/1"]);
    let there = world().await;
    let odd = altered(&there, &image(1), urls);
    assert_eq!(promote(&there, &odd).await, Vec::<&str>::new());
    assert!(is_whole(&there));

    let gone = world().await;
    let one = image(1);
    let odd = altered(&gone, &one, urls);
    let state = gone.staging.state();
    assert!(state.delete_blob("team/app", &one.blobs()[1].digest));
    gone.mirrors[0].switch(|switches| switches.check_references = false);
    assert_eq!(promote(&gone, &odd).await, Vec::<&str>::new());
    assert!(is_whole(&gone));
}

#[tokio::test]
async fn a_missing_blob_or_child_has_its_own_code() {
    for place in [0, 1] {
        let world = world().await;
        let one = image(1);
        world.stage("app", &one);
        let state = world.staging.state();
        assert!(state.delete_blob("team/app", &one.blobs()[place].digest));
        assert_eq!(promote(&world, &one).await, ["PROMO-R042"]);
    }
    let world = world().await;
    let child = image(1);
    let index = IndexBuilder::new().image(child.clone()).build();
    world.stage("app", &index);
    let state = world.staging.state();
    assert!(state.delete_manifest("team/app", child.digest()));
    assert_eq!(promote(&world, &index).await, ["PROMO-R041"]);
}

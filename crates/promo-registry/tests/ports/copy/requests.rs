//! Every request that a copy sends: the table in the module's documentation, line by line.

use promo_core::ports::{CopyRequest, DestinationContent};
use promo_testkit::image::{BuiltImage, ImageBuilder, IndexBuilder, Layer, schema1};
use promo_testkit::registry::Mounts;
use promo_testkit::registry::Operation::{
    BlobGet, BlobHead, BlobPut, ManifestGet, ManifestPut, Mount, UploadStart,
};

use crate::differential::raw;
use crate::world::{PROD, STAGING, World, content, counts, digest, expected, repository};

/// A config and two layers.
fn image() -> BuiltImage {
    ImageBuilder::new()
        .layer(Layer::file("shared", "by two"))
        .layer(Layer::opaque(7, 50_000))
        .build()
}

/// Another image with the first layer of [`image`] and one of its own.
fn relative() -> BuiltImage {
    ImageBuilder::new()
        .label("which", "relative")
        .layer(Layer::file("shared", "by two"))
        .layer(Layer::opaque(8, 500))
        .build()
}

fn index() -> BuiltImage {
    let arm = ImageBuilder::new()
        .platform("linux", "arm64")
        .layer(Layer::file("shared", "by two"))
        .build();
    IndexBuilder::new().image(image()).image(arm).build()
}

#[tokio::test]
async fn a_fresh_image_is_read_once_and_sent_to_each_mirror() {
    let world = World::new().await;
    let copied = world.copy(&world.staged(&image())).await.unwrap();
    let read = expected([(ManifestGet, 1), (BlobGet, 3)]);
    assert_eq!(counts(&world.source), read);
    for (index, mirror) in [&world.first, &world.second].into_iter().enumerate() {
        assert_eq!(counts(mirror), expected([(Mount, 3), (BlobPut, 3)]));
        let sent = content(&copied, index);
        assert_eq!((sent.mounted, sent.uploaded, sent.children), (0, 3, 0));
        let size: usize = image().blobs().iter().map(|blob| blob.bytes.len()).sum();
        assert_eq!(sent.bytes, size as u64);
        assert!(mirror.state().manifests(PROD).is_empty());
        assert_eq!(mirror.open_uploads(), 0);
    }
}

/// Who has read the manifest hands it on. What it says is taken only where it is the image's.
#[tokio::test]
async fn a_manifest_that_is_known_is_not_read_again() {
    let of_index = (index(), 2);
    let of_single = (image(), 0);
    for (image, children) in [of_single, of_index] {
        for (known, gets) in [(&image, children), (&relative(), children + 1)] {
            let world = World::new().await;
            let request = world.staged(&image).with_manifest(Some(raw(known)));
            let copied = world.copy(&request).await.unwrap();
            let read = counts(&world.source).remove(&ManifestGet);
            assert_eq!(read.unwrap_or_default(), gets, "{}", known.digest());
            assert_eq!(copied.manifest, raw(&image));
            assert_eq!(copied.children.len(), children);
        }
    }
}

#[tokio::test]
async fn an_index_costs_one_get_and_one_put_more_per_manifest() {
    let world = World::new().await;
    let copied = world.copy(&world.staged(&index())).await.unwrap();
    // Two configs and two layers; a layer is shared by both images.
    assert_eq!(
        counts(&world.source),
        expected([(ManifestGet, 3), (BlobGet, 4)])
    );
    let written = expected([(Mount, 4), (BlobPut, 4), (ManifestPut, 2)]);
    assert_eq!(counts(&world.first), written);
    assert_eq!(counts(&world.second), written);
    assert_eq!(content(&copied, 0).children, 2);
    assert_eq!(copied.children.len(), 2);
}

#[tokio::test]
async fn another_run_finds_the_blobs_and_sends_no_bytes() {
    let mut world = World::new().await;
    let request = world.staged(&image());
    world.copy(&request).await.unwrap();
    world.another_run();
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(counts(&world.source), expected([(ManifestGet, 1)]));
    assert_eq!(counts(&world.first), expected([(Mount, 3)]));
    assert_eq!(counts(&world.second), expected([(Mount, 3)]));
    let found = DestinationContent {
        mounted: 3,
        ..DestinationContent::default()
    };
    assert_eq!(content(&copied, 0), found);
}

#[tokio::test]
async fn the_same_run_asks_for_nothing_twice() {
    let world = World::new().await;
    let request = world.staged(&index());
    world.copy(&request).await.unwrap();
    let before = counts(&world.first);
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(counts(&world.first), before);
    assert_eq!(content(&copied, 0).mounted, 4);
    assert_eq!(content(&copied, 0).children, 0);
}

#[tokio::test]
async fn within_one_registry_blobs_are_mounted_from_the_source() {
    let world = World::new().await;
    let mut request = world.staged(&image());
    request.destinations = vec![repository(&world.source, PROD)];
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(
        counts(&world.source),
        expected([(ManifestGet, 1), (Mount, 3)])
    );
    let mounts = world.source.log().of(Mount);
    let from = format!("from={STAGING}");
    assert!(mounts.iter().all(|mount| mount.query.contains(&from)));
    assert_eq!(content(&copied, 0).mounted, 3);
}

#[tokio::test]
async fn into_the_source_repository_itself_nothing_is_sent() {
    let world = World::new().await;
    let mut request = world.staged(&index());
    request.destinations = vec![request.source.clone()];
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(counts(&world.source), expected([(ManifestGet, 3)]));
    assert_eq!(content(&copied, 0), DestinationContent::default());
}

#[tokio::test]
async fn images_that_share_a_layer_send_it_once_to_each_mirror() {
    let world = World::new().await;
    let (one, two) = (world.staged(&image()), world.staged(&relative()));
    let (first, second) = tokio::join!(world.copy(&one), world.copy(&two));
    let (first, second) = (first.unwrap(), second.unwrap());
    // Two configs, the shared layer, and a layer of each.
    assert_eq!(counts(&world.source)[&BlobGet], 5);
    assert_eq!(counts(&world.first), expected([(Mount, 5), (BlobPut, 5)]));
    assert_eq!(
        content(&first, 0).uploaded + content(&second, 0).uploaded,
        5
    );
    assert_eq!(content(&first, 0).mounted + content(&second, 0).mounted, 1);
}

#[tokio::test]
async fn another_repository_of_a_mirror_mounts_what_this_run_sent_to_the_first() {
    let world = World::new().await;
    let mut request = world.staged(&image());
    let (here, there) = (
        repository(&world.first, PROD),
        repository(&world.first, "prod/other"),
    );
    request.destinations = vec![here, there];
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(counts(&world.source)[&BlobGet], 3);
    assert_eq!(counts(&world.first), expected([(Mount, 6), (BlobPut, 3)]));
    assert_eq!(content(&copied, 0).uploaded, 3);
    assert_eq!(content(&copied, 1).mounted, 3);
    let state = world.first.state();
    assert_eq!(state.blobs(PROD), state.blobs("prod/other"));
}

#[tokio::test]
async fn a_refused_mount_gives_the_session_for_the_upload() {
    let world = World::new().await;
    world
        .first
        .switch(|switches| switches.mounts = Mounts::Refused);
    let request = world.staged(&image());
    world.copy(&request).await.unwrap();
    assert_eq!(counts(&world.first), expected([(Mount, 3), (BlobPut, 3)]));
}

#[tokio::test]
async fn a_registry_that_knows_no_mounts_is_asked_once() {
    let mut settings = promo_registry::copy::CopySettings::default();
    settings.blobs = 1;
    let world = World::with(settings).await;
    world
        .first
        .switch(|switches| switches.mounts = Mounts::Unsupported);
    let copied = world.copy(&world.staged(&image())).await.unwrap();
    assert_eq!(
        counts(&world.first),
        expected([(Mount, 1), (UploadStart, 3), (BlobPut, 3)])
    );
    assert_eq!(content(&copied, 0).uploaded, 3);
}

#[tokio::test]
async fn schema_1_asks_for_the_sizes_that_it_does_not_tell() {
    let world = World::new().await;
    let old = schema1(
        "app",
        "v1",
        &[
            Layer::file("a", "b"),
            Layer::file("c", "d"),
            Layer::file("a", "b"),
        ],
    );
    let copied = world.copy(&world.staged(&old)).await.unwrap();
    assert_eq!(
        counts(&world.source),
        expected([(ManifestGet, 1), (BlobHead, 2), (BlobGet, 2)])
    );
    assert_eq!(content(&copied, 0).uploaded, 2);
    assert_eq!(copied.manifest.bytes(), &old.manifest());
}

#[tokio::test]
async fn a_half_finished_run_is_completed() {
    let mut world = World::new().await;
    let request = world.staged(&image());
    let image = image();
    let layer = &image.blobs()[1];
    world
        .first
        .state()
        .put_blob_as(PROD, &layer.digest, layer.bytes.clone());
    world.another_run();
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(counts(&world.first), expected([(Mount, 3), (BlobPut, 2)]));
    assert_eq!(content(&copied, 0).mounted, 1);
    assert_eq!(counts(&world.source)[&BlobGet], 3);
}

#[tokio::test]
async fn a_blob_that_an_image_names_twice_is_sent_once() {
    let world = World::new().await;
    let twice = ImageBuilder::new()
        .layer(Layer::file("same", "same"))
        .layer(Layer::file("same", "same"))
        .build();
    world.copy(&world.staged(&twice)).await.unwrap();
    assert_eq!(counts(&world.source)[&BlobGet], 2);
    assert_eq!(counts(&world.first), expected([(Mount, 2), (BlobPut, 2)]));
}

/// An image without destinations is read, and nothing else.
#[tokio::test]
async fn without_destinations_only_manifests_are_read() {
    let world = World::new().await;
    let request = CopyRequest {
        destinations: Vec::new(),
        ..world.staged(&index())
    };
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(copied.manifest.digest(), digest(&index()));
    assert_eq!(counts(&world.source), expected([(ManifestGet, 3)]));
}

/// More destinations on one host than its budget has permits: none waits for another's bytes.
#[tokio::test]
async fn many_repositories_of_one_host_that_refuses_mounts() {
    let world = World::new().await;
    world
        .first
        .switch(|switches| switches.mounts = Mounts::Refused);
    // More pieces than the queues hold.
    let image = ImageBuilder::new()
        .layer(Layer::opaque(9, 2_000_000))
        .build();
    let mut request = world.staged(&image);
    let repositories = (0..20).map(|n| repository(&world.first, &format!("prod/app-{n}")));
    request.destinations = repositories.collect();
    let copied = world.copy(&request).await.unwrap();
    let uploads: u64 = (0..20).map(|n| content(&copied, n).uploaded).sum();
    assert_eq!(uploads, 20 * 2);
    assert_eq!(
        counts(&world.first),
        expected([(Mount, 20 * 2), (BlobPut, 20 * 2)])
    );
    // One repository goes first; when its host turns out to mount nothing, all others are sent to at once.
    assert_eq!(counts(&world.source)[&BlobGet], 2 * 2);
}

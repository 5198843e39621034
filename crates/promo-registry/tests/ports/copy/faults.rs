//! Registries that break, lie and dawdle.

use futures_util::future::join_all;
use promo_core::ports::{CopyRequest, FailureKind};
use promo_registry::copy::CopySettings;
use promo_testkit::image::{BuiltImage, ImageBuilder, IndexBuilder, Layer};
use promo_testkit::registry::Operation::{BlobGet, BlobPatch, BlobPut, ManifestPut, Mount};
use promo_testkit::registry::{EmbeddedRegistry, Fault, Matcher};

use crate::world::{PROD, STAGING, World, content, counts, expected, failure};

/// One config and a layer of some pieces.
fn image() -> BuiltImage {
    ImageBuilder::new()
        .layer(Layer::opaque(11, 3_000_000))
        .build()
}

fn layer(image: &BuiltImage) -> &str {
    &image.blobs()[1].digest
}

fn lacks_layer(mirror: &EmbeddedRegistry, image: &BuiltImage) -> bool {
    !mirror.state().has_blob(PROD, layer(image))
}

#[tokio::test]
async fn altered_bytes_complete_no_upload() {
    let world = World::new().await;
    let image = image();
    let request = world.staged(&image);
    assert!(world.source.state().corrupt_blob(STAGING, layer(&image)));
    let failure = world.copy(&request).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::DigestMismatch, "{failure:?}");
    for mirror in [&world.first, &world.second] {
        assert!(lacks_layer(mirror, &image));
        let put = mirror.log().filter(|entry| {
            entry.operation == BlobPut && entry.reference.as_deref() == Some(layer(&image))
        });
        // The last piece never went out: the registry could not even have been asked to believe it. (Of a request that
        // broke off it may not know yet.)
        assert!(put.len() <= 1);
        assert!(put.iter().all(|put| put.request_bytes < 3_000_000));
        assert!(put.iter().all(|put| !put.is_success()));
    }
}

#[tokio::test]
async fn a_source_that_breaks_off_fails_the_image_and_completes_no_upload() {
    for fault in [
        Fault::Truncate { after: 500_000 },
        Fault::ResetBody { after: 500_000 },
    ] {
        let world = World::new().await;
        let image = image();
        let request = world.staged(&image);
        world
            .source
            .faults()
            .inject(Matcher::on(BlobGet).reference(layer(&image)), fault);
        world.copy(&request).await.unwrap_err();
        assert!(lacks_layer(&world.first, &image));
        assert!(lacks_layer(&world.second, &image));
    }
}

/// One upload at each mirror: they don't notice that their source was asked twice.
#[tokio::test]
async fn a_source_that_breaks_off_once_is_read_on() {
    let world = World::new().await;
    let image = image();
    let request = world.staged(&image);
    let once = Matcher::on(BlobGet).reference(layer(&image)).times(1);
    let fault = Fault::ResetBody { after: 1_000_000 };
    world.source.faults().inject(once, fault);
    let copied = world.copy(&request).await.unwrap();
    for (index, mirror) in [&world.first, &world.second].into_iter().enumerate() {
        assert_eq!(content(&copied, index).uploaded, 2);
        assert_eq!(counts(mirror), expected([(Mount, 2), (BlobPut, 2)]));
        assert!(!lacks_layer(mirror, &image));
    }
    assert_eq!(counts(&world.source)[&BlobGet], 3);
}

/// A stream can't be sent again, so the upload begins anew, and the source is read again for it alone.
#[tokio::test]
async fn an_upload_that_was_one_too_many_begins_again_after_the_pause() {
    let world = World::new().await;
    let image = image();
    let request = world.staged(&image);
    let put = Matcher::on(BlobPut).reference(layer(&image)).times(5);
    let fault = Fault::too_many_requests(7);
    world.first.faults().inject(put, fault);
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(content(&copied, 0).uploaded, 2);
    assert_eq!(counts(&world.first), expected([(Mount, 7), (BlobPut, 7)]));
    assert_eq!(counts(&world.second), expected([(Mount, 2), (BlobPut, 2)]));
    assert_eq!(counts(&world.source)[&BlobGet], 7);
    assert!(!lacks_layer(&world.first, &image));
}

#[tokio::test]
async fn a_mirror_that_closes_its_uploads_for_hours_fails_alone() {
    let world = World::new().await;
    let image = image();
    let request = world.staged(&image);
    let put = Matcher::on(BlobPut).reference(layer(&image));
    let fault = Fault::too_many_requests(86_400);
    world.first.faults().inject(put, fault);
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(failure(&copied, 0).code().as_str(), "PROMO-R034");
    assert_eq!(content(&copied, 1).uploaded, 2);
}

#[tokio::test]
async fn an_upload_that_broke_in_passing_begins_again() {
    for status in [408, 500, 502, 520] {
        let world = World::new().await;
        let image = image();
        let request = world.staged(&image);
        let put = Matcher::on(BlobPut).reference(layer(&image)).times(2);
        world.first.faults().inject(put, Fault::status(status));
        let copied = world.copy(&request).await.unwrap();
        assert_eq!(content(&copied, 0).uploaded, 2, "{status}");
    }
}

#[tokio::test]
async fn a_mirror_that_is_reset_is_tried_again_while_the_other_goes_on() {
    let world = World::new().await;
    let image = image();
    let request = world.staged(&image);
    let put = Matcher::on(BlobPut).reference(layer(&image)).times(1);
    world.first.faults().inject(put, Fault::Reset);
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(content(&copied, 0).uploaded, 2);
    assert_eq!(content(&copied, 1).uploaded, 2);
    assert_eq!(counts(&world.first), expected([(Mount, 3), (BlobPut, 3)]));
    assert_eq!(counts(&world.second), expected([(Mount, 2), (BlobPut, 2)]));
    // Config and layer, and the layer once more for the one that lacked it.
    assert_eq!(counts(&world.source)[&BlobGet], 3);
    assert!(!lacks_layer(&world.first, &image));
}

/// The upload was taken, but its answer got lost: the next attempt finds the blob and sends no byte.
#[tokio::test]
async fn a_lost_answer_costs_no_second_upload() {
    let world = World::new().await;
    let image = image();
    let request = world.staged(&image);
    let put = Matcher::on(BlobPut).reference(layer(&image)).times(1);
    world.first.faults().inject(put, Fault::ResetAnswer);
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(content(&copied, 0).mounted, 1);
    assert_eq!(counts(&world.first), expected([(Mount, 3), (BlobPut, 2)]));
    assert_eq!(counts(&world.source)[&BlobGet], 2);
}

#[tokio::test]
async fn a_mirror_that_stays_broken_fails_alone_after_three_attempts() {
    let world = World::new().await;
    let image = image();
    let request = world.staged(&image);
    let put = Matcher::on(BlobPut).reference(layer(&image));
    world.first.faults().inject(put, Fault::status(503));
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(failure(&copied, 0).kind(), FailureKind::Unavailable);
    let tried = world.first.log().filter(|entry| {
        entry.operation == BlobPut && entry.reference.as_deref() == Some(layer(&image))
    });
    assert_eq!(tried.len(), 3);
    assert_eq!(content(&copied, 1).uploaded, 2);
}

/// A mirror takes uploads and never answers them, or takes nothing of them, while more blobs are on their way than buffers
/// and connections hold: it stands still alone.
#[tokio::test]
async fn a_mirror_that_stands_still_takes_no_place_from_another() {
    for takes in [true, false] {
        let mut settings = CopySettings::default();
        settings.buffers = 1 << 20;
        settings.uploads = 16;
        let world = World::with(settings).await;
        let put = Matcher::on(BlobPut);
        let faults = world.second.faults();
        let _gate = if takes {
            faults.pause_answer(put)
        } else {
            faults.pause(put)
        };
        let requests: Vec<CopyRequest> = (100..124)
            .map(|seed| {
                ImageBuilder::new()
                    .layer(Layer::opaque(seed, 900_000))
                    .build()
            })
            .map(|image| world.staged(&image))
            .collect();
        let to = |mirror: usize| {
            let copies = requests.iter().map(move |request| {
                let mut destinations = request.destinations.clone();
                let destination = destinations.swap_remove(mirror);
                CopyRequest::new(request.source.clone(), request.digest, vec![destination])
                    .with_partners(destinations)
            });
            let world = &world;
            join_all(copies.map(|request| async move { world.copy(&request).await }))
        };
        tokio::select! {
            copied = to(0) => {
                let sent = copied.iter().map(|copied| content(copied.as_ref().unwrap(), 0).uploaded);
                assert_eq!(sent.sum::<u64>(), 24 * 2);
            }
            _ = to(1) => panic!("no upload is answered there"),
        }
    }
}

#[tokio::test]
async fn a_mirror_that_forbids_is_asked_no_further() {
    let world = World::new().await;
    let request = world.staged(&IndexBuilder::new().image(image()).build());
    world.first.switch(|switches| {
        switches.forbidden.insert(PROD.to_owned());
    });
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(failure(&copied, 0).kind(), FailureKind::Forbidden);
    assert_eq!(world.first.log().count(ManifestPut), 0);
    assert_eq!(world.first.log().count(BlobPut), 0);
    assert_eq!(content(&copied, 1).children, 1);
}

#[tokio::test]
async fn a_child_that_a_mirror_refuses_keeps_its_parents_away() {
    let world = World::new().await;
    let child = image();
    let inner = IndexBuilder::new().image(child.clone()).build();
    let request = world.staged(&IndexBuilder::new().image(inner).build());
    let put = Matcher::on(ManifestPut).reference(child.digest());
    world.first.faults().inject(put, Fault::status(400));
    let copied = world.copy(&request).await.unwrap();
    assert_eq!(failure(&copied, 0).kind(), FailureKind::Refused);
    assert_eq!(world.first.log().count(ManifestPut), 1);
    assert_eq!(content(&copied, 1).children, 2);
}

/// A mirror, or a proxy before it, takes no body of more than a mebibyte. That is found out once.
#[tokio::test]
async fn a_mirror_that_takes_no_large_bodies_gets_chunks_and_the_other_does_not_notice() {
    let world = World::new().await;
    world
        .first
        .switch(|switches| switches.body_limit = Some(1 << 20));
    for (number, refused) in [(1, 1), (2, 0)] {
        let image = ImageBuilder::new()
            .layer(Layer::opaque(number, 3_000_000))
            .build();
        let request = world.staged(&image);
        for registry in [&world.source, &world.first, &world.second] {
            registry.log().clear();
        }
        let copied = world.copy(&request).await.unwrap();
        assert_eq!(content(&copied, 0).uploaded, 2);
        assert_eq!(content(&copied, 1).uploaded, 2);
        assert!(!lacks_layer(&world.first, &image));
        let puts = world.first.log().of(BlobPut);
        let refusals = puts.iter().filter(|put| put.status == Some(413));
        assert_eq!(refusals.count(), refused);
        assert!(counts(&world.first)[&BlobPatch] >= 3);
        assert_eq!(counts(&world.second), expected([(Mount, 2), (BlobPut, 2)]));
        // The layer once more for the mirror that had refused it.
        assert_eq!(counts(&world.source)[&BlobGet], 2 + refused);
    }
}

/// The negotiation of a size is no failure: it isn't counted as one.
#[tokio::test]
async fn one_attempt_is_enough_for_a_mirror_that_takes_no_large_bodies() {
    let mut settings = CopySettings::default();
    settings.attempts = 1;
    let world = World::with(settings).await;
    world
        .first
        .switch(|switches| switches.body_limit = Some(1 << 20));
    let copied = world.copy(&world.staged(&image())).await.unwrap();
    assert_eq!(content(&copied, 0).uploaded, 2);
    // Where nothing helps it ends, for this mirror alone.
    let world = World::new().await;
    world
        .first
        .switch(|switches| switches.body_limit = Some(2000));
    let copied = world.copy(&world.staged(&image())).await.unwrap();
    assert_eq!(failure(&copied, 0).code().as_str(), "PROMO-R075");
    assert_eq!(content(&copied, 1).uploaded, 2);
}

/// More blobs at once than chunks are kept for one mirror: they wait for each other there, and all arrive.
#[tokio::test]
async fn many_blobs_share_the_room_for_chunks_of_a_mirror() {
    let world = World::new().await;
    // Chunks of 4 MiB, of which four are kept.
    world
        .first
        .switch(|switches| switches.body_limit = Some(5_000_000));
    let images: Vec<BuiltImage> = (0..12)
        .map(|number| {
            ImageBuilder::new()
                .layer(Layer::opaque(number, 6_000_000))
                .build()
        })
        .collect();
    let requests: Vec<CopyRequest> = images.iter().map(|image| world.staged(image)).collect();
    let copied = join_all(requests.iter().map(|request| world.copy(request))).await;
    for (copied, image) in copied.into_iter().zip(&images) {
        let copied = copied.unwrap();
        for index in [0, 1] {
            let content = content(&copied, index);
            assert_eq!(content.uploaded + content.mounted, 2);
        }
        assert!(!lacks_layer(&world.first, image));
        assert!(!lacks_layer(&world.second, image));
    }
    assert!(counts(&world.first)[&BlobPatch] >= 2 * 12);
}

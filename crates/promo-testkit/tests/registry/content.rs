//! Blobs, uploads, manifests, tags and referrers, as the distribution specification has them.

use promo_testkit::digest::{Algorithm, sha256};
use promo_testkit::image::{ArtifactBuilder, ImageBuilder, IndexBuilder, Layer};
use promo_testkit::registry::{Locations, Mounts, Operation};
use reqwest::Method;

use crate::support::{Bench, error_code, header, json};

#[tokio::test]
async fn what_is_cleared_is_gone_for_clients() {
    let bench = Bench::new().await;
    let image = ImageBuilder::seeded(1).build();
    image.push_to(&bench.registry.state(), "a", "v1");
    assert_eq!(bench.head("/v2/a/manifests/v1").await.status(), 200);
    bench.registry.state().clear();
    assert_eq!(bench.head("/v2/a/manifests/v1").await.status(), 404);
    assert!(bench.registry.state().repositories().is_empty());
}

#[tokio::test]
async fn a_pushed_image_can_be_pulled() {
    let bench = Bench::new().await;
    let image = ImageBuilder::new().layer(Layer::file("a", "b")).build();
    for blob in image.blobs() {
        let session = bench.open("team/app/web").await;
        let path = format!("{session}&digest={}", blob.digest);
        let put = bench
            .request(Method::PUT, &path)
            .body(blob.bytes.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(put.status(), 201);
        assert_eq!(
            header(&put, "docker-content-digest").as_deref(),
            Some(blob.digest.as_str())
        );
    }
    let put = bench
        .put_manifest(
            "/v2/team/app/web/manifests/v1",
            image.media_type(),
            image.manifest(),
        )
        .await;
    assert_eq!(put.status(), 201);
    assert!(image.is_in(&bench.registry.state(), "team/app/web"));

    let head = bench.head("/v2/team/app/web/manifests/v1").await;
    assert_eq!(
        header(&head, "content-length").unwrap(),
        image.manifest().len().to_string()
    );
    let got = bench
        .get(&format!("/v2/team/app/web/manifests/{}", image.digest()))
        .await;
    assert_eq!(
        header(&got, "content-type").as_deref(),
        Some(image.media_type())
    );
    assert_eq!(got.bytes().await.unwrap(), image.manifest());
    assert_eq!(bench.registry.log().count(Operation::BlobPut), 2);
    assert_eq!(bench.registry.open_uploads(), 0);
}

#[tokio::test]
async fn chunks_must_come_in_order() {
    let bench = Bench::new().await;
    let session = bench.open("a").await;
    let patch = |range: &'static str, body: &'static str, path: String| {
        let request = bench
            .request(Method::PATCH, &path)
            .header("content-range", range);
        request.body(body).send()
    };
    let first = patch("0-2", "abc", session.clone()).await.unwrap();
    assert_eq!(
        (first.status().as_u16(), header(&first, "range").as_deref()),
        (202, Some("0-2"))
    );
    let gap = patch("5-7", "xyz", session.clone()).await.unwrap();
    assert_eq!(
        (gap.status().as_u16(), header(&gap, "range").as_deref()),
        (416, Some("0-2"))
    );
    let again = patch("0-2", "abc", session.clone()).await.unwrap();
    assert_eq!(again.status(), 416);
    let status = bench.get(&session).await;
    assert_eq!(
        (
            status.status().as_u16(),
            header(&status, "range").as_deref()
        ),
        (204, Some("0-2"))
    );
    let digest = sha256(b"abcdef");
    let path = format!("{session}&digest={digest}");
    let last = bench
        .request(Method::PUT, &path)
        .header("content-range", "3-5")
        .body("def")
        .send()
        .await
        .unwrap();
    assert_eq!(last.status(), 201);
    assert_eq!(bench.registry.state().blob("a", &digest).unwrap(), "abcdef");
    assert_eq!(bench.get(&session).await.status(), 404);
}

#[tokio::test]
async fn bodies_and_chunks_are_held_to_the_limits_of_the_switches() {
    let bench = Bench::new().await;
    bench.registry.switch(|switches| {
        switches.body_limit = Some(4);
        switches.chunk_minimum = Some(3);
    });
    let patch = |body: &'static str, path: String| {
        let request = bench.request(Method::PATCH, &path);
        request.body(body).send()
    };
    let session = bench.open("a").await;
    for (body, status) in [("12345", 413), ("1234", 202), ("56", 202), ("7", 400)] {
        let answer = patch(body, session.clone()).await.unwrap();
        assert_eq!(answer.status(), status, "{body}");
        let told = header(&answer, "oci-chunk-min-length");
        assert_eq!(told.as_deref(), (status == 202).then_some("3"), "{body}");
    }
}

#[tokio::test]
async fn an_upload_with_a_wrong_or_missing_digest_stores_nothing() {
    let bench = Bench::new().await;
    for query in [
        format!("&digest={}", sha256(b"other")),
        "&digest=md5:00".to_owned(),
        String::new(),
    ] {
        let session = bench.open("a").await;
        let path = format!("{session}{query}");
        let put = bench
            .request(Method::PUT, &path)
            .body("this")
            .send()
            .await
            .unwrap();
        assert_eq!(put.status(), 400);
        assert_eq!(error_code(put).await, "DIGEST_INVALID");
    }
    assert!(bench.registry.state().blobs("a").is_empty());
}

#[tokio::test]
async fn a_session_that_is_given_up_or_rebuilt_by_the_client_is_unknown() {
    let bench = Bench::new().await;
    let session = bench.open("a").await;
    let (path, _) = session.split_once('?').unwrap();
    assert_eq!(bench.get(path).await.status(), 404);
    assert_eq!(
        bench.get(&session.replace("/a/", "/b/")).await.status(),
        404
    );
    assert_eq!(bench.delete(&session).await.status(), 204);
    assert_eq!(
        error_code(bench.get(&session).await).await,
        "BLOB_UPLOAD_UNKNOWN"
    );
}

#[tokio::test]
async fn blobs_belong_to_their_repository_until_they_are_mounted() {
    let bench = Bench::new().await;
    let digest = bench.registry.state().put_blob("a", "bytes");
    assert_eq!(
        bench.head(&format!("/v2/b/blobs/{digest}")).await.status(),
        404
    );
    let nowhere = bench
        .post(&format!("/v2/b/blobs/uploads/?mount={digest}&from=c"))
        .await;
    assert_eq!(nowhere.status(), 202);
    assert!(header(&nowhere, "location").is_some());
    let mounted = bench
        .post(&format!("/v2/b/blobs/uploads/?mount={digest}&from=a"))
        .await;
    assert_eq!(mounted.status(), 201);
    assert_eq!(
        bench
            .get(&format!("/v2/b/blobs/{digest}"))
            .await
            .bytes()
            .await
            .unwrap(),
        "bytes"
    );

    bench
        .registry
        .switch(|switches| switches.mounts = Mounts::Refused);
    let refused = bench
        .post(&format!("/v2/c/blobs/uploads/?mount={digest}&from=a"))
        .await;
    assert_eq!(refused.status(), 202);
    bench
        .registry
        .switch(|switches| switches.mounts = Mounts::Unsupported);
    let unsupported = bench
        .post(&format!("/v2/c/blobs/uploads/?mount={digest}&from=a"))
        .await;
    assert_eq!(unsupported.status(), 405);
    assert!(!bench.registry.state().has_blob("c", &digest));
}

#[tokio::test]
async fn blobs_are_served_in_ranges() {
    let bench = Bench::new().await;
    let digest = bench.registry.state().put_blob("a", "0123456789");
    let path = format!("/v2/a/blobs/{digest}");
    let part = bench
        .request(Method::GET, &path)
        .header("range", "bytes=4-")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(
        header(&part, "content-range").as_deref(),
        Some("bytes 4-9/10")
    );
    assert_eq!(part.bytes().await.unwrap(), "456789");
    let outside = bench
        .request(Method::GET, &path)
        .header("range", "bytes=10-")
        .send()
        .await
        .unwrap();
    assert_eq!(outside.status(), 416);
}

#[tokio::test]
async fn a_manifest_whose_content_is_missing_is_refused() {
    let bench = Bench::new().await;
    let image = ImageBuilder::seeded(1).build();
    let path = "/v2/a/manifests/v1";
    let refused = bench
        .put_manifest(path, image.media_type(), image.manifest())
        .await;
    assert_eq!(refused.status(), 404);
    assert_eq!(error_code(refused).await, "MANIFEST_BLOB_UNKNOWN");
    let index = IndexBuilder::new().image(image).build();
    let refused = bench
        .put_manifest(path, index.media_type(), index.manifest())
        .await;
    assert_eq!(error_code(refused).await, "MANIFEST_BLOB_UNKNOWN");
    assert!(bench.registry.state().repositories().is_empty());
}

#[tokio::test]
async fn a_foreign_layer_need_not_be_there() {
    let bench = Bench::new().await;
    let foreign = Layer::foreign("elsewhere", ["https://example.com/layer"]);
    for image in [
        ImageBuilder::new().layer(foreign.clone()).build(),
        ImageBuilder::new().docker().layer(foreign).build(),
    ] {
        bench
            .registry
            .state()
            .put_blob("a", image.blobs()[0].bytes.clone());
        let put = bench
            .put_manifest("/v2/a/manifests/v1", image.media_type(), image.manifest())
            .await;
        assert_eq!(put.status(), 201);
        assert!(image.is_in(&bench.registry.state(), "a"));
    }
}

#[tokio::test]
async fn a_manifest_must_be_what_it_says() {
    let bench = Bench::new().await;
    let image = ImageBuilder::new().build();
    image.push_untagged(&bench.registry.state(), "a");
    let wrong = format!("/v2/a/manifests/{}", sha256(b"other"));
    let answer = bench
        .put_manifest(&wrong, image.media_type(), image.manifest())
        .await;
    assert_eq!(error_code(answer).await, "DIGEST_INVALID");
    let answer = bench
        .put_manifest("/v2/a/manifests/v1", "application/json", image.manifest())
        .await;
    assert_eq!(error_code(answer).await, "MANIFEST_INVALID");
    let answer = bench
        .put_manifest("/v2/a/manifests/v1", image.media_type(), "no json")
        .await;
    assert_eq!(error_code(answer).await, "MANIFEST_INVALID");
    let answer = bench
        .put_manifest("/v2/a/manifests/-v1", image.media_type(), image.manifest())
        .await;
    assert_eq!(error_code(answer).await, "TAG_INVALID");
    let answer = bench
        .put_manifest(
            "/v2/a/manifests/v1",
            image.media_type(),
            vec![b' '; 4 * 1024 * 1024 + 1],
        )
        .await;
    assert_eq!(answer.status(), 413);
    let answer = bench
        .put_manifest("/v2/A/manifests/v1", image.media_type(), image.manifest())
        .await;
    assert_eq!(error_code(answer).await, "NAME_INVALID");
    assert!(bench.registry.state().tags("a").is_empty());
}

#[tokio::test]
async fn sha512_is_a_digest_like_any_other() {
    let bench = Bench::new().await;
    bench
        .registry
        .switch(|switches| switches.single_posts = true);
    let image = ImageBuilder::seeded(7).algorithm(Algorithm::Sha512).build();
    for blob in image.blobs() {
        let path = format!("/v2/a/blobs/uploads/?digest={}", blob.digest);
        let answer = bench
            .request(Method::POST, &path)
            .body(blob.bytes.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
    }
    let path = format!("/v2/a/manifests/{}", image.digest());
    let answer = bench
        .put_manifest(&path, image.media_type(), image.manifest())
        .await;
    assert_eq!(answer.status(), 201);
    assert_eq!(
        header(&answer, "docker-content-digest").as_deref(),
        Some(image.digest())
    );
    assert_eq!(
        bench.get(&path).await.bytes().await.unwrap(),
        image.manifest()
    );
}

#[tokio::test]
async fn deleting_a_tag_leaves_the_manifest_and_deleting_a_manifest_takes_its_tags() {
    let bench = Bench::new().await;
    let state = bench.registry.state();
    let image = ImageBuilder::new().build();
    image.push_to(&state, "a", "v1");
    image.push_to(&state, "a", "v2");
    assert_eq!(bench.delete("/v2/a/manifests/v1").await.status(), 202);
    assert_eq!(bench.head("/v2/a/manifests/v1").await.status(), 404);
    assert_eq!(
        bench
            .delete(&format!("/v2/a/manifests/{}", image.digest()))
            .await
            .status(),
        202
    );
    assert!(state.tags("a").is_empty() && state.manifests("a").is_empty());
    bench.registry.switch(|switches| switches.deletes = false);
    let blob = &image.blobs()[0].digest;
    assert_eq!(
        bench.delete(&format!("/v2/a/blobs/{blob}")).await.status(),
        405
    );
    bench.registry.switch(|switches| switches.deletes = true);
    assert_eq!(
        bench.delete(&format!("/v2/a/blobs/{blob}")).await.status(),
        202
    );
    assert_eq!(
        bench.delete(&format!("/v2/a/blobs/{blob}")).await.status(),
        404
    );
}

#[tokio::test]
async fn tags_are_listed_in_pages_that_are_linked() {
    let bench = Bench::new().await;
    let image = ImageBuilder::new().build();
    for tag in ["c", "a", "b"] {
        image.push_to(&bench.registry.state(), "x/y", tag);
    }
    let all = bench.get("/v2/x/y/tags/list").await;
    assert_eq!(header(&all, "link"), None);
    assert_eq!(
        json(all).await,
        serde_json::json!({ "name": "x/y", "tags": ["a", "b", "c"] })
    );
    bench
        .registry
        .switch(|switches| switches.tag_page_size = Some(2));
    let first = bench.get("/v2/x/y/tags/list?n=100").await;
    assert_eq!(
        header(&first, "link").as_deref(),
        Some("</v2/x/y/tags/list?last=b&n=2>; rel=\"next\"")
    );
    assert_eq!(json(first).await["tags"], serde_json::json!(["a", "b"]));
    let second = bench.get("/v2/x/y/tags/list?last=b&n=2").await;
    assert_eq!(header(&second, "link"), None);
    assert_eq!(json(second).await["tags"], serde_json::json!(["c"]));
    assert_eq!(
        error_code(bench.get("/v2/none/tags/list").await).await,
        "NAME_UNKNOWN"
    );
    assert_eq!(
        json(bench.get("/v2/_catalog").await).await["repositories"],
        serde_json::json!(["x/y"])
    );
}

#[tokio::test]
async fn google_lists_manifests_and_children() {
    let bench = Bench::new().await;
    bench
        .registry
        .switch(|switches| switches.google_listing = true);
    let image = ImageBuilder::seeded(1).build();
    image.push_to(&bench.registry.state(), "project/app", "v1");
    image.push_untagged(&bench.registry.state(), "project/app/deep/er");
    let list = json(bench.get("/v2/project/app/tags/list").await).await;
    let entry = &list["manifest"][image.digest()];
    let size: usize = image.blobs().iter().map(|blob| blob.bytes.len()).sum();
    assert_eq!(entry["tag"], serde_json::json!(["v1"]));
    assert_eq!(entry["mediaType"], image.media_type());
    assert_eq!(entry["imageSizeBytes"], size.to_string());
    assert_eq!(
        (&list["child"], &list["tags"]),
        (&serde_json::json!(["deep"]), &serde_json::json!(["v1"]))
    );
    let parent = json(bench.get("/v2/project/tags/list").await).await;
    assert_eq!(
        (&parent["child"], &parent["manifest"]),
        (&serde_json::json!(["app"]), &serde_json::json!({}))
    );
}

#[tokio::test]
async fn referrers_are_found_filtered_and_paged() {
    let bench = Bench::new().await;
    let image = ImageBuilder::seeded(1).build();
    let about = |kind: &str| {
        ArtifactBuilder::new(kind)
            .subject(image.descriptor())
            .annotation("k", kind)
            .build()
    };
    for artifact in [about("application/a"), about("application/b")] {
        artifact.push_untagged(&bench.registry.state(), "a");
        let path = format!("/v2/a/manifests/{}", artifact.digest());
        let put = bench
            .put_manifest(&path, artifact.media_type(), artifact.manifest())
            .await;
        assert_eq!(header(&put, "oci-subject").as_deref(), Some(image.digest()));
    }
    let path = format!("/v2/a/referrers/{}", image.digest());
    let all = bench.get(&path).await;
    assert_eq!(
        header(&all, "content-type").as_deref(),
        Some("application/vnd.oci.image.index.v1+json")
    );
    assert_eq!(json(all).await["manifests"].as_array().unwrap().len(), 2);
    let some = bench
        .get(&format!("{path}?artifactType=application%2Fb"))
        .await;
    assert_eq!(
        header(&some, "oci-filters-applied").as_deref(),
        Some("artifactType")
    );
    let some = json(some).await;
    assert_eq!(some["manifests"][0]["annotations"]["k"], "application/b");
    assert_eq!(some["manifests"].as_array().unwrap().len(), 1);

    bench
        .registry
        .switch(|switches| switches.referrers_page_size = Some(1));
    let first = bench.get(&path).await;
    let link = header(&first, "link").unwrap();
    let next = link
        .strip_prefix('<')
        .unwrap()
        .split_once('>')
        .unwrap()
        .0
        .to_owned();
    let second = bench.get(&next).await;
    assert_eq!(header(&second, "link"), None);
    assert_ne!(
        json(first).await["manifests"],
        json(second).await["manifests"]
    );
}

#[tokio::test]
async fn a_registry_without_referrers_neither_lists_nor_echoes_them() {
    let bench = Bench::new().await;
    bench
        .registry
        .switch(|switches| switches.referrers_api = false);
    let image = ImageBuilder::seeded(1).build();
    let artifact = ArtifactBuilder::new("application/a")
        .subject(image.descriptor())
        .build();
    artifact.push_untagged(&bench.registry.state(), "a");
    let put = bench
        .put_manifest(
            "/v2/a/manifests/v1",
            artifact.media_type(),
            artifact.manifest(),
        )
        .await;
    assert_eq!(
        (put.status().as_u16(), header(&put, "oci-subject")),
        (201, None)
    );
    assert_eq!(
        bench
            .get(&format!("/v2/a/referrers/{}", image.digest()))
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn subjects_tags_and_references_can_be_made_strict_or_lax() {
    let bench = Bench::new().await;
    let state = bench.registry.state();
    let image = ImageBuilder::seeded(1).build();
    let artifact = ArtifactBuilder::new("application/a")
        .subject(image.descriptor())
        .build();
    for blob in artifact.blobs() {
        state.put_blob("a", blob.bytes.clone());
    }
    bench
        .registry
        .switch(|switches| switches.missing_subject = Some(400));
    let put = || {
        bench.put_manifest(
            "/v2/a/manifests/sig",
            artifact.media_type(),
            artifact.manifest(),
        )
    };
    assert_eq!(put().await.status(), 400);
    image.push_to(&state, "a", "v1");
    assert_eq!(put().await.status(), 201);

    bench
        .registry
        .switch(|switches| switches.immutable_tags = Some(409));
    let moved = bench
        .put_manifest(
            "/v2/a/manifests/v1",
            artifact.media_type(),
            artifact.manifest(),
        )
        .await;
    assert_eq!(moved.status(), 409);
    let same = bench
        .put_manifest("/v2/a/manifests/v1", image.media_type(), image.manifest())
        .await;
    assert_eq!(same.status(), 201);

    bench
        .registry
        .switch(|switches| switches.check_references = false);
    let index = IndexBuilder::new().missing_child(1).build();
    let put = bench
        .put_manifest(
            "/v2/a/manifests/index",
            index.media_type(),
            index.manifest(),
        )
        .await;
    assert_eq!(put.status(), 201);
}

#[tokio::test]
async fn headers_follow_the_switches() {
    let bench = Bench::new().await;
    bench.registry.switch(|switches| {
        switches.digest_header = false;
        switches.locations = Locations::Absolute;
        switches.forbidden.insert("secret".to_owned());
    });
    ImageBuilder::new()
        .build()
        .push_to(&bench.registry.state(), "a", "v1");
    assert_eq!(
        header(
            &bench.head("/v2/a/manifests/v1").await,
            "docker-content-digest"
        ),
        None
    );
    assert!(bench.open("a").await.starts_with(&bench.registry.url()));
    assert_eq!(
        error_code(bench.get("/v2/secret/tags/list").await).await,
        "DENIED"
    );
}

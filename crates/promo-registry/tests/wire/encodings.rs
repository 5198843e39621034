//! Encoded answers are refused, whatever features of reqwest are on: cargo unifies them, so that any crate of a program
//! may turn decompression on for all its clients. This crate's tests are built with all of them.

use promo_core::oci::{Descriptor, Digest, ManifestReference, MediaType};
use promo_core::ports::{Failure, FailureKind, Registry as _};
use promo_registry::WireRegistry;
use promo_testkit::registry::{Answer, Auth, Fault, Matcher, Operation};

use crate::support::{Bench, tag};

const ENCODINGS: [&str; 4] = ["gzip", "deflate", "br", "zstd"];

/// Gzip of 13 bytes that are a tag list, stored as they are.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\
    \x01\x0d\x00\xf2\xff{\"tags\":null}\
    \x71\x7a\x51\xed\x0d\x00\x00\x00";

fn encoded(encoding: &str) -> Fault {
    let digest = Digest::sha256_of(b"{}").to_string();
    let answer = Answer::status(200)
        .body("application/vnd.oci.image.manifest.v1+json", GZIP)
        .header("content-encoding", encoding)
        .header("docker-content-digest", &digest);
    Fault::Answer(answer)
}

async fn ask(bench: &Bench, wire: &WireRegistry, operation: Operation) -> Option<Failure> {
    let repository = bench.repository("app");
    let digest = Digest::sha256_of(b"{}");
    match operation {
        Operation::ManifestGet => {
            let reference = ManifestReference::Digest(digest);
            wire.get_manifest(&repository, &reference).await.err()
        }
        Operation::BlobGet => {
            // Its length is right, so that nothing but the encoding is wrong.
            let media_type = MediaType::new("application/octet-stream");
            let blob = Descriptor::new(media_type, digest, GZIP.len() as u64);
            wire.get_blob(&repository, &blob).await.err()
        }
        Operation::TagList => wire.tags(&repository, None).await.err(),
        Operation::Referrers => wire.referrers(&repository, &digest).await.err(),
        _ => wire.head_manifest(&repository, &tag("v1")).await.err(),
    }
}

#[tokio::test]
async fn encoded_answers_are_refused_with_all_decoders_built_in() {
    for operation in [
        Operation::ManifestGet,
        Operation::BlobGet,
        Operation::TagList,
        Operation::Referrers,
        Operation::Token,
    ] {
        for encoding in ENCODINGS {
            let bench = match operation {
                Operation::Token => Bench::auth(Auth::bearer().anonymous_pull()).await,
                _ => Bench::new().await,
            };
            bench.image("app", "v1");
            let faults = bench.registry.faults();
            faults.inject(Matcher::on(operation), encoded(encoding));

            let failure = ask(&bench, &bench.wire(), operation).await;

            let failure = failure.expect("it was taken");
            let what = format!("{operation:?} {encoding}: {failure:?}");
            assert_eq!(failure.code().as_str(), "PROMO-R015", "{what}");
            assert_eq!(failure.kind(), FailureKind::Malformed, "{what}");
        }
    }
}

/// The decoders are there: a client that isn't told otherwise decodes, and shows nothing of it.
#[tokio::test]
async fn a_client_that_is_not_told_otherwise_decodes() {
    let bench = Bench::new().await;
    let faults = bench.registry.faults();
    faults.inject(Matcher::any(), encoded("gzip"));
    let client = reqwest::Client::builder()
        .gzip(true)
        .deflate(true)
        .brotli(true);
    let url = format!("http://{}/v2/app/tags/list", bench.registry.host());

    let answer = client.build().unwrap().get(url).send().await.unwrap();

    assert!(!answer.headers().contains_key("content-encoding"));
    assert_eq!(answer.text().await.unwrap(), r#"{"tags":null}"#);
}

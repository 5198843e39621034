//! The examples do what they say, between embedded registries.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::sync::Arc;

use promo::settings::Settings;
use promo::{Extent, PromoteRequest, Promoter, SystemClock, TreeSource, keys};
use promo_core::pipeline::{EdgeResult, StagingPolicy};
use promo_core::ports::{Clock, SignatureFormat};
use promo_core::predicate::PROMOTION_PREDICATE_TYPE;
use promo_core::report::{Report, RunOutcome};
use promo_sign::{KeyVerifier, Password, SigningKey};
use promo_testkit::image::{BuiltImage, ImageBuilder, Layer};
use promo_testkit::registry::{Auth, EmbeddedRegistry, Operation, RegistryOptions};

#[expect(dead_code, reason = "its `main` is for people")]
#[path = "../examples/copy_an_image.rs"]
mod copy_an_image;
#[expect(dead_code, reason = "its `main` is for people")]
#[path = "../examples/keep_an_account.rs"]
mod keep_an_account;
#[expect(dead_code, reason = "its `main` is for people")]
#[path = "../examples/plan_a_tree.rs"]
mod plan_a_tree;
#[expect(dead_code, reason = "its `main` is for people")]
#[path = "../examples/promote_with_an_observer.rs"]
mod promote_with_an_observer;
#[expect(dead_code, reason = "its `main` is for people")]
#[path = "../examples/refuse_from_outside.rs"]
mod refuse_from_outside;
#[expect(dead_code, reason = "its `main` is for people")]
#[path = "../examples/sign_and_verify.rs"]
mod sign_and_verify;

fn image() -> BuiltImage {
    ImageBuilder::new().layer(Layer::opaque(1, 2000)).build()
}

async fn registry() -> EmbeddedRegistry {
    EmbeddedRegistry::start(RegistryOptions::default())
        .await
        .unwrap()
}

/// A plain promoter manifest in a file: one image from staging to production.
fn manifest(
    folder: &std::path::Path,
    staging: &EmbeddedRegistry,
    production: &EmbeddedRegistry,
    image: &BuiltImage,
) -> String {
    let path = folder.join("manifest.yaml");
    let (from, to, digest) = (staging.host(), production.host(), image.digest());
    let text = format!(
        "registries:\n- name: {from}/staging\n  src: true\n- name: {to}/team\n\
         images:\n- name: app\n  dmap:\n    \"{digest}\": [\"v1\"]\n"
    );
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn a_tree_is_planned() {
    let (staging, production) = (registry().await, registry().await);
    let image = image();
    image.push_to(&staging.state(), "staging/app", "v1");
    let folder = tempfile::tempdir().unwrap();
    let path = manifest(folder.path(), &staging, &production, &image);
    let tree = TreeSource::of_path(path.into());
    let lines = plan_a_tree::plan(tree).await.unwrap();
    assert_eq!(
        lines,
        [format!("{}/team/app:v1 promote", production.host())]
    );
}

#[tokio::test]
async fn an_image_is_copied_with_credentials_and_no_tag_is_moved() {
    let locked = || async {
        let options = RegistryOptions::default().auth(Auth::basic("me", "secret"));
        EmbeddedRegistry::start(options).await.unwrap()
    };
    let (source, destination) = (locked().await, locked().await);
    let image = image();
    image.push_to(&source.state(), "team/app", "v1");
    let (from, to) = (
        format!("{}/team/app:v1", source.host()),
        format!("{}/copies/app:v1", destination.host()),
    );
    let copied = copy_an_image::copy("me", "secret", &from, &to)
        .await
        .unwrap();
    assert_eq!(copied.digest.to_string(), image.digest());
    let there = || destination.state().tag_digest("copies/app", "v1");
    assert_eq!(there().as_deref(), Some(image.digest()));

    let other = ImageBuilder::new().layer(Layer::opaque(2, 2000)).build();
    other.push_to(&source.state(), "team/app", "v2");
    let from = format!("{}/team/app:v2", source.host());
    let refused = copy_an_image::copy("me", "secret", &from, &to).await;
    assert_eq!(refused.unwrap_err().code().as_str(), "PROMO-X041");
    assert_eq!(there().as_deref(), Some(image.digest()));
}

#[tokio::test]
async fn an_image_is_signed_and_verified() {
    let registry = registry().await;
    image().push_to(&registry.state(), "team/app", "v1");
    let name = format!("{}/team/app:v1", registry.host());
    let found = sign_and_verify::sign_and_verify(&name).await.unwrap();
    assert!(found.accepted);
    assert_eq!(found.images.first().unwrap().evidence.len(), 2);
}

/// Settings that promote what the manifest wants, signed with a key in the folder.
fn settings(folder: &std::path::Path, manifest: String) -> Settings {
    let key = folder.join("cosign.key");
    let password = Password::new(b"secret".to_vec());
    let pair = promo_sign::generate_key_pair(&password).unwrap();
    fs::write(&key, pair.private()).unwrap();
    let mut settings = Settings::default();
    settings.signing = settings.signing.with_key(key);
    settings.signing.password = Some(password);
    let tree = TreeSource::of_path(manifest.into());
    settings.scope = settings.scope.with_tree(tree);
    settings
}

#[tokio::test]
async fn a_registry_of_ones_own_keeps_account_of_what_was_put() {
    let (staging, production) = (registry().await, registry().await);
    let image = image();
    image.push_to(&staging.state(), "staging/app", "v1");
    let folder = tempfile::tempdir().unwrap();
    let path = manifest(folder.path(), &staging, &production, &image);
    let settings = settings(folder.path(), path);
    let account = keep_an_account::promote(settings).await.unwrap();
    let (host, digest) = (production.host(), image.digest());
    let published = format!("{host}/team/app v1 is {digest}");
    assert_eq!(account.last(), Some(&published), "{account:#?}");
    assert_eq!(
        account.len(),
        production.log().count(Operation::ManifestPut)
    );
    assert!(
        account.len() > 1,
        "the evidence is put before: {account:#?}"
    );
}

#[tokio::test]
async fn a_promotion_is_carried_out() {
    let (staging, production) = (registry().await, registry().await);
    let image = image();
    image.push_to(&staging.state(), "staging/app", "v1");
    let folder = tempfile::tempdir().unwrap();
    let path = manifest(folder.path(), &staging, &production, &image);
    let settings = settings(folder.path(), path);
    let report = promote_with_an_observer::promote(settings).await.unwrap();
    assert_eq!(report.outcome(), RunOutcome::Done);
    let there = production.state().tag_digest("team/app", "v1");
    assert_eq!(there.as_deref(), Some(image.digest()));
}

/// The image under two tags: the check takes one of them, the gate wants two signers of staging.
async fn strictly_promoted(builders: &[Arc<SigningKey>]) -> (Report, EmbeddedRegistry) {
    let (staging, production) = (registry().await, registry().await);
    let image = image();
    image.push_to(&staging.state(), "staging/app", "v1");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let formats = [SignatureFormat::Bundle];
    let name = format!("{}/staging/app:v1", staging.host());
    for key in builders {
        let ports = keys::signing_with(key, &formats, PROMOTION_PREDICATE_TYPE, &clock).unwrap();
        let builder = Promoter::builder().signing(ports).build();
        let images = promo::image::references(std::slice::from_ref(&name)).unwrap();
        builder.sign(images, None, Extent::Confirmed).await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = manifest(folder.path(), &staging, &production, &image);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"v1\"", "\"v1\", \"latest\"")).unwrap();
    let mut settings = Settings::default();
    settings.scope = settings.scope.with_tree(TreeSource::of_path(path.into()));
    settings.staging = settings.staging.with_policy(StagingPolicy::IfPresent);
    settings.signing.no_sign = true;
    let judge =
        KeyVerifier::new(builders.iter().map(|key| key.public_key().clone())).trusting_all();
    let promoter = refuse_from_outside::strict(Promoter::builder())
        .settings(settings)
        .staging_judge(judge)
        .build();
    let request = PromoteRequest::new(Extent::Confirmed);
    (promoter.promote(&request).await.unwrap(), production)
}

fn blocked(report: &Report) -> Vec<&str> {
    let of_plan = report.blocked.iter().map(|edge| edge.code.as_str());
    let of_phases = report.edges.iter().filter_map(|edge| match &edge.result {
        EdgeResult::Blocked(blocked) => Some(blocked.code.as_str()),
        _ => None,
    });
    of_plan.chain(of_phases).collect()
}

#[tokio::test]
async fn a_check_refuses_one_edge_and_a_gate_an_image() {
    let keys: Vec<_> = (0..2)
        .map(|_| Arc::new(SigningKey::generate().unwrap()))
        .collect();

    let (report, production) = strictly_promoted(&keys).await;
    assert_eq!(blocked(&report), ["PROMO-P016"], "{report:#?}");
    assert_eq!(report.totals.published, 1);
    assert!(production.state().tag_digest("team/app", "v1").is_some());
    assert!(
        production
            .state()
            .tag_digest("team/app", "latest")
            .is_none()
    );

    let (report, production) = strictly_promoted(&keys[..1]).await;
    assert_eq!(
        blocked(&report),
        ["PROMO-P016", "PROMO-C060"],
        "{report:#?}"
    );
    assert_eq!(report.outcome(), RunOutcome::Refused);
    assert!(production.log().writes().is_empty());
}

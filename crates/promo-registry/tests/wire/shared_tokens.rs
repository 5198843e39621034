//! Tokens for several repositories: when one is fetched for them together, and that each gets what it needs.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use promo_core::ports::Failure;
use promo_core::ports::{FailureKind, ManifestHead, Registry};
use promo_registry::WireRegistry;
use promo_testkit::registry::{Auth, Operation};

use crate::support::{Bench, tag};

/// How many repositories are asked at once.
const REPOSITORIES: usize = 64;

fn users() -> Auth {
    Auth::bearer().user("ann", "secret").reader("bob", "secret")
}

async fn bench(auth: Auth) -> Bench {
    let bench = Bench::auth(auth).await;
    for number in 0..REPOSITORIES {
        bench.image(&format!("team/r{number}"), "v1");
    }
    bench
}

async fn heads(bench: &Bench, wire: &WireRegistry) -> Vec<Result<Option<ManifestHead>, Failure>> {
    let v1 = tag("v1");
    let repositories: Vec<_> = (0..REPOSITORIES)
        .map(|number| bench.repository(&format!("team/r{number}")))
        .collect();
    join_all(
        repositories
            .iter()
            .map(|repository| wire.head_manifest(repository, &v1)),
    )
    .await
}

fn all_there(heads: Vec<Result<Option<ManifestHead>, Failure>>) {
    for head in heads {
        assert!(head.unwrap().is_some());
    }
}

#[tokio::test]
async fn repositories_that_need_tokens_at_the_same_time_share_them() {
    let bench = bench(users().web_tokens()).await;
    let wire = bench.wire_as("ann", "secret");
    all_there(heads(&bench, &wire).await);
    let grants = bench.registry.tokens().grants();
    // Four at once, then at most sixteen in one.
    assert!(grants.len() <= REPOSITORIES / 4, "{}", grants.len());
    assert!(grants.iter().all(|grant| grant.scopes.len() <= 16));
    let granted: Vec<_> = grants.iter().flat_map(|grant| &grant.scopes).collect();
    assert_eq!(granted.len(), REPOSITORIES);
    assert_eq!(granted.iter().collect::<BTreeSet<_>>().len(), REPOSITORIES);
    // None was asked in vain with one, and later requests need no other.
    let refused = bench
        .registry
        .log()
        .filter(|entry| entry.status == Some(401));
    assert!(refused.iter().all(|entry| entry.user.is_none()));
    bench.registry.log().clear();
    all_there(heads(&bench, &wire).await);
    assert_eq!(bench.registry.log().len(), REPOSITORIES);
}

#[tokio::test]
async fn a_token_that_says_nothing_of_itself_is_shared_with_nobody() {
    let bench = bench(users()).await;
    all_there(heads(&bench, &bench.wire_as("ann", "secret")).await);
    let grants = bench.registry.tokens().grants();
    assert_eq!(grants.len(), REPOSITORIES);
    assert!(grants.iter().all(|grant| grant.scopes.len() == 1));
}

#[tokio::test]
async fn what_a_shared_token_leaves_out_is_asked_for_alone_and_refused_as_ever() {
    let bench = bench(users().web_tokens()).await;
    let wire = bench.wire_as("bob", "secret");
    let repositories: Vec<_> = (0..REPOSITORIES)
        .map(|number| bench.repository(&format!("team/r{number}")))
        .collect();
    // Half of them want to write, which bob may not.
    let v1 = tag("v1");
    let writes = repositories
        .iter()
        .step_by(2)
        .map(|repository| wire.start_upload(repository));
    let reads = repositories.iter().skip(1).step_by(2);
    let reads = reads.map(|repository| wire.head_manifest(repository, &v1));
    let (writes, reads) = tokio::join!(join_all(writes), join_all(reads));
    all_there(reads);
    for write in writes {
        let kind = write.unwrap_err().kind();
        assert_eq!(kind, FailureKind::Unauthenticated);
    }
}

#[tokio::test]
async fn a_shared_token_that_is_withdrawn_is_renewed_by_each() {
    let bench = bench(users().web_tokens()).await;
    let wire = bench.wire_as("ann", "secret");
    all_there(heads(&bench, &wire).await);
    bench.registry.tokens().revoke_all();
    all_there(heads(&bench, &wire).await);
}

#[tokio::test]
async fn a_shared_token_is_used_no_longer_than_it_lasts() {
    let auth = users().web_tokens().expires_in(Duration::from_secs(300));
    let bench = bench(auth).await;
    let wire = bench.wire_as("ann", "secret");
    all_there(heads(&bench, &wire).await);
    bench.time.advance(Duration::from_secs(290));
    bench.registry.log().clear();
    all_there(heads(&bench, &wire).await);
    let log = bench.registry.log();
    assert_eq!(log.count(Operation::ManifestHead), REPOSITORIES);
    assert!(log.count(Operation::Token) <= REPOSITORIES / 4);
}

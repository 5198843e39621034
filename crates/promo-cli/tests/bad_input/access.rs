//! Registries that don't let us in, or no longer.

use promo_testkit::registry::{Auth, Fault, Matcher, Operation};

use crate::support::{KEY, REGISTRY_PASSWORD, World, promote};
use crate::world::untouched;

fn robot() -> Auth {
    Auth::bearer().user("robot", REGISTRY_PASSWORD)
}

/// A token that is withdrawn while requests are under way is renewed, and the run doesn't notice.
#[tokio::test]
async fn a_401_in_the_middle_is_met_with_a_new_token() {
    for (operation, after) in [
        (Operation::ManifestGet, 3),
        (Operation::UploadStart, 2),
        (Operation::Referrers, 0),
        (Operation::ManifestPut, 3),
    ] {
        let world = World::with_production(robot()).await;
        world.log_in();
        let gate = world
            .production
            .faults()
            .pause(Matcher::on(operation).after(after).times(1));
        let child = world.sandbox.spawn(&promote(&KEY));
        gate.reached().await;
        world.production.tokens().revoke_all();
        gate.release();
        let run = world.sandbox.finish(child).await;
        run.is(0, &["2 published"]);
        world.good_ones_are_published();
    }
}

/// Each token is good for so few requests that 401s come at every place; what can't be repeated is blocked, and the
/// next run goes on from there.
#[tokio::test]
async fn tokens_that_end_at_any_place_cost_no_promise() {
    for uses in [2, 3, 5, 8] {
        let world = World::with_production(robot().token_uses(uses)).await;
        world.log_in();
        for round in 0.. {
            let run = world.promote(&KEY).await;
            world.promise_holds();
            if run.code == Some(0) {
                break;
            }
            assert!(round < 8, "tokens of {uses} uses: no progress\n{run}");
            run.is(run.code.unwrap(), &["PROMO-R0"]);
        }
        world.good_ones_are_published();
    }
}

/// The account is closed in the middle: what was published has its evidence, the rest is blocked by code and hint.
#[tokio::test]
async fn an_account_that_is_closed_in_the_middle() {
    for writes in [1, 4, 9, 14] {
        let world = World::with_production(Auth::basic("robot", REGISTRY_PASSWORD)).await;
        world.log_in();
        let closed = Fault::status(401);
        world
            .production
            .faults()
            .inject(Matcher::writes().after(writes), closed);
        let run = world
            .promote(&[KEY[0], KEY[1], "--report", "report.json"])
            .await;
        run.is(4, &["PROMO-R002", "hint: log in to PRODUCTION again"]);
        assert!(world.sandbox.read("report.json").contains("PROMO-R002"));
        world.promise_holds();
        world.completed().await;
    }
}

#[tokio::test]
async fn without_credentials_nothing_is_asked_twice() {
    for (auth, code) in [
        (Auth::basic("robot", REGISTRY_PASSWORD), "PROMO-R002"),
        (robot(), "PROMO-R018"),
    ] {
        let world = World::with_production(auth).await;
        let run = world.promote(&KEY).await;
        run.is(4, &[code, "hint: ", "PRODUCTION"]);
        untouched(&world.production);
        let entries = world.production.log().entries();
        let mut asked: Vec<String> = entries
            .iter()
            .map(|entry| format!("{} {}?{}", entry.method, entry.path, entry.query))
            .collect();
        asked.sort();
        let all = asked.len();
        asked.dedup();
        assert_eq!(asked.len(), all, "{asked:?}");
    }
}

#[tokio::test]
async fn a_repository_that_answers_403() {
    let world = World::start().await;
    let forbid = |repository: &str| {
        let repository = repository.to_owned();
        move |switches: &mut promo_testkit::registry::Switches| {
            switches.forbidden.insert(repository);
        }
    };
    world.production.switch(forbid("team/app"));
    let run = world
        .promote(&[KEY[0], KEY[1], "--report", "report.json"])
        .await;
    run.is(
        4,
        &[
            "undecided",
            "team/app",
            "PROMO-R003",
            "hint: check what the account may do",
        ],
    );
    assert!(world.sandbox.read("report.json").contains("PROMO-R003"));
    assert!(world.published("server").is_some());
    world.nothing_of("app");
    world.promise_holds();
    world
        .production
        .switch(|switches| switches.forbidden.clear());
    world.completed().await;
}

/// A source that can't be read is not lost.
#[tokio::test]
async fn a_source_that_answers_403_is_not_lost() {
    let world = World::start().await;
    world.staging.switch(|switches| {
        switches.forbidden.insert("team/app".to_owned());
    });
    let run = world.promote(&KEY).await;
    run.is(4, &["team/app", "PROMO-R003"]);
    assert!(!run.stdout.contains("lost"), "{run}");
    assert!(world.published("server").is_some());
    world.nothing_of("app");
}

/// An account that may read and not write is found out before anything is sent.
#[tokio::test]
async fn an_account_that_may_only_read() {
    for auth in [Auth::bearer(), Auth::basic("other", "other")] {
        let world = World::with_production(auth.reader("robot", REGISTRY_PASSWORD)).await;
        world.log_in();
        let run = world.promote(&KEY).await;
        run.is(4, &["PROMO-R0", "hint: "]);
        assert!(world.production.state().repositories().is_empty());
        assert_eq!(world.production.open_uploads(), 0);
    }
}

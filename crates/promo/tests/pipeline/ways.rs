//! The ways in which registries are reached: in the open or over TLS with either HTTP, for everybody, with a password or
//! with tokens that run out in the middle. Whatever the way, a promotion is the same.

use promo_core::report::RunOutcome;
use promo_testkit::image::{BuiltImage, IndexBuilder};
use promo_testkit::registry::{Auth, EmbeddedRegistry, RegistryOptions};
use promo_testkit::tls::{Authority, Protocols};

use crate::world::{World, image, want};

/// How a registry knows who asks.
#[derive(Debug, Clone, Copy)]
enum Login {
    Nobody,
    Password,
    /// Each token is good for a number of requests, so it runs out at every place there is.
    ShortTokens,
}

const LOGINS: [Login; 3] = [Login::Nobody, Login::Password, Login::ShortTokens];

impl Login {
    fn auth(self) -> Auth {
        match self {
            Self::Nobody => Auth::none(),
            Self::Password => Auth::basic("ann", "s3cr3t"),
            Self::ShortTokens => Auth::bearer().user("ann", "s3cr3t").token_uses(12),
        }
    }
}

async fn world(protocols: Option<Protocols>, login: Login) -> World {
    let authority = Authority::new().unwrap();
    let options = || {
        let options = RegistryOptions::default().auth(login.auth());
        match protocols {
            Some(protocols) => options.tls(authority.server(protocols).unwrap()),
            None => options,
        }
    };
    let world = World::with(options(), vec![options(), options()]).await;
    let world = match protocols {
        Some(_) => world.trusting(&authority),
        None => world,
    };
    match login {
        Login::Nobody => world,
        _ => world.login("ann", "s3cr3t"),
    }
}

/// A promotion, a second one, one without evidence, and one that completes it.
async fn promote_and_complete(protocols: Option<Protocols>, login: Login) {
    let way = format!("{protocols:?}, {login:?}");
    let world = world(protocols, login).await;
    let index = IndexBuilder::new().image(image(1)).image(image(2)).build();
    let (single, late) = (image(3), image(4));
    for (name, image) in [("index", &index), ("single", &single), ("late", &late)] {
        world.stage(name, image);
    }
    let set = world.set(&[
        want("index", &index, &["v1", "latest"]),
        want("single", &single, &["v1"]),
    ]);

    let first = world.run(&set).await;
    assert_eq!(first.outcome(), RunOutcome::Done, "{way}: {first:#?}");
    assert_eq!(first.totals.published, 6, "{way}");
    assert_whole(&world, "index", &index).await;
    assert_whole(&world, "single", &single).await;

    forget(&world);
    let second = world.run(&set).await;
    assert_eq!(second.outcome(), RunOutcome::Done, "{way}: {second:#?}");
    for registry in registries(&world) {
        assert!(registry.log().writes().is_empty(), "{way}");
    }

    let set = world.set(&[want("late", &late, &["v1"])]);
    let mut settings = world.settings();
    settings.no_sign = true;
    let bare = world.try_run(settings, &set).await.unwrap();
    assert_eq!(bare.totals.published, 2, "{way}: {bare:#?}");
    assert!(
        world
            .accepted_evidence(0, "late", late.digest())
            .await
            .is_empty()
    );
    let mut settings = world.settings();
    settings.plan.complete = true;
    let completed = world.try_run(settings, &set).await.unwrap();
    assert_eq!(
        completed.outcome(),
        RunOutcome::Done,
        "{way}: {completed:#?}"
    );
    assert_whole(&world, "late", &late).await;
    world.assert_promise().await;
}

fn registries(world: &World) -> impl Iterator<Item = &EmbeddedRegistry> {
    world.mirrors.iter().chain([&world.staging])
}

fn forget(world: &World) {
    for registry in registries(world) {
        registry.log().clear();
    }
}

async fn assert_whole(world: &World, name: &str, image: &BuiltImage) {
    for (number, mirror) in world.mirrors.iter().enumerate() {
        assert!(image.is_in(&mirror.state(), &format!("prod/{name}")));
        world.assert_proven_once(number, name, image.digest()).await;
    }
}

#[tokio::test]
async fn in_the_open() {
    for login in LOGINS {
        promote_and_complete(None, login).await;
    }
}

#[tokio::test]
async fn over_tls_with_http_1() {
    for login in LOGINS {
        promote_and_complete(Some(Protocols::Http1), login).await;
    }
}

#[tokio::test]
async fn over_tls_with_http_2() {
    for login in LOGINS {
        promote_and_complete(Some(Protocols::Http2), login).await;
    }
}

#[tokio::test]
async fn tokens_do_run_out_on_the_way() {
    let world = world(None, Login::ShortTokens).await;
    let one = image(1);
    world.stage("app", &one);

    let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    for mirror in &world.mirrors {
        let refused = mirror.log().entries();
        let refused = refused.iter().filter(|entry| {
            entry.status == Some(401) && entry.authorization.as_deref() == Some("Bearer")
        });
        assert!(
            refused.count() > 1,
            "more than the cancel of the push check"
        );
    }
}

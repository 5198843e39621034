//! What a person reviews: what changes stands first, one cause is told once however many edges it blocks, and a table is as
//! wide as there is room.

use std::fmt::Write as _;

use insta::assert_snapshot;
use promo_testkit::image::{ImageBuilder, Layer};
use promo_testkit::registry::{Auth, EmbeddedRegistry, RegistryOptions};

use crate::support::{KEY, REGISTRY_PASSWORD, World, filters, promote};

const PLAN: [&str; 3] = ["plan", "--thin-manifest-dir", "tree"];

/// Forty images with three tags each.
pub(crate) fn many(world: &World) -> String {
    let mut yaml = String::new();
    for number in 0..40 {
        let content = number.to_string();
        let layer = Layer::file("number", &content);
        let image = ImageBuilder::new().layer(layer).build();
        image.push_to(
            &world.staging.state(),
            &format!("team/image-{number:02}"),
            "v1",
        );
        let _ = writeln!(
            yaml,
            "- name: image-{number:02}\n  dmap:\n    \"{}\": [\"v1\", \"v1.0\", \"v1.0.0\"]",
            image.digest()
        );
    }
    yaml
}

#[tokio::test]
async fn one_wrong_password_is_one_cause() {
    let world = World::with_production(Auth::basic("robot", "another")).await;
    world.log_in();
    world.write_tree(&many(&world));
    let _filters = filters().bind_to_scope();
    assert_snapshot!(world.sandbox.run(&PLAN).await, @r#"
    undecided[PROMO-P010] 120 edges of 40 images at PRODUCTION/team: the destination could not be read: PRODUCTION does not let us in for the manifest PRODUCTION/… (PROMO-R002)
      hint: log in to PRODUCTION again, and check that the account may do this

    40 images, 40 digests, 120 edges: 120 undecided
    --- stderr
    hint: `promo login PRODUCTION` logs in
    --- exit 4
    "#);
    let edges = world.sandbox.run(&[&PLAN[..], &["--edges"]].concat()).await;
    assert_eq!(edges.stdout.lines().count(), 120);

    let run = world.promote(&KEY).await;
    assert_snapshot!(run, @r#"
    undecided[PROMO-P010] 120 edges of 40 images at PRODUCTION: the destination could not be read: PRODUCTION does not let us in for the manifest PRODUCTION/… (PROMO-R002)
      hint: log in to PRODUCTION again, and check that the account may do this

    not asked for: provenance, validate
    120 edges: 0 present, 120 blocked
    what was blocked is tried again by the next run; what is published is left as it is
    --- stderr
         setup  1 passed
          plan  0 passed, 120 blocked
       promote  0 passed
          sign  0 passed
        attest  0 passed
       publish  0 passed
    TRAFFIC
    --- exit 4
    "#);
    let each = world.promote(&[&KEY[..], &["--edges"]].concat()).await;
    assert_eq!(each.stdout.matches("undecided[PROMO-P010]").count(), 120);
    assert_eq!(each.stdout.matches("hint: ").count(), 1);
}

/// The account may read and not write: it is found out by the run, not by the plan.
#[tokio::test]
async fn what_a_phase_refuses_is_one_cause_as_well() {
    let auth = Auth::basic("other", "other").reader("robot", REGISTRY_PASSWORD);
    let world = World::with_production(auth).await;
    world.log_in();
    world.write_tree(&many(&world));
    let _filters = filters().bind_to_scope();
    assert_snapshot!(world.promote(&KEY).await, @r#"
    promote[PROMO-R003] 120 edges of 40 images at PRODUCTION: PRODUCTION forbids an upload to PRODUCTION/…: DENIED (this user may not do that)
      hint: check what the account may do on PRODUCTION

    not asked for: provenance, validate
    120 edges: 0 present, 120 blocked
    what was blocked is tried again by the next run; what is published is left as it is
    --- stderr
         setup  1 passed
          plan  40 passed
       promote  blocked PRODUCTION/team/image-00@KEY (PROMO-R003)
       promote  blocked 39 more (PROMO-R003)
       promote  0 passed, 40 blocked
          sign  0 passed
        attest  0 passed
       publish  0 passed
    TRAFFIC
    --- exit 4
    "#);
}

#[tokio::test]
async fn a_run_fits_a_screen_and_can_be_told_edge_by_edge() {
    let world = World::start().await;
    world.write_tree(&many(&world));
    let _filters = filters().bind_to_scope();
    let dry = ["promote", "--thin-manifest-dir", "tree"];
    assert_snapshot!(world.sandbox.run(&dry).await, @r#"
           IMAGE          TAGS              DIGEST               WHERE
    ready  team/image-00  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    ready  team/image-01  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    ready  team/image-02  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    ready  team/image-03  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    ready  team/image-04  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    ready  team/image-05  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    ready  team/image-06  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    ready  team/image-07  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    ready  team/image-08  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    ready  team/image-09  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    ready  team/image-10  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    ready  team/image-11  v1, v1.0, v1.0.0  DIGEST  PRODUCTION
    and 28 images more

    not asked for: provenance, validate
    120 edges: 0 present, 120 ready
    a dry run: nothing was written
    hint: `--confirm` promotes
    --- stderr
         setup  1 passed
          plan  40 passed
    TRAFFIC
    --- exit 0
    "#);
    let each = world.sandbox.run(&[&dry[..], &["--edges"]].concat()).await;
    assert_eq!(
        each.stdout.matches("ready PRODUCTION/team/image-").count(),
        120
    );
    let quiet = world.sandbox.run(&[&dry[..], &["--quiet"]].concat()).await;
    assert_snapshot!(quiet, @r#"
    120 edges: 0 present, 120 ready
    a dry run: nothing was written
    hint: `--confirm` promotes
    --- exit 0
    "#);
}

/// Two mirrors, one of which holds the tag already; a tag that may move; and a table in less room.
#[tokio::test]
async fn a_plan_says_from_where_to_where_and_at_which_mirrors() {
    let mut world = World::start().await;
    let second = EmbeddedRegistry::start(RegistryOptions::default())
        .await
        .unwrap();
    world.sandbox.rename(&second.host(), "SECOND");
    let manifest = "tree/manifests/team/promoter-manifest.yaml";
    let both = format!(
        "{}- name: {}/team\n",
        world.sandbox.read(manifest),
        second.host()
    );
    let (app, server) = (
        world.digest("app").to_owned(),
        world.digest("server").to_owned(),
    );
    for (registry, name) in [
        (&world.production, "app"),
        (&second, "app"),
        (&second, "server"),
    ] {
        world
            .image_of("server")
            .push_to(&registry.state(), &format!("team/{name}"), "v1");
    }
    world.write_tree(&world.images_yaml());
    world.sandbox.write(manifest, &both);
    let mut moves = String::new();
    for host in [world.production.host(), second.host()] {
        let _ = writeln!(
            moves,
            "- {{repository: {host}/team/app, tag: v1, from: '{server}', to: '{app}'}}"
        );
    }
    world.sandbox.write("moves.yaml", &moves);
    let allowed = [&PLAN[..], &["--allow-tag-moves", "moves.yaml"]].concat();
    let mut filters = filters();
    // Which comes first is a matter of their ports.
    filters.add_filter(
        "SECOND(/team)?, PRODUCTION(/team)?",
        "PRODUCTION$1, SECOND$1",
    );
    let _filters = filters.bind_to_scope();
    assert_snapshot!(world.sandbox.run(&allowed).await, @r#"
    IMAGE  TAGS  FROM                 TO                   WHERE          WHY
    app    v1    DIGEST  DIGEST  A (2 mirrors)  moves, as allowed

    IMAGE   TAGS  DIGEST               WHERE                 WHY
    server  v1    DIGEST  PRODUCTION/team  new

    A  PRODUCTION/team, SECOND/team

    2 images, 2 digests, 4 edges: 1 present, 3 promote
    --- exit 0
    "#);
    assert_snapshot!(world.sandbox.run(&PLAN).await, @r#"
    IMAGE   TAGS  DIGEST               WHERE                 WHY
    server  v1    DIGEST  PRODUCTION/team  new

    tag-move[PROMO-P008] 2 edges of app:v1 at PRODUCTION/team, SECOND/team: the tag would move from KEY to KEY, which nobody allowed

    2 images, 2 digests, 4 edges: 1 present, 1 promote, 2 tag-move
    --- stderr
    hint: a tag that is meant to move needs its move, reviewed, in the file of `--allow-tag-moves`:
    - repository: "PRODUCTION/team/app"
      tag: "v1"
      from: KEY
      to: KEY
    - repository: "SECOND/team/app"
      tag: "v1"
      from: KEY
      to: KEY
    hint: a tag that moves with each release is named by a rule (`[[tags]]`) in promo.toml
    --- exit 3
    "#);
    let promoted = world.sandbox.run(&promote(&KEY)).await;
    assert_snapshot!(promoted, @r#"
               IMAGE        TAGS  DIGEST               WHERE
    published  team/server  v1    DIGEST  PRODUCTION

    tag-move[PROMO-P008] 2 edges of team/app:v1 at PRODUCTION, SECOND: the tag would move from KEY to KEY, which nobody allowed

    not asked for: provenance, validate
    4 edges: 1 present, 1 published, 2 blocked
    what was blocked is tried again by the next run; what is published is left as it is
    hint: `promo plan` prints what lets a tag move, ready for the file of `--allow-tag-moves`
    --- stderr
         setup  1 passed
          plan  1 passed, 2 blocked
       promote  1 passed
          sign  1 passed
        attest  1 passed
       publish  1 passed
    TRAFFIC
    --- exit 3
    "#);
}

#[tokio::test]
async fn a_plan_is_kept_as_a_page_with_links_to_its_lines() {
    let world = World::with_blemishes().await;
    let base = "https://forge.example/o/r/blob/main/tree";
    let page = [&PLAN[..], &["--report", "plan.HTML", "--link-base", base]].concat();
    let planned = world.sandbox.run(&page).await;
    assert_eq!(planned.code, Some(3), "{planned}");
    let page = world.sandbox.read("plan.HTML");
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
    let line = format!("<a href=\"{base}/images/team/images.yaml#L6\"");
    assert!(page.contains(&line), "{page}");
    assert!(page.contains("would move, which nobody allowed"), "{page}");
    for wrong in [
        "javascript:alert(1)",
        "https://user:secret@forge.example/r",
        "forge.example",
    ] {
        let refused = world
            .sandbox
            .run(&[&PLAN[..], &["--link-base", wrong]].concat())
            .await;
        assert_eq!(refused.code, Some(2), "{refused}");
    }
}

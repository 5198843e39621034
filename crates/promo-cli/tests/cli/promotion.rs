//! Plans and runs between two registries.

use insta::assert_snapshot;
use promo_testkit::image::{ImageBuilder, Layer};
use serde_json::json;

use crate::support::{KEY, World, promote};

#[tokio::test]
async fn a_run_publishes_with_evidence_and_the_next_sends_no_write() {
    let mut world = World::start().await;
    let (app, server) = (
        world.digest("app").to_owned(),
        world.digest("server").to_owned(),
    );
    for (digest, name) in [(app, "APP"), (server, "SERVER")] {
        world.sandbox.rename(&digest[..19], name);
    }
    let planned = world
        .sandbox
        .run(&["plan", "--thin-manifest-dir", "tree"])
        .await;
    assert_snapshot!(planned, @r"
    IMAGE   TAGS  DIGEST               WHERE                 WHY
    app     v1    APP  PRODUCTION/team  new
    server  v1    SERVER  PRODUCTION/team  new

    2 images, 2 digests, 2 edges: 2 promote
    --- exit 0
    ");
    let dry = world
        .sandbox
        .run(&["promote", "--thin-manifest-dir", "tree"])
        .await;
    assert_snapshot!(dry, @r"
           IMAGE        TAGS  DIGEST               WHERE
    ready  team/app     v1    APP  PRODUCTION
    ready  team/server  v1    SERVER  PRODUCTION

    not asked for: provenance, validate
    2 edges: 0 present, 2 ready
    a dry run: nothing was written
    hint: `--confirm` promotes
    --- stderr
         setup  1 passed
          plan  2 passed
    TRAFFIC
    --- exit 0
    ");
    assert!(world.production.log().writes().is_empty());

    assert_snapshot!(world.promote(&KEY).await, @r"
               IMAGE        TAGS  DIGEST               WHERE
    published  team/app     v1    APP  PRODUCTION
    published  team/server  v1    SERVER  PRODUCTION

    not asked for: provenance, validate
    2 edges: 0 present, 2 published
    --- stderr
         setup  1 passed
          plan  2 passed
       promote  2 passed
          sign  2 passed
        attest  2 passed
       publish  2 passed
    TRAFFIC
    --- exit 0
    ");
    assert_eq!(world.published("app").as_deref(), Some(world.digest("app")));
    assert_eq!(world.referrers("app"), 2);

    world.production.log().clear();
    assert_snapshot!(world.promote(&KEY).await, @r"
    not asked for: provenance, validate
    2 edges: 2 present
    nothing left to do
    --- stderr
         setup  1 passed
          plan  0 passed
       promote  0 passed
          sign  0 passed
        attest  0 passed
       publish  0 passed
    TRAFFIC
    --- exit 0
    ");
    assert!(world.production.log().writes().is_empty());
}

#[tokio::test]
async fn without_a_signer_a_confirmed_run_stops_in_setup() {
    let world = World::start().await;
    assert_snapshot!(world.promote(&[]).await, @r"
    --- stderr
    error[PROMO-C001]: there is no key to sign with
    hint: pass a key with `--key cosign.key` (`promo key generate` makes one)
    hint: or give up the promise that every published tag has its proof: `--no-sign`
    --- exit 2
    ");
    assert!(world.production.log().is_empty());
    let unsigned = world.promote(&["--no-sign"]).await;
    assert_eq!(unsigned.code, Some(0), "{unsigned}");
    assert!(unsigned.stdout.contains("without proof"), "{unsigned}");
    assert_eq!(world.referrers("app"), 0);
}

#[tokio::test]
async fn the_plan_is_a_document() {
    let world = World::start().await;
    let output = world
        .sandbox
        .run(&[
            "plan",
            "--thin-manifest-dir",
            "tree",
            "--output",
            "json",
            "--report",
            "plan.json",
        ])
        .await;
    let plan = output.json();
    assert_eq!(plan["schema"], "promo.plan/v1");
    assert_eq!(plan["summary"]["edges"], 2);
    assert_eq!(plan["summary"]["verdicts"]["promote"], 2);
    assert_eq!(plan["groups"].as_array().unwrap().len(), 2);
    let kept: serde_json::Value = serde_json::from_str(&world.sandbox.read("plan.json")).unwrap();
    let plan: serde_json::Value = plan;
    assert_eq!(kept["summary"], plan["summary"]);
}

#[tokio::test]
async fn a_plan_can_be_made_from_snapshots_alone() {
    let world = World::start().await;
    let hosts = [world.staging.host(), world.production.host()];
    for (name, host) in ["staging.json", "production.json"].into_iter().zip(&hosts) {
        let taken = world
            .sandbox
            .run(&["snapshot", host, "--output", "json"])
            .await;
        assert_eq!(taken.code, Some(0), "{taken}");
        world.sandbox.write(
            name,
            &taken
                .stdout
                .replace("STAGING", &hosts[0])
                .replace("PRODUCTION", &hosts[1]),
        );
    }
    world.staging.log().clear();
    world.production.log().clear();
    let arguments = [
        "plan",
        "--thin-manifest-dir",
        "tree",
        "--inventory",
        "staging.json",
        "--inventory",
        "production.json",
        "--output",
        "json",
        "--exit-code",
    ];
    let planned = world.sandbox.run(&arguments).await;
    assert_eq!(planned.code, Some(6), "{planned}");
    assert_eq!(planned.json()["summary"]["verdicts"]["promote"], 2);
    assert!(world.staging.log().is_empty() && world.production.log().is_empty());
}

/// The forms of kpromo don't say which registry they are of, so the user does.
#[tokio::test]
async fn snapshots_in_yaml_and_csv_are_an_inventory_as_well() {
    let world = World::start().await;
    let app = &world.images[0].1;
    app.push_to(&world.production.state(), "team/app", "v1");
    let production = format!("{}/team", world.production.host());
    let staging = format!("{}/team", world.staging.host());
    for form in ["yaml", "csv"] {
        let mut given = Vec::new();
        for (name, registry) in [("staging", &staging), ("production", &production)] {
            let taken = world
                .sandbox
                .run(&["snapshot", registry, "--output", form])
                .await;
            assert_eq!(taken.code, Some(0), "{taken}");
            world.sandbox.write(name, &taken.stdout);
            given.push(format!("--inventory={registry}={name}"));
        }
        world.staging.log().clear();
        world.production.log().clear();
        let plan = ["plan", "--thin-manifest-dir", "tree", "--output", "json"];
        let arguments: Vec<&str> = plan
            .into_iter()
            .chain(given.iter().map(String::as_str))
            .collect();
        let planned = world.sandbox.run(&arguments).await;
        assert_eq!(planned.code, Some(0), "{planned}");
        let verdicts = &planned.json()["summary"]["verdicts"];
        assert_eq!(
            (&verdicts["present"], &verdicts["promote"]),
            (&json!(1), &json!(1))
        );
        assert!(world.staging.log().is_empty() && world.production.log().is_empty());
        let nameless = [&plan[..], &["--inventory", "staging"]].concat();
        let refused = world.sandbox.run(&nameless).await;
        assert_eq!(refused.code, Some(2), "{refused}");
        assert!(refused.stderr.contains("PROMO-X019"), "{refused}");
    }
}

#[tokio::test]
async fn snapshots_have_the_forms_of_kpromo() {
    let mut world = World::start().await;
    let app = world.digest("app").to_owned();
    world.sandbox.rename(&app, "sha256:APP");
    let host = format!("{}/team/app", world.staging.host());
    let registry = host.strip_suffix("/app").unwrap();
    let yaml = world
        .sandbox
        .run(&["snapshot", registry, "--tag", "v1"])
        .await;
    assert!(
        yaml.stdout
            .starts_with("- name: app\n  dmap:\n    \"sha256:APP\": [\"v1\"]\n"),
        "{yaml}"
    );
    let csv = world
        .sandbox
        .run(&["snapshot", registry, "--output", "csv"])
        .await;
    assert!(csv.stdout.starts_with("app@sha256:APP,app:v1\n"), "{csv}");
    let production = format!("{}/team", world.production.host());
    let wanted = [
        "snapshot",
        &production,
        "--from-manifests",
        "tree",
        "--output",
        "csv",
    ];
    let wanted = world.sandbox.run(&wanted).await;
    assert!(
        wanted.stdout.starts_with("app@sha256:APP,app:v1\n"),
        "{wanted}"
    );
}

#[tokio::test]
async fn a_snapshot_of_a_repository_is_refused_and_not_empty() {
    let world = World::start().await;
    let repository = format!("{}/team/app", world.staging.host());
    let refused = world.sandbox.run(&["snapshot", &repository]).await;
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stdout.is_empty(), "{refused}");
    assert!(
        refused.stderr.contains("is itself a repository"),
        "{refused}"
    );
    assert!(refused.stderr.contains("the path above it"), "{refused}");
}

#[tokio::test]
async fn a_tag_moves_only_where_a_file_allows_it() {
    let world = World::start().await;
    assert_eq!(world.promote(&KEY).await.code, Some(0));
    let (old, new) = (
        world.digest("app").to_owned(),
        world.digest("server").to_owned(),
    );
    world.images[1]
        .1
        .push_to(&world.staging.state(), "team/app", "v2");
    world.write_tree(&format!("- name: app\n  dmap:\n    \"{new}\": [\"v1\"]\n"));
    let refused = world.promote(&KEY).await;
    assert_eq!(refused.code, Some(1), "{refused}");
    assert_eq!(world.published("app"), Some(old.clone()));
    let repository = format!("{}/team/app", world.production.host());
    let allowed = format!("- repository: {repository}\n  tag: v1\n  from: {old}\n  to: {new}\n");
    world.sandbox.write("moves.yaml", &allowed);
    let moved = world
        .promote(&["--key", "cosign.key", "--allow-tag-moves", "moves.yaml"])
        .await;
    assert_eq!(moved.code, Some(0), "{moved}");
    assert_eq!(world.published("app"), Some(new));
    world.sandbox.write("moves.yaml", "- repository: a\n");
    let wrong = world
        .promote(&["--key", "cosign.key", "--allow-tag-moves", "moves.yaml"])
        .await;
    assert_eq!(wrong.code, Some(2), "{wrong}");
}

/// `latest` moves by a rule, at every mirror and with each release; other tags don't, and plans say from where to where.
#[tokio::test]
async fn a_floating_tag_moves_by_a_rule() {
    let world = World::start().await;
    let (old, new) = (
        world.digest("app").to_owned(),
        world.digest("server").to_owned(),
    );
    world.images[1]
        .1
        .push_to(&world.staging.state(), "team/app", "v2");
    let wants = |digest: &str, tag: &str| {
        format!("- name: app\n  dmap:\n    \"{digest}\": [\"latest\", \"{tag}\"]\n")
    };
    world.write_tree(&wants(&old, "v1"));
    assert_eq!(world.promote(&KEY).await.code, Some(0));
    world.write_tree(&wants(&new, "v2"));
    let plan = ["plan", "--thin-manifest-dir", "tree"];
    let stays = world.sandbox.run(&plan).await;
    assert_eq!(stays.code, Some(3), "{stays}");
    let rule = "[[tags]]\nmatch = \"latest\"\nimage = \"a*\"\nmutable = true\n";
    world.sandbox.write("promo.toml", rule);
    let edges = world.sandbox.run(&[&plan[..], &["--edges"]].concat()).await;
    assert_eq!(edges.code, Some(0), "{edges}");
    let edges = edges
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let edges: Vec<serde_json::Value> = edges.collect();
    let latest = edges.iter().find(|edge| edge["tag"] == "latest").unwrap();
    assert_eq!(latest["verdict"], "promote");
    assert_eq!(latest["from"], old.as_str());
    let why = format!("the tag would move from {old} to {new}, as a tag that may move");
    assert_eq!(latest["reason"], why.as_str());
    let shown = world
        .sandbox
        .run(&["settings", "show", "--output", "json"])
        .await
        .json();
    let rows = shown["settings"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == "[[tags]]").unwrap();
    assert_eq!(row["value"], "latest of a*: mutable");
    let saved = world
        .sandbox
        .run(&[&plan[..], &["--save", "plan.json"]].concat())
        .await;
    assert_eq!(saved.code, Some(0), "{saved}");

    // Somebody else moves it after the plan was made: what was reviewed doesn't hold any more.
    let tag = |digest: &str| world.production.state().tag_digest("team/app", digest);
    let other = ImageBuilder::new()
        .layer(Layer::file("a", "another"))
        .build();
    other.push_to(&world.production.state(), "team/app", "latest");
    let apply = [
        "apply",
        "plan.json",
        "--thin-manifest-dir",
        "tree",
        "--confirm",
        "--key",
        "cosign.key",
    ];
    let refused = world.sandbox.run(&apply).await;
    assert_eq!(refused.code, Some(5), "{refused}");
    assert_eq!(tag("latest").as_deref(), Some(other.digest()));
    assert_eq!(tag("v2"), Some(new.clone()));

    // A new run sees where it is now.
    let moved = world.promote(&KEY).await;
    assert_eq!(moved.code, Some(0), "{moved}");
    assert_eq!(tag("latest"), Some(new.clone()));
    assert_eq!(tag("v1"), Some(old.clone()));
    world.write_tree(&wants(&new, "v1"));
    let stays = world.promote(&KEY).await;
    assert_eq!(stays.code, Some(3), "{stays}");
    assert_eq!(tag("v1"), Some(old));
}

#[tokio::test]
async fn a_link_of_the_run_is_written() {
    let world = World::start().await;
    let made = tokio::process::Command::new("openssl")
        .args(["genpkey", "-algorithm", "ed25519", "-out", "link.key"])
        .current_dir(world.sandbox.path(""))
        .output()
        .await;
    let made = made.is_ok_and(|made| made.status.success());
    assert!(made, "openssl is needed to make an Ed25519 key");
    let arguments = [
        "--key",
        "cosign.key",
        "--link",
        "promote.link",
        "--link-key",
        "link.key",
    ];
    let run = world.promote(&arguments).await;
    assert_eq!(run.code, Some(0), "{run}");
    let link: serde_json::Value =
        serde_json::from_str(&world.sandbox.read("promote.link")).unwrap();
    assert_eq!(link["signed"]["_type"], "link");
    assert_eq!(link["signed"]["products"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn events_are_json_if_asked() {
    let world = World::start().await;
    let run = world
        .sandbox
        .run(&promote(&["--no-sign", "--log-format", "json"]))
        .await;
    let events: Vec<serde_json::Value> = run
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        events
            .iter()
            .all(|event| event["schema"] == "promo.event/v1")
    );
    assert!(
        events
            .iter()
            .any(|event| event["event"] == "phaseEnded" && event["phase"] == "publish")
    );
    let quiet = world.sandbox.run(&promote(&["--no-sign", "--quiet"])).await;
    assert_eq!(quiet.stderr, "");
}

#[tokio::test]
async fn a_project_says_it_all_in_its_promo_toml() {
    let world = World::start().await;
    let host = world.production.host();
    let settings = format!(
        "thin-manifest-dir = \"tree\"\n\
         [[identity]]\nmatch = \"{host}/team\"\nname = \"registry.example.com/team\"\n\
         [sign]\nkey = \"cosign.key\"\nformats = [\"bundle\"]\n\
         [attest]\nbuilder-id = \"https://example.com/promoter@v1\"\n"
    );
    world.sandbox.write("promo.toml", &settings);
    let run = ["promote", "--confirm", "--image", "app", "--output", "json"];
    let run = world.sandbox.run(&run).await;
    assert_eq!(run.code, Some(0), "{run}");
    let report = run.json();
    assert_eq!(report["schema"], "promo.report/v1");
    assert_eq!(report["totals"]["published"], 1);
    assert_eq!(
        report["edges"][0]["identity"],
        "registry.example.com/team/app"
    );
    assert_eq!(world.published("server"), None);
    // Only the form asked for: no `.sig` tag stands beside the image's own.
    assert_eq!(world.production.state().tags("team/app").len(), 1);
    let image = world.image("app");
    let verified = ["verify", &image, "--key", "cosign.pub", "--output", "json"];
    let verified = world.sandbox.run(&verified).await.json();
    assert_eq!(
        verified["images"][0]["identity"],
        "registry.example.com/team/app"
    );
    assert_eq!(verified["accepted"], true);
    // The signature speaks of the public name, not of the mirror.
    let by_mirror = format!("{host}/team/app");
    let refused = [
        "verify",
        &image,
        "--key",
        "cosign.pub",
        "--identity",
        &by_mirror,
    ];
    assert_eq!(world.sandbox.run(&refused).await.code, Some(5));
}

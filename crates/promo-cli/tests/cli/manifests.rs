//! Promoter manifests: checked, formatted, added to.

use insta::assert_snapshot;

use crate::support::{Output, World, names_in};

const TREE: [&str; 2] = ["--thin-manifest-dir", "tree"];
const IMAGES: &str = "tree/images/team/images.yaml";

async fn add(world: &World, image: &str, more: &[&str]) -> Output {
    let image = format!("{}/team/{image}", world.staging.host());
    let arguments = [&["manifest", "add", &image], &TREE[..], more].concat();
    world.sandbox.run(&arguments).await
}

#[tokio::test]
async fn lints_are_warnings_in_every_form() {
    let world = World::start().await;
    let digest = world.digest("app");
    world.write_tree(&format!(
        "- name: app\n  dmap:\n    \"{digest}\": [\"latest\"]\n"
    ));
    let check = async |format: &str| {
        let arguments = ["manifest", "check", "tree", "--output", format];
        let output = world.sandbox.run(&arguments).await;
        assert_eq!(output.code, Some(0), "{output}");
        output
    };
    let table = check("table").await;
    assert!(table.stdout.contains("warning[PROMO-M071]"), "{table}");
    assert!(table.stdout.contains("1 warning"), "{table}");
    let github = check("github").await;
    let start = "::warning file=tree/images/team/images.yaml,line=3,";
    assert!(github.stdout.starts_with(start), "{github}");
    let json = check("json").await.json();
    assert_eq!(json["summary"]["warnings"], 1);
    let sarif = check("sarif").await.json();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let result = &run["results"][0];
    assert_eq!(result["ruleId"], "PROMO-M071");
    assert_eq!(result["level"], "warning");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], IMAGES);
    assert_eq!(place["region"]["startLine"], 3);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == "PROMO-M071"));
}

#[tokio::test]
async fn formatting_keeps_comments_and_is_done_once() {
    let world = World::start().await;
    let (app, server) = (world.digest("app"), world.digest("server"));
    let before = format!("# why\n-   {{name: 'app', dmap: {{'{app}': [v1]}}}}  # first\n");
    world.write_tree(&before);
    let format = async |more: &[&str]| {
        let arguments = [&["manifest", "format"], &TREE[..], more].concat();
        world.sandbox.run(&arguments).await
    };
    let checked = format(&["--check"]).await;
    assert_eq!(checked.code, Some(3), "{checked}");
    assert!(checked.stdout.contains(IMAGES), "{checked}");
    assert_eq!(world.sandbox.read(IMAGES), before);
    let formatted = format(&[]).await;
    assert_eq!(formatted.code, Some(0), "{formatted}");
    let after = world.sandbox.read(IMAGES);
    assert!(
        after.starts_with("# why\n- name: app\n  dmap:\n"),
        "{after}"
    );
    assert!(after.contains("# first"), "{after}");
    assert_eq!(format(&["--check"]).await.code, Some(0));
    // One file that can't be formatted: none is written.
    world
        .sandbox
        .write("good.yaml", &before.replace(app, server));
    world.sandbox.write("bad.yaml", "a: [\n");
    let arguments = ["manifest", "format", "good.yaml", "bad.yaml"];
    let refused = world.sandbox.run(&arguments).await;
    assert_eq!(refused.code, Some(2), "{refused}");
    assert_eq!(world.sandbox.read("good.yaml"), before.replace(app, server));
}

#[tokio::test]
async fn an_image_is_added_and_the_rest_stays() {
    let world = World::start().await;
    let (app, server) = (world.digest("app"), world.digest("server"));
    let before =
        format!("# odd   layout\n- name: server # kept\n  dmap:\n    \"{server}\": [ 'v1' ]\n");
    world.write_tree(&before);
    let added = add(&world, "app:v1", &["--tag", "v1", "--tag", "v1.0"]).await;
    assert_eq!(added.code, Some(0), "{added}");
    let after = world.sandbox.read(IMAGES);
    let entry = format!("- name: app\n  dmap:\n    \"{app}\": [\"v1\", \"v1.0\"]\n");
    assert_eq!(after.replace(&entry, ""), before, "{after}");
    assert_ne!(after, before);
    let folder = world.sandbox.path("tree/images/team");
    assert_eq!(names_in(&folder), ["images.yaml"]);
    let again = add(&world, "app:v1", &["--output", "json"]).await;
    assert_eq!(again.json()["changed"], false, "{again}");
    assert_eq!(world.sandbox.read(IMAGES), after);
    let planned = world
        .sandbox
        .run(&[&["plan", "--offline"], &TREE[..]].concat())
        .await;
    assert_eq!(planned.code, Some(0), "{planned}");
}

#[tokio::test]
async fn by_digest_an_image_is_added_without_a_tag() {
    let world = World::start().await;
    world.write_tree("[]\n");
    let app = world.digest("app");
    let added = add(&world, &format!("app@{app}"), &["--output", "json"]).await;
    assert_eq!(added.code, Some(0), "{added}");
    assert_eq!(added.json()["tags"].as_array().unwrap().len(), 0);
    let after = world.sandbox.read(IMAGES);
    assert!(after.contains(app), "{after}");
}

#[tokio::test]
async fn what_can_not_be_added_leaves_the_file_alone() {
    let world = World::start().await;
    let before = world.sandbox.read(IMAGES);
    let elsewhere = format!("{}/other/app:v1", world.staging.host());
    let elsewhere = [&["manifest", "add", &elsewhere], &TREE[..]].concat();
    let cases = [
        (world.sandbox.run(&elsewhere).await, 2, "PROMO-X033"),
        (add(&world, "app:gone", &[]).await, 1, "PROMO-X010"),
        (add(&world, "app", &[]).await, 2, "PROMO-X009"),
        (
            add(&world, "app:v1", &["--tag", "a b"]).await,
            2,
            "PROMO-X001",
        ),
    ];
    for (output, code, said) in cases {
        assert_eq!(output.code, Some(code), "{output}");
        assert!(output.stderr.contains(said), "{said}: {output}");
    }
    // The tag belongs to another digest.
    world.images[1]
        .1
        .push_to(&world.staging.state(), "team/app", "v2");
    let taken = add(&world, "app:v2", &["--tag", "v1"]).await;
    assert_eq!(taken.code, Some(5), "{taken}");
    assert!(taken.stderr.contains("PROMO-X034"), "{taken}");
    assert_eq!(world.sandbox.read(IMAGES), before);
}

#[tokio::test]
async fn a_tag_has_a_digest() {
    let world = World::start().await;
    let image = format!("{}/team/server:v1", world.staging.host());
    let digest = async |more: &[&str]| {
        let arguments = [&["manifest", "digest", &image], more].concat();
        world.sandbox.run(&arguments).await
    };
    let plain = digest(&[]).await;
    assert_eq!(plain.stdout.trim_end(), world.digest("server"));
    let json = digest(&["--output", "json"]).await.json();
    assert_eq!(json["schema"], "promo.digest/v1");
    assert_eq!(json["digest"], world.digest("server"));
    assert_eq!(world.staging.log().len(), 2);
}

/// What `promo init` writes first is what `promo manifest add` extends, line by line.
#[tokio::test]
async fn a_first_tree_grows_by_lines() {
    let world = World::start().await;
    let (staging, production) = (world.staging.host(), world.production.host());
    let (from, to) = (format!("{staging}/team"), format!("{production}/team"));
    let init = ["init", "release", "--staging", &from, "--production", &to];
    let made = world.sandbox.run(&init).await;
    assert_eq!(made.code, Some(0), "{made}");
    let file = "release/tree/images/team/images.yaml";
    let before = world.sandbox.read(file);
    assert!(before.lines().all(|line| line.starts_with('#')), "{before}");
    for image in ["server:v1", "app:v1"] {
        let image = format!("{from}/{image}");
        let add = [
            "manifest",
            "add",
            &image,
            "--thin-manifest-dir",
            "release/tree",
        ];
        let added = world.sandbox.run(&add).await;
        assert_eq!(added.code, Some(0), "{added}");
    }
    let (app, server) = (world.digest("app"), world.digest("server"));
    let entries = format!(
        "- name: app\n  dmap:\n    \"{app}\": [\"v1\"]\n- name: server\n  dmap:\n    \"{server}\": [\"v1\"]\n"
    );
    assert_eq!(world.sandbox.read(file), format!("{before}{entries}"));
    let format = [
        "manifest",
        "format",
        "--thin-manifest-dir",
        "release/tree",
        "--check",
    ];
    let formatted = world.sandbox.run(&format).await;
    assert_eq!(formatted.code, Some(0), "{formatted}");
    let plan = ["plan", "--config", "release/promo.toml", "--exit-code"];
    let planned = world.sandbox.run(&plan).await;
    assert_eq!(planned.code, Some(6), "{planned}");
}

/// A registry that holds signatures, attestations and lists of referrers beside its images.
#[tokio::test]
async fn a_tree_can_begin_with_what_a_signed_registry_holds() {
    let world = World::start().await;
    let signed = ["--key", "cosign.key", "--signature-formats", "sig,bundle"];
    assert_eq!(world.promote(&signed).await.code, Some(0));
    // As a registry without the referrers API has it.
    let fallback = world.digest("app").replace(':', "-");
    let list = promo_testkit::image::ImageBuilder::new().build();
    list.push_to(&world.production.state(), "team/app", &fallback);
    list.push_to(&world.production.state(), "team/only", &fallback);
    let from = format!("{}/team", world.production.host());
    let init = [
        "init",
        "release",
        "--from",
        &from,
        "--production",
        "a.example/team",
    ];
    assert_snapshot!(world.sandbox.run(&init).await, @r"
    wrote release/promo.toml
    wrote release/tree/manifests/team/promoter-manifest.yaml
    wrote release/tree/images/team/images.yaml

    In release:
      promo login REGISTRY        # if docker, podman or skopeo is not logged in there already
      promo manifest add IMAGE    # an image of staging with its digest, under its tag
      promo key generate          # a key pair to sign with
      promo manifest check        # are the promoter manifests well formed?
      promo plan --offline        # what do they want?
      promo promote               # a dry run; add --confirm --key cosign.key to promote
    --- stderr
    left out: app: 2 tags of evidence (`sha256-…`), which is made anew where images go
    left out: only: 1 tag of evidence (`sha256-…`), which is made anew where images go
    left out: server: 1 tag of evidence (`sha256-…`), which is made anew where images go
    --- exit 0
    ");
    let listed = world.sandbox.read("release/tree/images/team/images.yaml");
    assert_eq!(listed, world.images_yaml());
    let check = world
        .sandbox
        .run(&["manifest", "check", "release/tree"])
        .await;
    assert_snapshot!(check, @r"
    ok: 1 promoter manifest, 2 images, 2 digests; 0 invalid entries, 0 warnings
    --- exit 0
    ");
    let snapshot = world
        .sandbox
        .run(&["snapshot", &from, "--as-manifest"])
        .await;
    assert_eq!(snapshot.code, Some(0), "{snapshot}");
    assert_eq!(snapshot.stdout, listed);
}

/// Without flags, all of them take the tree that promo.toml names.
#[tokio::test]
async fn the_tree_of_promo_toml_is_found_by_every_command() {
    let world = World::start().await;
    world
        .sandbox
        .write("promo.toml", "thin-manifest-dir = \"tree\"\n");
    for arguments in [
        &["manifest", "check"][..],
        &["manifest", "format"],
        &["plan", "--offline"],
    ] {
        let run = world.sandbox.run(arguments).await;
        assert_eq!(run.code, Some(0), "{arguments:?}: {run}");
    }
    let plain = format!(
        "registries:\n- name: a.example/s\n  src: true\n- name: b.example/p\nimages:\n-   {{name: app, dmap: {{'{}': [v1]}}}}\n",
        world.digest("app")
    );
    world.sandbox.write("plain.yaml", &plain);
    let format = ["manifest", "format", "--manifest", "plain.yaml"];
    let check = [&format[..], &["--check"]].concat();
    assert_eq!(world.sandbox.run(&check).await.code, Some(3));
    assert_eq!(world.sandbox.run(&format).await.code, Some(0));
    assert_eq!(world.sandbox.run(&check).await.code, Some(0));
    let check = world
        .sandbox
        .run(&["manifest", "check", "--manifest", "plain.yaml"])
        .await;
    assert_eq!(check.code, Some(0), "{check}");
    let both = world
        .sandbox
        .run(&["manifest", "check", "tree", "--manifest", "plain.yaml"])
        .await;
    assert_eq!(both.code, Some(2), "{both}");
}

//! Trees as they are in production: many manifests, `imagesPath`, sections about provenance.

use std::fmt::Write as _;

use crate::support::{KEY, Sandbox, World};

/// A section as kpromo 4.7 knows it.
fn provenance(mode: &str) -> String {
    format!(
        "provenance:
  mode: {mode}
  signers:
  - sigstore::https://accounts.google.com::builder@project.iam.gserviceaccount.com
  builders:
  - id: https://cloudbuild.googleapis.com/projects/project/cloudbuild.yaml
    level: 1
  - id: https://github.com/org/repo/.github/workflows/release.yml
    level: 3
    caller:
      refs: [\"refs/tags/v*\"]
  sources:
  - github.com/org/repo
  predicateTypes: [https://slsa.dev/provenance/v1]
  levels:
  - images: [\"image-?\"]
    level: 3
"
    )
}

const MANIFESTS: usize = 75;
const MIRRORS: usize = 22;

/// As the tree of June 2024 and later: 75 manifests, most with 22 destinations, one with 66.
fn write_large(sandbox: &Sandbox) -> usize {
    let mut edges = 0;
    for number in 0..MANIFESTS {
        let mirrors = if number == 0 { 3 * MIRRORS } else { MIRRORS };
        let mut manifest =
            format!("registries:\n- name: gcr.io/k8s-staging-{number}\n  src: true\n");
        for mirror in 0..mirrors {
            let _ = writeln!(
                manifest,
                "- name: region{mirror}-docker.pkg.dev/prod/images/{number}\n  service-account: robot@prod.iam.gserviceaccount.com"
            );
        }
        if number % 20 == 0 {
            let _ = writeln!(
                manifest,
                "imagesPath: \"../../images/p{number}/images.yaml\""
            );
        }
        if number % 3 > 0 {
            let mode = ["off", "warn", "require"][number % 3];
            manifest.push_str(&provenance(mode));
        }
        let mut images = "# images\n".to_owned();
        for image in 0..8 {
            let _ = writeln!(images, "- name: image-{image}\n  dmap:");
            for digest in 0..10 {
                let digest = 1000 * number + 10 * image + digest;
                let _ = match digest % 10 {
                    0 => writeln!(
                        images,
                        "    \"sha256:{digest:064x}\": [\n      \"v1.{digest}\",\n      1.{digest},\n    ]"
                    ),
                    _ => writeln!(
                        images,
                        "    \"sha256:{digest:064x}\": [\"v1.{digest}\", \"1.{digest}\"]"
                    ),
                };
            }
        }
        edges += 8 * 10 * 2 * mirrors;
        sandbox.write(
            &format!("tree/manifests/p{number}/promoter-manifest.yaml"),
            &manifest,
        );
        sandbox.write(&format!("tree/images/p{number}/images.yaml"), &images);
    }
    edges
}

const PLAN: [&str; 4] = ["plan", "--thin-manifest-dir", "tree", "--offline"];

#[tokio::test]
async fn a_tree_as_large_and_odd_as_the_real_one_is_planned_whole() {
    let sandbox = Sandbox::new();
    let edges = write_large(&sandbox);
    let plan = sandbox
        .run(&[&PLAN[..], &["--output", "json"]].concat())
        .await;
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    let document = plan.json();
    assert_eq!(document["summary"]["edges"], edges);
    assert_eq!(document["summary"]["invalid"], 0);
    // Said once for each manifest that asks for provenance, and nothing else.
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), MANIFESTS / 3 * 2);
    assert!(
        findings
            .iter()
            .all(|finding| finding["code"] == "PROMO-M048")
    );
    let check = sandbox.run(&["manifest", "check", "tree"]).await;
    assert_eq!(check.code, Some(0), "{}", check.stderr);
}

/// A world whose `team` requires provenance, and an `other` that doesn't.
async fn requiring() -> World {
    let world = World::start().await;
    let (staging, production) = (world.staging.host(), world.production.host());
    let registries = |team: &str| {
        format!("registries:\n- name: {staging}/{team}\n  src: true\n- name: {production}/{team}\n")
    };
    world
        .image_of("app")
        .push_to(&world.staging.state(), "other/app", "v1");
    let manifest = format!("{}{}", registries("team"), provenance("require"));
    world
        .sandbox
        .write("tree/manifests/team/promoter-manifest.yaml", &manifest);
    world.sandbox.write(
        "tree/manifests/other/promoter-manifest.yaml",
        &registries("other"),
    );
    let images = format!(
        "- name: app\n  dmap:\n    \"{}\": [\"v1\"]\n",
        world.digest("app")
    );
    world
        .sandbox
        .write("tree/images/other/images.yaml", &images);
    world
}

#[tokio::test]
async fn what_requires_provenance_is_planned_and_refused_and_holds_nothing_else_up() {
    let world = requiring().await;
    let plan = ["plan", "--thin-manifest-dir", "tree", "--output", "json"];
    let plan = world.sandbox.run(&plan).await;
    assert_eq!(plan.code, Some(0), "{plan}");
    assert_eq!(plan.json()["summary"]["verdicts"]["promote"], 3);

    let run = world
        .promote(&[&KEY[..], &["--output", "json"]].concat())
        .await;
    assert_eq!(run.code, Some(5), "{run}");
    let report = run.json();
    let refused = report["edges"].as_array().unwrap().iter();
    let refused: Vec<_> = refused.filter(|edge| edge["result"] == "left").collect();
    assert_eq!(refused.len(), 2);
    for edge in refused {
        assert_eq!(edge["phase"], "provenance");
        assert_eq!(edge["code"], "PROMO-C023");
        assert_eq!(edge["class"], "refused");
        assert!(
            edge["hints"][0].as_str().unwrap().contains("mode: warn"),
            "{edge}"
        );
    }
    assert_eq!(report["totals"]["published"], 1);
    assert_eq!(world.published("app"), None);
    let other = world.production.state().tag_digest("other/app", "v1");
    assert_eq!(other.as_deref(), Some(world.digest("app")));
}

#[tokio::test]
async fn a_policy_of_a_registry_holds_for_the_registries_in_it() {
    let world = World::start().await;
    let (staging, production) = (world.staging.host(), world.production.host());
    let nobody = "registries: [{name: STAGING, src: true}, {name: PRODUCTION/x}]\n";
    let nobody = nobody
        .replace("STAGING", &staging)
        .replace("PRODUCTION", &production);
    // The host as a whole is the source of a manifest without images.
    let manifest = format!("{nobody}{}", provenance("require"));
    world
        .sandbox
        .write("tree/manifests/all/promoter-manifest.yaml", &manifest);
    world.sandbox.write("tree/images/all/images.yaml", "");
    let run = world.promote(&KEY).await;
    assert_eq!(run.code, Some(5), "{run}");
    assert!(run.stdout.contains("PROMO-C023"), "{run}");
    assert_eq!(world.published("app"), None);
}

#[tokio::test]
async fn a_section_that_cannot_be_used_refuses_its_images_and_warn_lets_them_pass() {
    let world = requiring().await;
    let path = "tree/manifests/team/promoter-manifest.yaml";
    let manifest = world.sandbox.read(path);
    world
        .sandbox
        .write(path, &manifest.replace("level: 1", "level: 7"));
    let run = world.promote(&KEY).await;
    assert_eq!(run.code, Some(5), "{run}");
    assert!(
        run.stdout.contains("PROMO-C024") && run.stdout.contains("PROMO-M047"),
        "{run}"
    );
    assert_eq!(world.published("app"), None);
    world
        .sandbox
        .write(path, &manifest.replace("require", "warn"));
    let run = world.promote(&KEY).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains("PROMO-M048"), "{run}");
    assert_eq!(world.published("app").as_deref(), Some(world.digest("app")));
}

#[tokio::test]
async fn cip_refuses_what_requires_provenance_and_promotes_the_rest() {
    let world = requiring().await;
    let cip = [
        "cip",
        "--compat",
        "k8s",
        "--thin-manifest-dir=tree",
        "--sign=false",
        "--staging-signatures=off",
        "--confirm",
    ];
    let run = world.sandbox.run(&cip).await;
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("PROMO-C023"), "{run}");
    assert!(!run.stderr.contains("provenance is not asked for"), "{run}");
    assert_eq!(world.published("app"), None);
    let other = world.production.state().tag_digest("other/app", "v1");
    assert_eq!(other.as_deref(), Some(world.digest("app")));
}

#[tokio::test]
async fn a_pattern_that_selects_nothing_is_a_mistake_and_names_what_there_is() {
    let world = World::start().await;
    let commands: [&[&str]; 3] = [&["plan"], &["plan", "--offline"], &["promote"]];
    for command in commands {
        let with =
            |more: &[&'static str]| [command, &["--thin-manifest-dir", "tree"], more].concat();
        for (pattern, near) in [
            (
                &["--image", "serwer"][..],
                "hint: the promoter manifests have 2 images: `server`, `app`",
            ),
            (&["--image", "app", "--image", "sever*"], "`server`"),
            (&["--image", "App"], "`app`"),
            (
                &["--destination", "production.example/team"],
                "have 1 destination: `PRODUCTION/team`",
            ),
            (&["--destination", "*/teams"], "`PRODUCTION/team`"),
        ] {
            let run = world.sandbox.run(&with(pattern)).await;
            assert_eq!(run.code, Some(2), "{command:?} {pattern:?}\n{run}");
            assert!(run.stderr.contains("error[PROMO-X035]"), "{run}");
            assert!(run.stderr.contains(near), "{pattern:?}\n{run}");
            assert_eq!(run.stdout, "");
        }
        for pattern in [
            &["--image", "app"][..],
            &["--image", "*/team/server"],
            &["--destination", "*/team"],
            &["--destination", "127.0.0.1:*", "--image", "s*"],
        ] {
            let run = world.sandbox.run(&with(pattern)).await;
            assert_eq!(run.code, Some(0), "{command:?} {pattern:?}\n{run}");
        }
    }
    assert!(world.production.log().writes().is_empty());
}

#[tokio::test]
async fn patterns_that_select_nothing_together_are_a_mistake_too() {
    let sandbox = Sandbox::new();
    for (team, image) in [("a", "app"), ("b", "server")] {
        let registries = format!(
            "registries: [{{name: s.example/{team}, src: true}}, {{name: {team}.example}}]\n"
        );
        sandbox.write(
            &format!("tree/manifests/{team}/promoter-manifest.yaml"),
            &registries,
        );
        let images = format!(
            "- name: {image}\n  dmap: {{\"sha256:{}\": [v1]}}\n",
            "a".repeat(64)
        );
        sandbox.write(&format!("tree/images/{team}/images.yaml"), &images);
    }
    let with = |more: &[&'static str]| [&PLAN[..], more].concat();
    let apart = sandbox
        .run(&with(&["--image", "app", "--destination", "b.example"]))
        .await;
    assert_eq!(apart.code, Some(2), "{apart}");
    assert!(apart.stderr.contains("PROMO-X035"), "{apart}");
    let together = sandbox
        .run(&with(&["--image", "app", "--destination", "a.example"]))
        .await;
    assert_eq!(together.code, Some(0), "{together}");
}

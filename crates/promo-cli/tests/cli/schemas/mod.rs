//! What commands print is as the published JSON Schemas say.

mod promo_toml;
mod promoter_manifests;
mod trust_toml;
mod validator;

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Output, World, promote};
use validator::wrong;

fn schema(file: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/schemas");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Holds a document against the schema that it names.
fn assert_fits(document: &Value) {
    let name = document["schema"].as_str().unwrap();
    let schema = schema(&format!("{}.json", name.replace('/', ".")));
    let wrong = wrong(&schema, document);
    assert!(wrong.is_empty(), "{name}: {wrong:#?}\n{document:#}");
}

fn assert_lines_fit(output: &Output, name: &str) {
    let lines: Vec<Value> = output
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        assert_fits(line);
    }
    assert!(lines.iter().any(|line| line["schema"] == name), "{output}");
}

impl World {
    /// The document that a command prints.
    async fn document(&self, arguments: &[&str]) -> Value {
        let json = ["--output", "json"];
        let output = self.sandbox.run(&[arguments, &json].concat()).await;
        let document = output.json();
        assert_fits(&document);
        document
    }
}

#[tokio::test]
async fn plans_reports_and_checks_fit_their_schemas() {
    let world = World::with_blemishes().await;
    let tree = ["--thin-manifest-dir", "tree"];
    let plan = world.document(&[&["plan"][..], &tree].concat()).await;
    assert_eq!(plan["summary"]["verdicts"]["tag-move"], 1, "{plan:#}");
    assert!(!plan["findings"].as_array().unwrap().is_empty());
    world
        .document(&[&["plan", "--offline"][..], &tree].concat())
        .await;
    let measured = world
        .document(&[&["plan", "--cost"][..], &tree].concat())
        .await;
    assert!(measured["groups"][0]["size"].is_object(), "{measured:#}");
    let summary = world
        .document(&[&["plan", "--summary", "--cost"][..], &tree].concat())
        .await;
    assert_eq!(summary["summary"], measured["summary"]);
    assert_eq!(summary["cost"], measured["cost"]);
    world
        .document(&[&["promote", "--no-sign"][..], &tree].concat())
        .await;
    let report = world.document(&promote(&["--key", "cosign.key"])).await;
    assert_eq!(report["totals"]["published"], 1, "{report:#}");
    assert!(!report["left"].as_array().unwrap().is_empty());
    let check = world.document(&["manifest", "check", "tree"]).await;
    assert!(!check["findings"].as_array().unwrap().is_empty());
    world.document(&["settings", "show"]).await;
    world
        .document(&["snapshot", &world.production.host()])
        .await;
}

#[tokio::test]
async fn each_line_of_a_trace_fits_its_schema() {
    let world = World::start().await;
    let run = world
        .promote(&["--key", "cosign.key", "--trace", "run.trace"])
        .await;
    assert_eq!(run.code, Some(0), "{run}");
    let schema = schema("promo.trace.v1.json");
    let text = world.sandbox.read("run.trace");
    assert!(text.lines().count() > 20, "{text}");
    for line in text.lines() {
        let line = serde_json::from_str(line).unwrap();
        let wrong = wrong(&schema, &line);
        assert!(wrong.is_empty(), "{wrong:#?}\n{line:#}");
    }
}

#[tokio::test]
async fn a_report_about_what_a_phase_left_fits_its_schema() {
    let world = World::start().await;
    let required = [
        "--staging-signatures",
        "require",
        "--staging-key",
        "cosign.pub",
    ];
    let mut arguments = promote(&["--key", "cosign.key"]);
    arguments.extend(required);
    let report = world.document(&arguments).await;
    assert_eq!(report["edges"][0]["result"], "left", "{report:#}");
}

#[tokio::test]
async fn evidence_and_verifications_fit_their_schemas() {
    let world = World::start().await;
    assert_eq!(world.promote(&["--no-sign"]).await.code, Some(0));
    let image = world.image("app");
    world
        .document(&["verify", &image, "--key", "cosign.pub"])
        .await;
    world
        .document(&["sign", &image, "--key", "cosign.key", "--confirm"])
        .await;
    let source = format!("{}/team/app", world.staging.host());
    let attest = [
        "attest",
        &image,
        "--key",
        "cosign.key",
        "--source",
        &source,
        "--confirm",
    ];
    let attested = world.document(&attest).await;
    let made = &attested["images"][0]["made"][0]["attestation"];
    assert!(made["predicateType"].is_string(), "{attested:#}");
    let verified = world
        .document(&["verify", &image, "--key", "cosign.pub"])
        .await;
    assert_eq!(verified["accepted"], true);
    world.sandbox.keys("other").await;
    let strange = world
        .document(&["verify", &image, "--key", "other.pub"])
        .await;
    assert!(
        !strange["images"][0]["unknown"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn lines_of_logs_fit_their_schemas() {
    let world = World::start().await;
    let events = promote(&["--no-sign", "--log-format", "json", "-v"]);
    assert_lines_fit(&world.sandbox.run(&events).await, "promo.event/v1");
    let cip = ["cip", "--thin-manifest-dir", "tree", "--log-format", "json"];
    assert_lines_fit(&world.sandbox.run(&cip).await, "promo.log/v1");
}

/// A list that the command takes fits, and what the command refuses doesn't.
#[tokio::test]
async fn the_schema_of_tag_moves_says_what_is_taken() {
    let world = World::with_blemishes().await;
    let (from, to) = (world.digest("app"), world.digest("server"));
    let repository = format!("{}/team/server", world.production.host());
    let taken = json!([{ "repository": repository, "tag": "v1", "from": from, "to": to }]);
    let refused = [
        json!([{ "repository": repository, "tag": "v1", "from": from }]),
        json!([{ "repository": repository, "tag": "v1", "from": from, "to": "sha256:00" }]),
        json!([{ "repository": "host", "tag": "v1", "from": from, "to": to }]),
        json!([{ "repository": repository, "tag": "-", "from": from, "to": to }]),
        json!([{ "repository": repository, "tag": "v1", "from": from, "to": to, "why": "" }]),
        json!({}),
    ];
    let schema = schema("tag-moves.json");
    let lists = std::iter::once((&taken, true)).chain(refused.iter().map(|list| (list, false)));
    for (list, fits) in lists {
        assert_eq!(wrong(&schema, list).is_empty(), fits, "{list}");
        world.sandbox.write("moves.json", &list.to_string());
        let arguments = [
            "plan",
            "--thin-manifest-dir",
            "tree",
            "--allow-tag-moves",
            "moves.json",
        ];
        let planned = world.sandbox.run(&arguments).await;
        assert_eq!(planned.code != Some(2), fits, "{list}\n{planned}");
    }
}

#[tokio::test]
async fn what_is_not_as_the_schema_says_is_found() {
    let world = World::with_blemishes().await;
    let plan = world
        .document(&["plan", "--thin-manifest-dir", "tree"])
        .await;
    let edits = [
        ("/schema", json!("promo.plan/v2")),
        ("/offline", json!("no")),
        ("/summary/edges", json!(-1)),
        ("/summary/verdicts", json!({})),
        ("/groups/0/digest", json!("sha256:00")),
        ("/groups/0/usual/verdict", json!("maybe")),
        ("/groups/0/tags", json!(["a b"])),
        ("/findings/0/line", json!("1")),
        ("/unchanged", json!({ "groups": 0, "edges": 0, "more": 1 })),
    ];
    let schema = schema("promo.plan.v1.json");
    for (place, value) in edits {
        let mut edited = plan.clone();
        *edited.pointer_mut(place).unwrap() = value;
        assert!(!wrong(&schema, &edited).is_empty(), "{place} was not found");
    }
}

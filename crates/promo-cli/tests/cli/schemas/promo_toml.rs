//! The schema of promo.toml says what promo takes: each file here is given to both.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::schema;
use super::trust_toml::is_trust;
use super::validator::wrong;
use crate::support::Sandbox;

/// What the schema has against a file.
fn wrong_by_schema(text: &str) -> Vec<String> {
    let document: Value = toml::from_str(text).unwrap();
    wrong(&schema("promo.toml.json"), &document)
}

async fn exit_of(text: &str) -> Option<i32> {
    let sandbox = Sandbox::new();
    sandbox.write("promo.toml", text);
    sandbox.run(&["settings", "show"]).await.code
}

async fn assert_taken(text: &str) {
    let wrong = wrong_by_schema(text);
    assert!(wrong.is_empty(), "{wrong:#?} in\n{text}");
    assert_eq!(exit_of(text).await, Some(0), "{text}");
}

pub(super) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// The blocks of TOML in the documents below a folder.
pub(super) fn blocks_of(folder: &Path, blocks: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            blocks_of(&path, blocks);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            let text = std::fs::read_to_string(&path).unwrap();
            let fences = text.split("```toml\n").skip(1);
            blocks.extend(fences.map(|rest| rest.split("```").next().unwrap().to_owned()));
        }
    }
}

#[tokio::test]
async fn what_documents_show_and_tests_use_fits() {
    let complete = repository("crates/promo/src/settings/tests/complete.toml");
    assert_taken(&std::fs::read_to_string(complete).unwrap()).await;
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["init"]).await.code, Some(0));
    let first = sandbox.read("promo.toml");
    assert_taken(&first).await;
    // What stands there as a comment is for those who take the `# ` away.
    let lines = first.lines().map(|line| match line.strip_prefix("# ") {
        Some(key) if key.starts_with("[[") || key.contains(" = ") => key,
        _ => line,
    });
    let all: Vec<&str> = lines.collect();
    assert_ne!(all, first.lines().collect::<Vec<_>>());
    assert_taken(&all.join("\n")).await;
    let mut blocks = Vec::new();
    blocks_of(&repository("docs"), &mut blocks);
    assert!(blocks.len() > 1, "{blocks:#?}");
    for block in blocks.iter().filter(|block| !is_trust(block)) {
        assert_taken(block).await;
    }
}

#[tokio::test]
async fn every_key_is_taken() {
    assert_taken(
        r#"#:schema ./promo.toml.json
output = "yaml"
log-format = "json"
color = "never"
manifest = "manifest.yaml"
allow-tag-moves = "moves.yaml"
authfile = "auth.json"
carry = ["application/spdx+json"]

[registry."registry.internal:5000"]
rate = 0.5
inventory = "cheapest"
google-credentials = false
client-certificate = "client.pem"
client-key = "client.key"

[registry."[::1]:5000"]
plain-http = true
http-version = "2"

[sign]
formats = ["bundle", "sig"]
evidence = "all-mirrors"
recursive = true

[verify]
staging-names = ["*", "dev.example.com/team"]
staging-signatures = "if-present"
"#,
    )
    .await;
}

/// A field that isn't described is wrong for the tests' own validator, so that it is looked for what the schema says
/// itself: an editor knows nothing else.
#[tokio::test]
async fn unknown_keys_are_refused_by_the_schema_and_by_promo() {
    let unknown = [
        "manifests = 'a'\n",
        "[sign]\nkye = 'a'\n",
        "[verify]\nkeys = ['a']\n",
        "[attest]\nbuilder = 'a'\n",
        "[tls]\nroot = 'a'\n",
        "[registry.'registry.internal']\nplain_http = true\n",
        "[registry.'registry.internal/path']\nplain-http = true\n",
        "[[identity]]\nmatch = 'a.example/b'\nname = 'c.example'\nwhy = ''\n",
        "[[tags]]\nmatch = 'latest'\nmutable = true\nimages = 'a'\n",
    ];
    for text in unknown {
        let wrong = wrong_by_schema(text);
        let says_so = |it: &String| it.contains("additionalProperties false does not hold");
        assert!(wrong.iter().any(says_so), "{wrong:#?} in {text}");
        assert_eq!(exit_of(text).await, Some(2), "{text}");
    }
}

#[tokio::test]
async fn values_that_can_not_be_are_refused_by_the_schema_and_by_promo() {
    let wrong = [
        "output = 'markdown'\n",
        "log-format = 'yaml'\n",
        "color = 'yes'\n",
        "manifest = ['a']\n",
        "carry = ['spdx']\n",
        "[[identity]]\nmatch = 'a.example/b'\n",
        "[[tags]]\nmatch = 'latest'\n",
        "[[tags]]\nmatch = ''\nmutable = true\n",
        "[[tags]]\nmatch = 'latest'\nmutable = 'yes'\n",
        "[[identity]]\nmatch = 'https://a.example/b'\nname = 'c.example'\n",
        "[registry.'registry.internal']\nrate = 0\n",
        "[registry.'registry.internal']\nconcurrency = 0\n",
        "[registry.'registry.internal']\nconcurrency = 65536\n",
        "[registry.'registry.internal']\ninventory = 'all'\n",
        "[registry.'registry.internal']\ntoken-realm = 'https://auth.internal'\n",
        "[sign]\nformats = ['gpg']\n",
        "[sign]\nevidence = 'canonical'\n",
        "[sign]\nrecursive = 'yes'\n",
        "[verify]\nstaging-signatures = 'maybe'\n",
        "[verify]\nstaging-names = ['https://a.example/b']\n",
        "[verify]\nstaging-attestations = ['provenance']\n",
    ];
    for text in wrong {
        assert!(!wrong_by_schema(text).is_empty(), "{text}");
        assert_eq!(exit_of(text).await, Some(2), "{text}");
    }
}

//! The schema of trust documents says what promo takes: what the book shows is given to both.

use serde_json::Value;

use super::promo_toml::{blocks_of, repository};
use super::schema;
use super::validator::wrong;
use crate::support::Sandbox;

/// Whether a block of TOML is a trust document, by its first line.
pub(super) fn is_trust(block: &str) -> bool {
    block.starts_with("schema = \"promo.trust/")
}

/// The files that a document names by one key.
fn files<'a>(document: &'a Value, key: &str) -> Vec<&'a str> {
    let signers = document["signer"].as_object().unwrap().values();
    signers.filter_map(|signer| signer[key].as_str()).collect()
}

#[tokio::test]
async fn what_documents_show_fits() {
    let mut blocks = Vec::new();
    blocks_of(&repository("docs"), &mut blocks);
    blocks.retain(|block| is_trust(block));
    assert!(!blocks.is_empty());
    for block in blocks {
        let document: Value = toml::from_str(&block).unwrap();
        let wrong = wrong(&schema("trust.toml.json"), &document);
        assert!(wrong.is_empty(), "{wrong:#?} in\n{block}");

        let sandbox = Sandbox::new();
        for file in files(&document, "key") {
            sandbox.keys("made").await;
            sandbox.write(file, &sandbox.read("made.pub"));
            std::fs::remove_file(sandbox.path("made.key")).unwrap();
            std::fs::remove_file(sandbox.path("made.pub")).unwrap();
        }
        let root = repository("crates/promo-sign/tests/fixtures/sigstore/trusted_root.json");
        let root = std::fs::read_to_string(root).unwrap();
        for file in document["roots"].as_array().into_iter().flatten() {
            sandbox.write(file.as_str().unwrap(), &root);
        }
        let tuf = repository("crates/promo-sign/src/repository/public_root.json");
        let tuf = std::fs::read_to_string(tuf).unwrap();
        for named in document["tuf"].as_array().into_iter().flatten() {
            sandbox.write(named["root"].as_str().unwrap(), &tuf);
        }
        sandbox.write("trust.toml", &block);
        sandbox.write("promo.toml", "[verify]\ntrust = \"trust.toml\"\n");
        let shown = sandbox.run(&["settings", "show"]).await;
        assert_eq!(shown.code, Some(0), "{shown}");
        assert!(shown.stdout.contains("trust.toml"), "{shown}");
    }
}

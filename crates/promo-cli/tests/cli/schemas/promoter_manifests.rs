//! The schemas of promoter manifests say what promo takes: each file here is given to both.

use serde_json::Value;

use super::promo_toml::repository;
use super::schema;
use super::validator::wrong;
use crate::support::{Sandbox, World};

/// Which file of promoter manifests a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Images,
    Thin,
    Plain,
}

impl Kind {
    fn schema(self) -> Value {
        schema(match self {
            Self::Images => "images.yaml.json",
            Self::Thin => "promoter-manifest.yaml.json",
            Self::Plain => "plain-promoter-manifest.yaml.json",
        })
    }
}

const REGISTRIES: &str = "registries:\n- name: staging.example.com/team\n  src: true\n- name: registry.example.com/team\n";
const DIGEST: &str = "sha256:1f3ad8eb14dfaa2fc6dd60811e7d3dd1631c01f47cf1febc24c34d538a5409b1";

fn images() -> String {
    format!("- name: app\n  dmap:\n    \"{DIGEST}\": [\"v1\"]\n")
}

/// What the schema has against a text.
fn wrong_by_schema(kind: Kind, text: &str) -> Vec<String> {
    let document: Value = serde_yaml_ng::from_str(text).unwrap();
    wrong(&kind.schema(), &document)
}

/// How `promo manifest check` ends, with good files around this one.
async fn exit_of(kind: Kind, text: &str) -> Option<i32> {
    let sandbox = Sandbox::new();
    let (manifest, list) = (
        "tree/manifests/team/promoter-manifest.yaml",
        "tree/images/team/images.yaml",
    );
    sandbox.write(manifest, if kind == Kind::Thin { text } else { REGISTRIES });
    let good = images();
    sandbox.write(list, if kind == Kind::Images { text } else { &good });
    sandbox.write("plain.yaml", text);
    let path = if kind == Kind::Plain {
        "plain.yaml"
    } else {
        "tree"
    };
    sandbox.run(&["manifest", "check", path]).await.code
}

async fn assert_taken(kind: Kind, text: &str) {
    let wrong = wrong_by_schema(kind, text);
    assert!(wrong.is_empty(), "{kind:?}: {wrong:#?} in\n{text}");
    assert_eq!(exit_of(kind, text).await, Some(0), "{kind:?}: {text}");
}

#[tokio::test]
async fn every_file_of_a_tree_fits() {
    let world = World::start().await;
    for (kind, file) in [
        (Kind::Thin, "tree/manifests/team/promoter-manifest.yaml"),
        (Kind::Images, "tree/images/team/images.yaml"),
    ] {
        assert_taken(kind, &world.sandbox.read(file)).await;
    }
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["init"]).await.code, Some(0));
    let first = sandbox.read("tree/manifests/team/promoter-manifest.yaml");
    assert_taken(Kind::Thin, &first).await;
    assert_taken(Kind::Images, &sandbox.read("tree/images/team/images.yaml")).await;
}

/// The page that explains every key shows what is taken, and names every key that the schemas know.
#[tokio::test]
async fn the_page_shows_what_is_taken_and_every_key() {
    let page = std::fs::read_to_string(repository("docs/reference/promoter-manifests.md")).unwrap();
    let mut shown = 0;
    for block in page.split("```yaml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        let kind = match text.lines().next().unwrap() {
            line if line.contains("/images.yaml.json") => Kind::Images,
            line if line.contains("/plain-promoter-manifest.yaml.json") => Kind::Plain,
            line if line.contains("/promoter-manifest.yaml.json") => Kind::Thin,
            line => panic!("which file is it? {line}"),
        };
        assert_taken(kind, text).await;
        shown += 1;
    }
    assert_eq!(shown, 4);
    for kind in [Kind::Images, Kind::Thin, Kind::Plain] {
        let mut keys = Vec::new();
        keys_of(&kind.schema(), &mut keys);
        assert!(!keys.is_empty());
        for key in keys {
            let named = format!("{key}`");
            assert!(page.contains(&named), "the page doesn't explain `{key}`");
        }
    }
}

fn keys_of(schema: &Value, keys: &mut Vec<String>) {
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        keys.push(key.clone());
        keys_of(value, keys);
    }
    keys_of_parts(schema, keys);
}

fn keys_of_parts(schema: &Value, keys: &mut Vec<String>) {
    if schema["items"].is_object() {
        keys_of(&schema["items"], keys);
    }
}

#[tokio::test]
async fn what_is_odd_and_taken_fits() {
    for (kind, text) in [
        (Kind::Images, ""),
        (Kind::Images, "[]\n"),
        (Kind::Images, "- name: 1\n  dmap: {}\n"),
        (Kind::Images, "- name: a/b--c\n  dmap:\n"),
        (
            Kind::Images,
            &format!("- name: app\n  dmap:\n    {DIGEST}:\n"),
        ),
        (
            Kind::Images,
            &format!("- name: app\n  dmap:\n    {DIGEST}: [1.10, v1, '2']\n"),
        ),
        (
            Kind::Thin,
            "registries:\n- name: a.example/s\n  src: yes\n- name: b.example:5000\n  src: off\n",
        ),
        (
            Kind::Thin,
            &format!("{REGISTRIES}imagesPath: ../../images/team/images.yaml\n"),
        ),
        (Kind::Thin, &format!("{REGISTRIES}provenance:\n")),
        (
            Kind::Thin,
            &format!("{REGISTRIES}provenance: {{mode: off}}\n"),
        ),
        (Kind::Plain, REGISTRIES),
        (Kind::Plain, &format!("{REGISTRIES}images:\n")),
        (Kind::Plain, &format!("{REGISTRIES}images:\n{}", images())),
    ] {
        assert_taken(kind, text).await;
    }
}

#[tokio::test]
async fn what_promo_refuses_by_shape_the_schema_refuses() {
    let good = images();
    for (kind, text) in [
        (Kind::Images, "name: app\n".to_owned()),
        (Kind::Images, "app\n".to_owned()),
        (Kind::Images, "- app\n".to_owned()),
        (Kind::Images, "- dmap: {}\n".to_owned()),
        (
            Kind::Images,
            format!("- nam: app\n  dmap:\n    {DIGEST}: []\n"),
        ),
        (Kind::Images, "- name: App\n".to_owned()),
        (Kind::Images, "- name: a//b\n".to_owned()),
        (Kind::Images, "- name: [app]\n".to_owned()),
        (Kind::Images, "- name: app\n  dmap: []\n".to_owned()),
        (
            Kind::Images,
            "- name: app\n  dmap:\n    \"sha256:00\": []\n".to_owned(),
        ),
        (
            Kind::Images,
            format!("- name: app\n  dmap:\n    {DIGEST}: v1\n"),
        ),
        (
            Kind::Images,
            format!("- name: app\n  dmap:\n    {DIGEST}: [\"a b\"]\n"),
        ),
        (
            Kind::Images,
            format!("- name: app\n  dmap:\n    {DIGEST}: [[v1]]\n"),
        ),
        (Kind::Images, format!("{good}  tags: [v1]\n")),
        (Kind::Thin, good.clone()),
        (Kind::Thin, "imagesPath: a\n".to_owned()),
        (Kind::Thin, "registries: a.example\n".to_owned()),
        (Kind::Thin, "registries: [a.example]\n".to_owned()),
        (Kind::Thin, format!("{REGISTRIES}- src: false\n")),
        (
            Kind::Thin,
            format!("{REGISTRIES}- name: https://a.example\n"),
        ),
        (Kind::Thin, format!("{REGISTRIES}  src: maybe\n")),
        (Kind::Thin, format!("{REGISTRIES}  source: true\n")),
        (Kind::Thin, format!("{REGISTRIES}  service-account: [a]\n")),
        (Kind::Thin, format!("{REGISTRIES}images: []\n")),
        (Kind::Thin, format!("{REGISTRIES}imagesPath: [a]\n")),
        (Kind::Thin, format!("{REGISTRIES}provenance: require\n")),
        (
            Kind::Thin,
            format!("{REGISTRIES}provenance: {{mode: maybe}}\n"),
        ),
        (
            Kind::Thin,
            format!("{REGISTRIES}provenance: {{modes: warn}}\n"),
        ),
        (
            Kind::Thin,
            format!("{REGISTRIES}provenance: {{mode: warn, signers: a}}\n"),
        ),
        (
            Kind::Thin,
            format!("{REGISTRIES}provenance: {{mode: warn, builders: [a]}}\n"),
        ),
        (Kind::Plain, good.clone()),
        (Kind::Plain, format!("images:\n{good}")),
        (Kind::Plain, format!("{REGISTRIES}images: app\n")),
        (Kind::Plain, format!("{REGISTRIES}imagesPath: a\n")),
    ] {
        assert!(!wrong_by_schema(kind, &text).is_empty(), "{kind:?}: {text}");
        let exit = exit_of(kind, &text).await;
        assert!(matches!(exit, Some(2 | 3)), "{kind:?}: {exit:?}: {text}");
    }
}

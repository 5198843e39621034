//! Commands that need no registry: init, settings, keys, checks, completions, man pages.

use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;

use crate::support::{REGISTRY_PASSWORD, Sandbox, interrupt, names_in};

#[tokio::test]
async fn init_writes_what_is_not_there_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.write("promo.toml", "thin-manifest-dir = \"tree\"\n");
    assert_snapshot!(sandbox.run(&["init"]).await, @r"
    kept  promo.toml
    wrote tree/manifests/team/promoter-manifest.yaml
    wrote tree/images/team/images.yaml

    Next:
      promo login REGISTRY        # if docker, podman or skopeo is not logged in there already
      promo manifest add IMAGE    # an image of staging with its digest, under its tag
      promo key generate          # a key pair to sign with
      promo manifest check        # are the promoter manifests well formed?
      promo plan --offline        # what do they want?
      promo promote               # a dry run; add --confirm --key cosign.key to promote
    --- exit 0
    ");
    assert_eq!(sandbox.read("promo.toml"), "thin-manifest-dir = \"tree\"\n");
    assert_snapshot!(sandbox.run(&["manifest", "check"]).await, @r"
    warning[PROMO-M060]: there are no images
      --> images/team/images.yaml
      expected: a list of images

    ok: 1 promoter manifest, 0 images, 0 digests; 0 invalid entries, 1 warning
    --- exit 0
    ");
}

#[tokio::test]
async fn what_init_writes_is_valid() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["init"]).await.code, Some(0));
    // In YAML: a table is as wide as the name of the folder.
    let shown = ["settings", "show", "--output", "yaml"];
    assert_snapshot!(sandbox.run(&shown).await, @r"
    schema: promo.settings/v1
    settings:
    - name: output
      value: table
      origin: default
    - name: log-format
      value: text
      origin: default
    - name: color
      value: auto
      origin: default
    - name: manifest
      value: '-'
      origin: default
    - name: thin-manifest-dir
      value: tree
      origin: DIR/promo.toml
    - name: allow-tag-moves
      value: '-'
      origin: default
    - name: sign.key
      value: '-'
      origin: default
    - name: sign.keyless
      value: 'false'
      origin: default
    - name: sign.tuf-repository
      value: '-'
      origin: default
    - name: sign.tuf-root
      value: '-'
      origin: default
    - name: sign.signing-config
      value: '-'
      origin: default
    - name: sign.trusted-root
      value: '-'
      origin: default
    - name: sign.identity-token
      value: '-'
      origin: default
    - name: sign.formats
      value: bundle, sig
      origin: DIR/promo.toml
    - name: sign.evidence
      value: all-mirrors
      origin: default
    - name: sign.recursive
      value: 'false'
      origin: default
    - name: attest.predicate-type
      value: https://k8s.io/promo-tools/promotion/v1
      origin: default
    - name: attest.builder-id
      value: https://github.com/promo-project/promo@v0.1.0
      origin: default
    - name: verify.trust
      value: '-'
      origin: default
    - name: verify.staging-keys
      value: '-'
      origin: default
    - name: verify.staging-signatures
      value: off
      origin: default
    - name: verify.staging-names
      value: '-'
      origin: default
    - name: verify.staging-attestations
      value: '-'
      origin: default
    - name: carry
      value: '-'
      origin: default
    - name: authfile
      value: '-'
      origin: default
    - name: give-up
      value: '-'
      origin: default
    - name: tls.roots
      value: '-'
      origin: default
    - name: proxies
      value: '-'
      origin: default
    --- exit 0
    ");
    assert_snapshot!(sandbox.run(&["plan", "--offline"]).await, @r"
    warning[PROMO-M060] images/team/images.yaml: there are no images

    0 images, 0 digests, 0 edges
    no registry was asked
    --- exit 0
    ");
}

#[tokio::test]
async fn keys_are_never_overwritten_and_readable_by_one_alone() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.run(&["key", "generate"]).await, @r"
    cosign.key
    cosign.pub
    --- exit 0
    ");
    let before = sandbox.read("cosign.key");
    assert!(before.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----"));
    let mode = std::fs::metadata(sandbox.path("cosign.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_snapshot!(sandbox.run(&["key", "generate"]).await, @r"
    --- stderr
    error[PROMO-X005]: `cosign.key` exists, and promo never overwrites it
    hint: choose another place with `--output-prefix`
    --- exit 2
    ");
    assert_eq!(sandbox.read("cosign.key"), before);
    // A public key that stands there alone keeps the private one from being written.
    sandbox.write("other.pub", "mine");
    let refused = sandbox
        .run(&["key", "generate", "--output-prefix", "other"])
        .await;
    assert_eq!(refused.code, Some(2));
    assert!(!sandbox.path("other.key").exists());
}

#[tokio::test]
async fn a_password_that_nobody_gives_is_an_error() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["key", "generate"]);
    let output = command
        .env_remove("COSIGN_PASSWORD")
        .output()
        .await
        .unwrap();
    assert_snapshot!(sandbox.output(output), @r"
    --- stderr
    error[PROMO-X011]: the key `cosign.key` needs a password
    hint: set COSIGN_PASSWORD, or run promo on a terminal to be asked
    --- exit 2
    ");
}

const BROKEN: &str = "registries:
- name: staging.example.com/team
  src: true
- name: https://registry.example.com/team
images:
- name: app
  dmap:
    \"sha256:12\": [\"v1\"]
    \"sha256:1111111111111111111111111111111111111111111111111111111111111111\": [\"v1\", \"a b\"]
";

#[tokio::test]
async fn findings_have_their_place_and_line() {
    let sandbox = Sandbox::new();
    sandbox.write("manifest.yaml", BROKEN);
    assert_snapshot!(sandbox.run(&["manifest", "check", "manifest.yaml"]).await, @r#"
    warning[PROMO-M064]: there is no destination
      --> manifest.yaml:1:1
         |
       1 | registries:
         | ^
      expected: a registry besides the source

    error[PROMO-M043]: `https://registry.example.com/team` is not a registry: this is a URL; leave out `https://`
      --> manifest.yaml:4:9
         |
       4 | - name: https://registry.example.com/team
         |         ^
      expected: a registry as HOST or HOST/PATH

    invalid[PROMO-M052]: `sha256:12` is not a digest: a sha256 digest has 64 hexadecimal digits, not 2
      --> manifest.yaml:8:5
         |
       8 |     "sha256:12": ["v1"]
         |     ^
      expected: `sha256:` and 64 digits of 0-9 and a-f

    invalid[PROMO-M053]: `a b` is not a tag: ` ` may not stand in a tag at position 2
      --> manifest.yaml:9:87
         |
       9 |     "sha256:1111111111111111111111111111111111111111111111111111111111111111": ["v1", "a b"]
         |                                                                                       ^
      expected: letters, digits, `_`, `.` and `-`, at most 128

    refused: 1 error, 2 invalid entries, 1 warning
    --- exit 2
    "#);
    let mended = BROKEN.replace("https://", "");
    sandbox.write("manifest.yaml", &mended);
    assert_snapshot!(sandbox.run(&["manifest", "check", "manifest.yaml"]).await, @r#"
    invalid[PROMO-M052]: `sha256:12` is not a digest: a sha256 digest has 64 hexadecimal digits, not 2
      --> manifest.yaml:8:5
         |
       8 |     "sha256:12": ["v1"]
         |     ^
      expected: `sha256:` and 64 digits of 0-9 and a-f

    invalid[PROMO-M053]: `a b` is not a tag: ` ` may not stand in a tag at position 2
      --> manifest.yaml:9:87
         |
       9 |     "sha256:1111111111111111111111111111111111111111111111111111111111111111": ["v1", "a b"]
         |                                                                                       ^
      expected: letters, digits, `_`, `.` and `-`, at most 128

    usable: 1 promoter manifest, 1 image, 1 digest; 2 invalid entries, 0 warnings
    --- exit 3
    "#);
    assert_snapshot!(sandbox.run(&["manifest", "check", "manifest.yaml", "--output", "github"]).await, @r"
    ::error file=manifest.yaml,line=8,col=5,title=PROMO-M052::`sha256:12` is not a digest: a sha256 digest has 64 hexadecimal digits, not 2; expected `sha256:` and 64 digits of 0-9 and a-f
    ::error file=manifest.yaml,line=9,col=87,title=PROMO-M053::`a b` is not a tag: ` ` may not stand in a tag at position 2; expected letters, digits, `_`, `.` and `-`, at most 128
    --- exit 3
    ");
    let json = sandbox
        .run(&["manifest", "check", "manifest.yaml", "--output", "json"])
        .await;
    assert_eq!(json.json()["schema"], "promo.check/v1");
    assert_eq!(json.json()["findings"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn unknown_settings_are_errors_with_their_place() {
    let sandbox = Sandbox::new();
    sandbox.write("promo.toml", "[sign]\nkye = \"a\"\n");
    assert_snapshot!(sandbox.run(&["settings", "show"]).await, @r"
    --- stderr
    error[PROMO-X003]: DIR/promo.toml:2:1: unknown field `kye`, expected one of `key`, `keyless`, `tuf-repository`, `tuf-root`, `signing-config`, `trusted-root`, `identity-token`, `formats`, `evidence`, `recursive`
    --- exit 2
    ");
    sandbox.write("promo.toml", "");
    let mut command = sandbox.command(&["settings", "show"]);
    let output = command
        .env("PROMO_STAGING_SIGNATURES", "maybe")
        .output()
        .await
        .unwrap();
    assert_snapshot!(sandbox.output(output), @r"
    --- stderr
    error[PROMO-X002]: `verify.staging-signatures` is `maybe`, from PROMO_STAGING_SIGNATURES
    hint: expected: off, if-present or require
    --- exit 2
    ");
}

#[tokio::test]
async fn a_closed_pipe_is_quiet() {
    let sandbox = Sandbox::new();
    let mut command = tokio::process::Command::new("sh");
    let script = format!(
        "{} completions bash | true; echo ok",
        env!("CARGO_BIN_EXE_promo")
    );
    let output = command
        .args(["-c", &script])
        .current_dir(sandbox.path(""))
        .output()
        .await;
    assert_snapshot!(sandbox.output(output.unwrap()), @r"
    ok
    --- exit 0
    ");
}

#[tokio::test]
async fn a_full_standard_output_is_an_error() {
    let sandbox = Sandbox::new();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = sandbox.command(&["completions", "bash"]);
    let child = command.stdout(full).spawn().unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert_snapshot!(sandbox.output(output), @r"
    --- stderr
    error[PROMO-X006]: can't write the result to standard output
      caused by: No space left on device (os error 28)
    --- exit 1
    ");
}

#[tokio::test]
async fn every_visible_command_has_a_man_page_and_an_example() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["man", "man"]).await.code, Some(0));
    let pages = names_in(&sandbox.path("man"));
    assert_snapshot!(pages.join(" "), @"promo-apply.1 promo-attest.1 promo-cip.1 promo-completions.1 promo-demo.1 promo-init.1 promo-key-generate.1 promo-key.1 promo-login.1 promo-logout.1 promo-man.1 promo-manifest-add.1 promo-manifest-check.1 promo-manifest-digest.1 promo-manifest-format.1 promo-manifest.1 promo-plan.1 promo-promote.1 promo-registry-serve.1 promo-registry.1 promo-settings-show.1 promo-settings.1 promo-sign.1 promo-snapshot.1 promo-trace.1 promo-verify.1 promo.1");
    for page in pages {
        let name = page.trim_end_matches(".1").replace('-', " ");
        let mut arguments: Vec<_> = name.split(' ').skip(1).collect();
        arguments.push("-h");
        let reminder = sandbox.run(&arguments).await.stdout;
        let lines = reminder.lines().count();
        assert!(lines < 60, "{name} -h has {lines} lines");
        arguments.pop();
        arguments.push("--help");
        let help = sandbox.run(&arguments).await;
        assert_eq!(help.code, Some(0), "{name}");
        assert!(help.stdout.lines().count() >= lines, "{name}");
        let is_group = help.stdout.contains("Commands:");
        assert!(
            is_group || help.stdout.contains("\n  $ promo "),
            "{name} has no example"
        );
    }
}

#[tokio::test]
async fn the_reference_has_each_code_once() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["reference", "reference"]).await.code, Some(0));
    let page = sandbox.read("reference/codes.md");
    let codes: Vec<_> = page
        .lines()
        .filter_map(|line| {
            Some(
                line.strip_prefix("| <a id=\"promo-")?
                    .split_once("`PROMO-")?
                    .1,
            )
        })
        .collect();
    let mut names: Vec<_> = codes
        .iter()
        .filter_map(|line| line.split('`').next())
        .collect();
    assert!(names.len() > 80, "{}", names.len());
    names.dedup();
    assert_eq!(names.len(), codes.len());
}

#[tokio::test]
async fn a_variable_chooses_the_form_of_results() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["settings", "show"]);
    let output = command.env("PROMO_OUTPUT", "json").output().await.unwrap();
    let document = sandbox.output(output).json();
    assert_eq!(document["settings"][0]["origin"], "PROMO_OUTPUT");
    // A flag wins.
    let mut command = sandbox.command(&["settings", "show", "--output", "yaml"]);
    let output = command.env("PROMO_OUTPUT", "json").output().await.unwrap();
    assert!(sandbox.output(output).stdout.starts_with("schema:"));
}

#[tokio::test]
async fn the_served_registry_asks_for_its_password() {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let sandbox = Sandbox::new();
    let serve = ["registry", "serve", "--user", "me", "--password-stdin"];
    let mut command = sandbox.command(&serve);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(REGISTRY_PASSWORD.as_bytes()).await.unwrap();
    drop(stdin);
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let host = lines.next_line().await.unwrap().unwrap();
    let refused = sandbox.run(&["snapshot", &host]).await;
    assert_eq!(refused.code, Some(4), "{refused}");
    interrupt(&child).await;
    assert_eq!(sandbox.finish(child).await.code, Some(0));
    let elsewhere = sandbox
        .run(&["registry", "serve", "--listen", "0.0.0.0:0"])
        .await;
    assert_eq!(elsewhere.code, Some(2), "{elsewhere}");
}

#[tokio::test]
async fn the_demo_is_also_a_document() {
    let sandbox = Sandbox::new();
    let demo = sandbox.run(&["demo", "--output", "json"]).await;
    assert_eq!(demo.code, Some(0), "{demo}");
    let report = demo.json();
    assert_eq!(report["schema"], "promo.report/v1");
    assert_eq!(report["totals"]["published"], 14);
    let told = sandbox.run(&["demo"]).await;
    assert_eq!(told.code, Some(0), "{told}");
    assert_eq!(told.stdout.matches("accepted").count(), 14, "{told}");
    assert_eq!(told.stdout.matches("refused ").count(), 4, "{told}");
}

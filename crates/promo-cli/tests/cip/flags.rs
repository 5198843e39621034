//! Every flag that kpromo has or had is understood, as Go's flag library reads it.

use crate::support::{Output, Sandbox, World};

const TREE: &str = "--thin-manifest-dir=tree";

async fn cip(world: &World, more: &[&str]) -> Output {
    let mut arguments = vec!["cip"];
    arguments.extend(more);
    world.sandbox.run(&arguments).await
}

#[tokio::test]
async fn all_flags_are_taken_in_both_forms() {
    let world = World::start().await;
    let joined = [
        "--log-level=info",
        TREE,
        "--confirm=false",
        "--parse-only=F",
        "--snapshot=",
        "--snapshot-tag=",
        "--minimal-snapshot=false",
        "--manifest-based-snapshot-of=",
        "--output=CSV",
        "--use-prow-manifest-diff=0",
        "--manifest-diff-since=",
        "--signer-account=a@example.com",
        "--certificate-identity=",
        "--certificate-oidc-issuer=",
        "--certificate-identity-regexp=",
        "--certificate-oidc-issuer-regexp=",
        "--sign=true",
        "--max-signature-ops=7",
        "--vuln-severity-threshold=-1",
        "--max-image-size=2048",
        "--summary-signer-account=b@example.com",
        "--verification-summaries=false",
    ];
    let run = cip(&world, &joined).await;
    assert_eq!(run.code, Some(0), "{run}");
    let apart = [
        "--log-level",
        "info",
        "--thin-manifest-dir",
        "elsewhere",
        "--thin-manifest-dir",
        "tree",
        "--confirm",
        "--confirm=false",
        "--manifest",
        "",
        "--output",
        "nonsense",
        "--max-signature-ops",
        "7",
        "--vuln-severity-threshold",
        "-1",
        "--sign",
        "--max-image-size",
        "2048",
    ];
    let run = cip(&world, &apart).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains("stopped after validate"), "{run}");
    assert!(world.production.log().writes().is_empty());
}

#[tokio::test]
async fn removed_flags_warn_and_do_nothing() {
    let world = World::start().await;
    let removed = [
        "--threads=10",
        "--key-files=a,b",
        "--use-service-account",
        "--snapshot-service-account=c",
        "--json-log-summary",
        "--max-signature-copies=3",
        "--replicate-signatures",
        "--require-provenance=true",
        "--allowed-builders=x",
        "--allowed-source-repos=y",
        "--generate-promotion-provenance",
    ];
    let mut arguments = vec![TREE];
    arguments.extend(removed);
    let run = cip(&world, &arguments).await;
    assert_eq!(run.code, Some(0), "{run}");
    for flag in removed {
        let name = flag.split('=').next().unwrap();
        let warning = format!("level=warning msg=\"{name} was removed from kpromo");
        assert!(run.stderr.contains(&warning), "{name}\n{run}");
    }
    let quiet = cip(&world, &["--log-level=ERROR", TREE, "--threads=1"]).await;
    assert_eq!((quiet.stderr.as_str(), quiet.code), ("", Some(0)));
    let command = cip(&world, &["replicate-signatures", TREE, "--confirm"]).await;
    assert_eq!(command.code, Some(0), "{command}");
    assert!(command.stderr.contains("nothing is done"), "{command}");
    assert!(world.production.log().writes().is_empty());
}

#[tokio::test]
async fn what_promo_cannot_do_is_refused_with_1() {
    let world = World::start().await;
    world.sandbox.write("empty/note", "");
    for (arguments, expected) in [
        (vec![TREE, "--vuln-severity-threshold=0"], "scan"),
        (
            vec![TREE, "--verification-summaries"],
            "verification summaries",
        ),
        (vec![TREE, "--max-signature-ops=0"], "would sign nothing"),
        (vec![TREE, "--confirm=maybe"], "expected true or false"),
        (vec![TREE, "--no-such-flag"], "--no-such-flag"),
        (vec![TREE, "false"], "false"),
        (vec![], "no promoter manifests"),
        (vec!["--thin-manifest-dir=empty"], "manifests"),
        (vec![TREE, "--confirm"], "keyless"),
        (vec![TREE, "--use-prow-manifest-diff"], "JOB_TYPE"),
        (
            vec!["--snapshot=registry.example.com", "--output=xml"],
            "xml",
        ),
    ] {
        let run = cip(&world, &arguments).await;
        assert_eq!(run.code, Some(1), "{arguments:?}\n{run}");
        assert!(run.stderr.contains(expected), "{arguments:?}\n{run}");
    }
    assert!(world.staging.log().is_empty() && world.production.log().is_empty());
}

#[tokio::test]
async fn keyless_accounts_are_named_only_where_they_were_asked_for() {
    let world = World::start().await;
    let nobody = cip(&world, &[TREE, "--confirm"]).await;
    assert!(!nobody.stderr.contains("k8s"), "{nobody}");
    assert!(nobody.stderr.contains("--sign=false"), "{nobody}");
    let k8s = away_from_google(&world, &["--compat=k8s"]).await;
    let account = "krel-trust@k8s-releng-prod.iam.gserviceaccount.com";
    assert!(k8s.stderr.contains(account), "{k8s}");
    let named = ["--signer-account=me@example.com", "--compat=k8s"];
    let named = away_from_google(&world, &named).await;
    assert!(named.stderr.contains("me@example.com"), "{named}");
    let broken = ["--key=cosign.key", "--certificate-identity-regexp=krel("];
    let broken = cip(&world, &[&[TREE, "--confirm"], &broken[..]].concat()).await;
    assert_eq!(broken.code, Some(1), "{broken}");
    assert!(
        broken.stderr.contains("--certificate-identity-regexp"),
        "{broken}"
    );
    assert!(world.production.log().writes().is_empty());
}

/// A confirmed run on a machine that is none of Google's.
async fn away_from_google(world: &World, more: &[&str]) -> Output {
    let arguments = [&["cip", TREE, "--confirm"], more].concat();
    let mut command = world.sandbox.command(&arguments);
    command.env("GCE_METADATA_HOST", "127.0.0.1:9");
    world.sandbox.output(command.output().await.unwrap())
}

/// What a link of this name prints and how it ends.
async fn linked(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let link = sandbox.path("kpromo");
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_promo"), &link).unwrap();
    }
    let mut command = tokio::process::Command::new(link);
    command
        .args(arguments)
        .current_dir(sandbox.path(""))
        .env_clear()
        .env("HOME", sandbox.path("home"));
    sandbox.output(command.output().await.unwrap())
}

#[tokio::test]
async fn a_link_called_kpromo_is_kpromo() {
    let world = World::start().await;
    let version = linked(&world.sandbox, &["version"]).await;
    assert!(version.stdout.starts_with("promo "), "{version}");
    assert_eq!(version.code, Some(0), "{version}");
    let dry = linked(&world.sandbox, &["--log-level=debug", "cip", TREE]).await;
    assert_eq!(dry.code, Some(0), "{dry}");
    // Whatever is wrong, kpromo ends with 1; promo itself with 2.
    let unknown = linked(&world.sandbox, &["no-such-command"]).await;
    assert_eq!(unknown.code, Some(1), "{unknown}");
    let promo = world.sandbox.run(&["no-such-command"]).await;
    assert_eq!(promo.code, Some(2), "{promo}");
}

#[tokio::test]
async fn the_migration_page_has_every_flag() {
    let page = include_str!("../../../../docs/how-to/coming-from-kpromo.md");
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["cip", "--help"]).await.stdout;
    let (_, flags) = help.split_once("Flags of kpromo:").unwrap();
    let (flags, _) = flags.split_once("Everywhere:").unwrap();
    let mut seen = 0;
    for line in flags
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--"))
    {
        let end = line.find([' ', '[', '=']).unwrap_or(line.len());
        // The expressions stand beside the texts that they replace.
        let flag = format!("--{}", line[..end].trim_end_matches("-regexp"));
        assert!(page.contains(&flag), "{flag}");
        seen += 1;
    }
    assert!(seen >= 25, "{seen} flags in\n{help}");
}

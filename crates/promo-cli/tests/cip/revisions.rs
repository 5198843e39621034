//! Only what changed since a revision: Prow's flags, dates, `--since`, and shallow clones.

use tokio::process::Command;

use crate::support::{Output, World};

/// git in a folder of the sandbox, at a time of its own choosing.
async fn git(world: &World, folder: &str, date: &str, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(arguments)
        .current_dir(world.sandbox.path(folder))
        .env("HOME", world.sandbox.path("home"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_DATE", date)
        .env("GIT_COMMITTER_DATE", date)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const LONG_AGO: &str = "2020-01-01T00:00:00Z";
const LATER: &str = "2024-01-01T00:00:00Z";

async fn commit(world: &World, date: &str) -> String {
    git(world, "tree", date, &["add", "-A"]).await;
    git(world, "tree", date, &["commit", "-q", "-m", "change"]).await;
    git(world, "tree", date, &["rev-parse", "HEAD"]).await
}

/// A repository whose second commit adds `server`, renames the folder and reformats the file.
async fn history() -> (World, String) {
    let world = World::start().await;
    let server = world.digest("server").to_owned();
    let all = world.images_yaml();
    let app = &all[..all.find("- name: server").unwrap()];
    world.write_tree(app);
    git(&world, "tree", LONG_AGO, &["init", "-q"]).await;
    let first = commit(&world, LONG_AGO).await;
    for kind in ["manifests", "images"] {
        let (from, to) = (format!("{kind}/team"), format!("{kind}/renamed"));
        git(&world, "tree", LATER, &["mv", &from, &to]).await;
    }
    let text = format!("# new\n- {{name: server, dmap: {{{server}: [v1]}}}}\n{app}");
    world
        .sandbox
        .write("tree/images/renamed/images.yaml", &text);
    commit(&world, LATER).await;
    (world, first)
}

async fn edges(world: &World, more: &[&str]) -> Vec<String> {
    let mut arguments = vec![
        "plan",
        "--thin-manifest-dir=tree",
        "--offline",
        "--output=json",
    ];
    arguments.extend(more);
    let plan = world.sandbox.run(&arguments).await;
    assert_eq!(plan.code, Some(0), "{plan}");
    let groups = plan.json()["groups"].as_array().unwrap().clone();
    let name = |group: &serde_json::Value| group["image"].as_str().unwrap().to_owned();
    groups.iter().map(name).collect()
}

#[tokio::test]
async fn only_what_is_new_is_planned() {
    let (world, first) = history().await;
    assert_eq!(edges(&world, &[]).await.len(), 2);
    let since = format!("--since={first}");
    assert_eq!(edges(&world, &[&since]).await, ["server"]);
    assert_eq!(edges(&world, &["--since=HEAD^"]).await, ["server"]);
    assert_eq!(
        edges(&world, &["--since-date=2022-01-01"]).await,
        ["server"]
    );
    assert!(edges(&world, &["--since=HEAD"]).await.is_empty());
    assert!(edges(&world, &["--since-date=2025-01-01"]).await.is_empty());
    // All commits are since then: everything is new.
    assert_eq!(edges(&world, &["--since-date=2019-01-01"]).await.len(), 2);
    // The work tree counts, committed or not.
    world
        .sandbox
        .write("tree/images/renamed/images.yaml", "[]\n");
    assert!(edges(&world, &["--since=HEAD^"]).await.is_empty());
}

/// `promo cip` in a job of Prow.
/// What stood there behind links counts as what stood there.
#[tokio::test]
async fn links_of_a_revision_are_followed() {
    use std::os::unix::fs::symlink;
    for (link, target) in [
        ("images/renamed/images.yaml", "../../lists/images.yaml"),
        ("images/renamed", "../lists"),
        ("images", "linked"),
        (
            "manifests/renamed/promoter-manifest.yaml",
            "../../moved.yaml",
        ),
    ] {
        let (world, _) = history().await;
        let path = |path: &str| world.sandbox.path(&format!("tree/{path}"));
        let place = path(link);
        let moved = place.parent().unwrap().join(target);
        std::fs::create_dir_all(moved.parent().unwrap()).unwrap();
        std::fs::rename(&place, &moved).unwrap();
        symlink(target, &place).unwrap();
        // A link to nothing, and a folder that isn't walked, mean nothing then either.
        symlink("nowhere", path("manifests/stray")).unwrap();
        symlink("renamed", path("manifests/again")).unwrap();
        commit(&world, LATER).await;
        assert!(edges(&world, &["--since=HEAD"]).await.is_empty(), "{link}");
        assert_eq!(
            edges(&world, &["--since=HEAD^^"]).await,
            ["server"],
            "{link}"
        );
        // The one that leads nowhere is refused where it is read.
        std::fs::remove_file(&place).unwrap();
        symlink("nowhere", &place).unwrap();
        commit(&world, LATER).await;
        std::fs::remove_file(&place).unwrap();
        std::fs::rename(&moved, &place).unwrap();
        let plan = [
            "plan",
            "--thin-manifest-dir=tree",
            "--offline",
            "--since=HEAD",
        ];
        let plan = world.sandbox.run(&plan).await;
        assert_eq!(plan.code, Some(2), "{link}: {plan}");
        assert!(plan.stderr.contains("PROMO-X015"), "{plan}");
    }
}

/// Nothing that git doesn't know may look like "nothing changed".
#[tokio::test]
async fn revisions_and_dates_that_are_none_are_refused() {
    let (world, _) = history().await;
    let plan = ["plan", "--thin-manifest-dir=tree", "--offline"];
    for since in [
        "--since=no-such-branch",
        "--since=0123456789012345678901234567890123456789",
        "--since=HEAD~7",
        "--since=HEAD:images",
        "--since=--all",
        "--since-date=fourteen dais",
        "--since-date=2099-01-01",
        "--since-date=now",
    ] {
        let refused = world.sandbox.run(&[&plan[..], &[since]].concat()).await;
        assert_eq!(refused.code, Some(2), "{since}: {refused}");
        assert!(refused.stderr.contains("PROMO-X015"), "{since}: {refused}");
        assert!(refused.stderr.contains("hint: "), "{since}: {refused}");
    }
    let cip = [
        "cip",
        "--thin-manifest-dir=tree",
        "--manifest-diff-since=dais",
    ];
    let refused = world.sandbox.run(&cip).await;
    assert_eq!(refused.code, Some(1), "{refused}");
}

async fn job(world: &World, job: &str, base: &str, more: &[&str]) -> Output {
    let mut arguments = vec![
        "cip",
        "--thin-manifest-dir=tree",
        "--use-prow-manifest-diff",
    ];
    arguments.extend(more);
    let mut command = world.sandbox.command(&arguments);
    command.env("JOB_TYPE", job);
    if !base.is_empty() {
        command.env("PULL_BASE_SHA", base);
    }
    world.sandbox.output(command.output().await.unwrap())
}

#[tokio::test]
async fn prow_jobs_compare_with_the_revision_of_their_kind() {
    let (world, first) = history().await;
    for (kind, base) in [
        ("presubmit", &*first),
        ("batch", &first),
        ("postsubmit", ""),
    ] {
        // Prow's flag wins over the date.
        let run = job(&world, kind, base, &["--manifest-diff-since=2019-01-01"]).await;
        assert_eq!(run.code, Some(0), "{kind}\n{run}");
        assert!(run.stderr.contains("1 edges: 1 promote"), "{kind}\n{run}");
        assert!(run.stdout.contains("team/server  v1"), "{kind}\n{run}");
        assert!(!run.stdout.contains("team/app"), "{kind}\n{run}");
    }
    for (kind, base, expected) in [
        ("presubmit", "", "PULL_BASE_SHA"),
        ("periodic", &*first, "periodic"),
        (
            "presubmit",
            "0123456789012345678901234567890123456789",
            "no commit",
        ),
        ("presubmit", "--output=/tmp/never", "no commit"),
    ] {
        let run = job(&world, kind, base, &[]).await;
        assert_eq!(run.code, Some(1), "{kind}\n{run}");
        assert!(run.stderr.contains(expected), "{kind}\n{run}");
    }
    let empty = [
        "cip",
        "--thin-manifest-dir=tree",
        "--manifest-diff-since=1 day",
    ];
    let empty = world.sandbox.run(&empty).await;
    assert_eq!(empty.code, Some(0), "{empty}");
    assert!(empty.stderr.contains("nothing to promote"), "{empty}");
}

#[tokio::test]
async fn a_shallow_clone_works_or_says_what_to_fetch() {
    let (world, _) = history().await;
    let origin = format!("file://{}", world.sandbox.path("tree").display());
    let clone = ["clone", "-q", "--depth=1", &origin, "clone"];
    git(&world, "", LATER, &clone).await;
    let plan = |since: &'static str| {
        let arguments = ["plan", "--thin-manifest-dir=clone", "--offline", since];
        let sandbox = &world.sandbox;
        async move { sandbox.run(&arguments).await }
    };
    // Nothing was committed since, and that is known.
    let known = plan("--since-date=2025-01-01").await;
    assert_eq!(known.code, Some(0), "{known}");
    let parent = plan("--since=HEAD^").await;
    assert_eq!(parent.code, Some(2), "{parent}");
    assert!(parent.stderr.contains("git fetch --deepen=1"), "{parent}");
    let date = plan("--since-date=2022-01-01").await;
    assert_eq!(date.code, Some(2), "{date}");
    assert!(date.stderr.contains("too shallow"), "{date}");
    assert!(date.stderr.contains("git fetch --unshallow"), "{date}");
    git(&world, "clone", LATER, &["fetch", "-q", "--deepen=1"]).await;
    let parent = plan("--since=HEAD^").await;
    assert_eq!(parent.code, Some(0), "{parent}");
    assert!(parent.stdout.contains("server"), "{parent}");
    // Without git there is no earlier revision.
    std::fs::remove_dir_all(world.sandbox.path("clone/.git")).unwrap();
    let none = plan("--since=HEAD").await;
    assert_eq!(none.code, Some(2), "{none}");
    assert!(none.stderr.contains("not a git repository"), "{none}");
}

#[tokio::test]
async fn a_plain_manifest_has_revisions_too() {
    let world = World::start().await;
    let registries = format!(
        "registries:\n- name: {}/team\n  src: true\n- name: {}/team\nimages:\n",
        world.staging.host(),
        world.production.host()
    );
    let all = world.images_yaml();
    let app = &all[..all.find("- name: server").unwrap()];
    world
        .sandbox
        .write("tree/plain.yaml", &format!("{registries}{app}"));
    git(&world, "tree", LONG_AGO, &["init", "-q"]).await;
    commit(&world, LONG_AGO).await;
    world
        .sandbox
        .write("tree/plain.yaml", &format!("{registries}{all}"));
    let arguments = [
        "plan",
        "--manifest=tree/plain.yaml",
        "--offline",
        "--since=HEAD",
    ];
    let plan = world.sandbox.run(&arguments).await;
    assert_eq!(plan.code, Some(0), "{plan}");
    assert!(
        plan.stdout.contains("1 images, 1 digests") || plan.stdout.contains("1 image, 1 digest"),
        "{plan}"
    );
}

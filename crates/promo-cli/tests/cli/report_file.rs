//! The file of `--report`: whole or not at all, and never lost.

use crate::support::{KEY, World, names_in, promote};

#[tokio::test]
async fn a_full_disk_loses_nothing() {
    let world = World::start().await;
    let run = world
        .promote(&["--key", "cosign.key", "--report", "/dev/full"])
        .await;
    assert_eq!(run.code, Some(3), "{run}");
    assert!(run.stderr.contains("error[PROMO-X007]"), "{run}");
    assert!(
        run.stderr.contains("\"schema\": \"promo.report/v1\""),
        "{run}"
    );
    assert!(run.stdout.contains("published"), "{run}");
    assert!(world.published("app").is_some());
}

#[tokio::test]
async fn a_report_that_can_not_be_written_stops_the_run_before_it_begins() {
    let world = World::start().await;
    let run = world
        .promote(&[
            "--key",
            "cosign.key",
            "--report",
            "no/such/folder/report.json",
        ])
        .await;
    assert_eq!(run.code, Some(2), "{run}");
    assert!(world.production.log().is_empty());
}

#[tokio::test]
async fn the_report_of_a_run_is_no_page() {
    let world = World::start().await;
    let run = world
        .promote(&["--key", "cosign.key", "--report", "report.html"])
        .await;
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("promo plan --report"), "{run}");
    assert!(world.production.log().is_empty());
    assert!(!world.sandbox.path("report.html").exists());
}

#[tokio::test]
async fn a_report_replaces_the_one_before_and_leaves_nothing_beside_it() {
    let world = World::start().await;
    world.sandbox.write("reports/report.json", "the one before");
    let run = world
        .promote(&[KEY[0], KEY[1], "--report", "reports/report.json"])
        .await;
    assert_eq!(run.code, Some(0), "{run}");
    let report: serde_json::Value =
        serde_json::from_str(&world.sandbox.read("reports/report.json")).unwrap();
    assert_eq!(report["totals"]["published"], 2);
    assert_eq!(names_in(&world.sandbox.path("reports")), ["report.json"]);
    let run = world.promote(&["--report", "reports/report.json"]).await;
    assert_eq!(run.code, Some(2), "{run}");
    assert_eq!(names_in(&world.sandbox.path("reports")), ["report.json"]);
    assert!(
        world
            .sandbox
            .read("reports/report.json")
            .contains("promo.report/v1")
    );
}

/// The name beside the report can be guessed: a link that somebody put there leads nowhere.
#[cfg(unix)]
#[tokio::test]
async fn the_way_to_a_report_follows_no_link_and_the_place_of_it_keeps_its_own() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let world = World::start().await;
    let sandbox = &world.sandbox;
    sandbox.write("victim", "not to be touched");
    sandbox.write("kept/report.json", "the one before");
    let kept = sandbox.path("kept/report.json");
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("kept/report.json", sandbox.path("report.json")).unwrap();
    let arguments = promote(&[KEY[0], KEY[1], "--report", "report.json"]);
    // The shell's number is that of the command that it becomes.
    let script = "for place in report.json kept/report.json; do for more in '' -0 -1; do \
                  ln -s $PWD/victim $place.$$$more.part; done; done; exec \"$@\"";
    let run = sandbox.shell(script, &arguments).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(sandbox.read("victim"), "not to be touched");
    assert!(sandbox.path("report.json").is_symlink());
    assert!(sandbox.read("kept/report.json").contains("promo.report/v1"));
    let mode = std::fs::metadata(&kept).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[cfg(unix)]
#[tokio::test]
async fn a_report_goes_to_standard_output_and_into_pipes() {
    let world = World::start().await;
    let sandbox = &world.sandbox;
    let arguments = promote(&[KEY[0], KEY[1], "--report", "/dev/stdout"]);
    let run = sandbox.shell("\"$@\" > out", &arguments).await;
    assert_eq!(run.code, Some(0), "{run}");
    let out = sandbox.read("out");
    assert!(out.starts_with('{') && out.contains("published"), "{out}");

    let into_pipe = promote(&[KEY[0], KEY[1], "--report", "pipe"]);
    let script = "mkfifo pipe; cat pipe > read & \"$@\"; code=$?; wait; exit $code";
    let run = sandbox.shell(script, &into_pipe).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert!(sandbox.read("read").contains("promo.report/v1"));

    // Nobody reads it: the report goes to standard error.
    let run = world.promote(&[KEY[0], KEY[1], "--report", "pipe"]).await;
    assert_eq!(run.code, Some(3), "{run}");
    assert!(run.stderr.contains("error[PROMO-X007]"), "{run}");
    assert!(run.stderr.contains("promo.report/v1"), "{run}");
}

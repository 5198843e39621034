//! The file of `--report`: whole or not at all, and never lost.

use crate::support::{KEY, World, names_in};

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

//! Where the result goes: a full disk, a closed pipe. The promotion itself stands in any case.

use std::process::Stdio;

use promo_testkit::registry::{Matcher, Operation};

use crate::support::{World, interrupt, promote};

/// A pipe that nobody reads: closed by the time that promo writes.
async fn with_closed_stdout(world: &World, arguments: &[&str]) -> crate::support::Output {
    let mut child = world.sandbox.spawn(arguments);
    drop(child.stdout.take());
    world.sandbox.finish(child).await
}

#[tokio::test]
async fn a_closed_pipe_is_quiet_and_undoes_nothing() {
    for output in ["table", "json", "yaml"] {
        let world = World::start().await;
        let more = [
            "--key",
            "cosign.key",
            "--output",
            output,
            "--report",
            "report.json",
            "-q",
        ];
        let run = with_closed_stdout(&world, &promote(&more)).await;
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run}");
        world.good_ones_are_published();
        let report: serde_json::Value =
            serde_json::from_str(&world.sandbox.read("report.json")).unwrap();
        assert_eq!(report["totals"]["published"], 2);
    }
}

#[tokio::test]
async fn a_closed_standard_error_is_no_reason_to_stop() {
    let world = World::start().await;
    let mut child = world
        .sandbox
        .spawn(&promote(&["--key", "cosign.key", "-v"]));
    drop(child.stderr.take());
    let run = world.sandbox.finish(child).await;
    assert_eq!(run.code, Some(0), "{run}");
    world.good_ones_are_published();
}

#[tokio::test]
async fn a_full_standard_output_keeps_the_report() {
    let world = World::start().await;
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let more = ["--key", "cosign.key", "--report", "report.json"];
    let mut command = world.sandbox.command(&promote(&more));
    let child = command.stdout(Stdio::from(full.unwrap())).spawn().unwrap();
    let run = world.sandbox.finish(child).await;
    run.is(1, &["error[PROMO-X006]", "No space left on device"]);
    world.good_ones_are_published();
    assert!(
        world
            .sandbox
            .read("report.json")
            .contains("promo.report/v1")
    );
}

#[tokio::test]
async fn a_full_disk_for_the_plan_is_told() {
    let world = World::start().await;
    let plan = [
        "plan",
        "--thin-manifest-dir",
        "tree",
        "--report",
        "/dev/full",
    ];
    let run = world.sandbox.run(&plan).await;
    run.is(
        3,
        &[
            "error[PROMO-X007]",
            "No space left on device",
            "/dev/full",
            "promo.plan/v1",
        ],
    );
}

/// Ctrl-C and a full disk at once: the interruption counts, and the report is not lost.
#[tokio::test]
async fn an_interrupted_run_with_a_full_disk_says_both() {
    let world = World::start().await;
    let gate = world
        .production
        .faults()
        .pause(Matcher::on(Operation::BlobPut).times(1));
    let more = ["--key", "cosign.key", "--report", "/dev/full"];
    let child = world.sandbox.spawn(&promote(&more));
    gate.reached().await;
    interrupt(&child).await;
    gate.release();
    let run = world.sandbox.finish(child).await;
    assert_eq!(run.code, Some(130), "{run}");
    assert!(run.stderr.contains("error[PROMO-X007]"), "{run}");
    assert!(run.stderr.contains("promo.report/v1"), "{run}");
    world.promise_holds();
    world.completed().await;
}

/// What init systems and CI send before they kill.
#[tokio::test]
async fn the_terminate_signal_ends_as_well_as_ctrl_c() {
    let world = World::start().await;
    let gate = world
        .production
        .faults()
        .pause(Matcher::on(Operation::BlobPut).times(1));
    let more = ["--key", "cosign.key", "--report", "report.json"];
    let child = world.sandbox.spawn(&promote(&more));
    gate.reached().await;
    let id = child.id().unwrap().to_string();
    let sent = tokio::process::Command::new("kill")
        .args(["-TERM", &id])
        .status();
    assert!(sent.await.unwrap().success());
    gate.release();
    let run = world.sandbox.finish(child).await;
    assert_eq!(run.code, Some(130), "{run}");
    assert!(
        world
            .sandbox
            .read("report.json")
            .contains("promo.report/v1")
    );
    world.promise_holds();
    world.completed().await;
}

//! Ctrl-C in each phase: a request of that phase is held, the signal is sent, the request goes on. The report is
//! written, no tag is without its evidence, and the next run completes it.

use promo_testkit::registry::{Gate, Matcher, Operation};

use crate::support::{KEY, World, interrupt, promote, signal};

/// Interrupts a run while the gate holds a request of it.
async fn interrupted_at(world: &World, gate: Gate, more: &[&str]) -> serde_json::Value {
    let mut arguments = promote(&[KEY[0], KEY[1], "--report", "report.json"]);
    arguments.extend(more);
    let mut child = world.sandbox.spawn(&arguments);
    tokio::select! {
        () = gate.reached() => {}
        ended = child.wait() => panic!("the run ended before the gate: {ended:?}"),
    }
    interrupt(&child).await;
    heard(&mut child).await;
    gate.release();
    let output = world.sandbox.finish(child).await;
    assert_eq!(output.code, Some(130), "{output}");
    let report = serde_json::from_str(&world.sandbox.read("report.json")).unwrap();
    no_tag_without_evidence(world);
    report
}

/// Waits until the process says that it heard the signal: it was held until then, so nothing is left to chance.
async fn heard(child: &mut tokio::process::Child) {
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("interrupted:") {
            return;
        }
    }
    panic!("the signal was not heard");
}

fn no_tag_without_evidence(world: &World) {
    for name in ["app", "server"] {
        if world.published(name).is_some() {
            assert_eq!(
                world.referrers(name),
                2,
                "{name} is published without its evidence"
            );
        }
    }
}

/// The run after it publishes all of it.
async fn completed(world: &World) {
    world.production.faults().clear();
    world.staging.faults().clear();
    let run = world.promote(&KEY).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert!(world.published("app").is_some() && world.published("server").is_some());
    no_tag_without_evidence(world);
}

#[tokio::test]
async fn while_planning() {
    let world = World::start().await;
    let gate = world
        .production
        .faults()
        .pause(Matcher::on(Operation::ManifestHead).times(1));
    let report = interrupted_at(&world, gate, &[]).await;
    assert_eq!(report["interrupted"], true);
    assert!(world.production.log().writes().is_empty());
    completed(&world).await;
}

#[tokio::test]
async fn while_copying() {
    let world = World::start().await;
    let gate = world
        .production
        .faults()
        .pause(Matcher::on(Operation::UploadStart).times(1));
    let report = interrupted_at(&world, gate, &[]).await;
    assert_eq!(report["totals"]["published"], 0);
    completed(&world).await;
}

#[tokio::test]
async fn while_signing() {
    let world = World::start().await;
    let gate = world
        .production
        .faults()
        .pause(Matcher::on(Operation::Referrers).times(1));
    let report = interrupted_at(&world, gate, &[]).await;
    assert_eq!(report["interrupted"], true);
    completed(&world).await;
}

#[tokio::test]
async fn while_attesting() {
    let world = World::start().await;
    // Before it the two children of the index are put, then two signatures of each image.
    let put = Matcher::on(Operation::ManifestPut).after(6).times(1);
    let gate = world.production.faults().pause(put);
    let report = interrupted_at(&world, gate, &[]).await;
    assert_eq!(report["interrupted"], true);
    completed(&world).await;
}

#[tokio::test]
async fn while_validating() {
    let world = World::start().await;
    world.sandbox.keys("staging").await;
    let gate = world
        .staging
        .faults()
        .pause(Matcher::on(Operation::Referrers).times(1));
    let report = interrupted_at(&world, gate, &["--staging-key", "staging.pub"]).await;
    assert_eq!(report["interrupted"], true);
    assert!(world.production.log().writes().is_empty());
    completed(&world).await;
}

#[tokio::test]
async fn while_publishing() {
    let world = World::start().await;
    let put = Matcher::on(Operation::ManifestPut).reference("v1").times(1);
    let gate = world.production.faults().pause(put);
    let report = interrupted_at(&world, gate, &[]).await;
    // Edges whose evidence stands are published still.
    assert!(
        report["totals"]["published"].as_u64().unwrap() >= 1,
        "{report}"
    );
    completed(&world).await;
}

#[tokio::test]
async fn twice_leaves_at_once() {
    let world = World::start().await;
    let gate = world
        .production
        .faults()
        .pause(Matcher::on(Operation::UploadStart).times(1));
    let mut child = world.sandbox.spawn(&promote(&KEY));
    gate.reached().await;
    interrupt(&child).await;
    heard(&mut child).await;
    interrupt(&child).await;
    // The request is still held: only the second signal can have ended the process.
    let output = world.sandbox.finish(child).await;
    assert_eq!(output.code, Some(130), "{output}");
    gate.release();
    completed(&world).await;
}

/// A mirror hangs in the middle of an upload: what is open has some seconds, then it is given up, and the report is written.
async fn ended_while_an_upload_hangs(how: &str) {
    let world = World::start().await;
    let put = Matcher::on(Operation::BlobPut).times(1);
    let gate = world.production.faults().pause_request_body(put, 1);
    let arguments = promote(&[KEY[0], KEY[1], "--report", "report.json"]);
    let mut child = world.sandbox.spawn(&arguments);
    gate.reached().await;
    signal(&child, how).await;
    heard(&mut child).await;
    // It is held for ever: only by being given up can it end, long before any deadline of a request.
    let ended = world.sandbox.finish(child);
    let output = tokio::time::timeout(std::time::Duration::from_secs(50), ended)
        .await
        .unwrap();
    assert_eq!(output.code, Some(130), "{output}");
    let report: serde_json::Value =
        serde_json::from_str(&world.sandbox.read("report.json")).unwrap();
    assert_eq!(report["interrupted"], true);
    let text = report.to_string();
    assert!(text.contains("PROMO-R039"), "{text}");
    no_tag_without_evidence(&world);
    gate.release();
    completed(&world).await;
}

#[tokio::test]
async fn an_upload_that_hangs_is_given_up() {
    tokio::join!(
        ended_while_an_upload_hangs("-INT"),
        ended_while_an_upload_hangs("-TERM"),
        ended_while_an_upload_hangs("-HUP"),
    );
}

/// `nohup` is how a run survives its terminal.
#[tokio::test]
async fn a_hang_up_that_is_ignored_stays_so() {
    let world = World::start().await;
    let gate = world
        .production
        .faults()
        .pause(Matcher::on(Operation::UploadStart).times(1));
    let arguments = promote(&KEY);
    let ran = world.sandbox.shell(
        "trap '' HUP; \"$@\" & child=$!; echo $child > pid; wait $child",
        &arguments,
    );
    let hang_up = async {
        gate.reached().await;
        let id = world.sandbox.read("pid");
        let sent = std::process::Command::new("kill")
            .args(["-HUP", id.trim()])
            .status();
        assert!(sent.unwrap().success());
        gate.release();
    };
    let (run, ()) = tokio::join!(ran, hang_up);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(!run.stderr.contains("interrupted"), "{run}");
}

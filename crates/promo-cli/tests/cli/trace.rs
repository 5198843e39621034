//! `--trace` and `promo trace`: what is written is held against the registries' own logs, and no secret is in it.

use std::collections::BTreeMap;

use promo_testkit::registry::{Auth, Fault, Matcher, Operation};
use serde_json::Value;

use crate::support::{KEY_PASSWORD, REGISTRY_PASSWORD, World, promote};

/// The lines of a trace after its head.
fn lines(text: &str) -> Vec<Value> {
    let mut lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let head: Value = lines.next().unwrap();
    assert_eq!(head["schema"], "promo.trace/v1");
    lines.collect()
}

fn of<'a>(lines: &'a [Value], event: &str, host: &str) -> Vec<&'a Value> {
    let wanted = |line: &&Value| line["event"] == event && line["host"] == host;
    lines.iter().filter(wanted).collect()
}

fn with_password() -> Auth {
    Auth::bearer().user("robot", REGISTRY_PASSWORD)
}

#[tokio::test]
async fn each_request_has_its_line_and_no_secret_is_in_it() {
    let world = World::with(with_password(), with_password()).await;
    world.log_in();
    let faults = world.production.faults();
    // A child's manifest is put by its digest and simply repeated; a tag is looked at before it is put again.
    let index: Value = serde_json::from_slice(&world.image_of("server").manifest()).unwrap();
    let child = index["manifests"][0]["digest"].as_str().unwrap().to_owned();
    let on_put = |before| {
        let put = Matcher::on(Operation::ManifestPut).reference(&child);
        put.after(before).times(1)
    };
    faults.inject(on_put(0), Fault::too_many_requests(1));
    faults.inject(on_put(1), Fault::status(503));
    faults.inject(on_put(2), Fault::Reset);
    let layer = world.image_of("app").blobs()[0].digest.clone();
    let presigned = format!(
        "http://{}/v2/team/app/blobs/{layer}?X-Signature=presigned-0815",
        world.staging.host()
    );
    let get = Matcher::on(Operation::BlobGet).reference(&layer).times(1);
    let redirected = world
        .staging
        .faults()
        .inject(get, Fault::redirect(&presigned));
    let run = world
        .promote(&[
            "--key",
            "cosign.key",
            "--trace",
            "run.trace",
            "--output",
            "json",
            "-v",
        ])
        .await;
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(redirected.hits(), 1);

    let text = world.sandbox.read("run.trace");
    for secret in [
        REGISTRY_PASSWORD,
        KEY_PASSWORD,
        "presigned",
        "Bearer",
        "://",
        "?",
    ] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
    let lines = lines(&text);
    let report = run.json();
    for (registry, name) in [
        (&world.staging, "STAGING"),
        (&world.production, "PRODUCTION"),
    ] {
        let (host, log) = (registry.host(), registry.log());
        let requests = of(&lines, "request", &host);
        assert_eq!(requests.len(), log.len(), "{host}\n{text}");
        let status = |wanted: Option<u16>| {
            let wanted = serde_json::to_value(wanted).unwrap();
            requests.iter().filter(|it| it["status"] == wanted).count()
        };
        for wanted in [Some(200), Some(201), Some(401), Some(429), Some(503), None] {
            let logged = log.filter(|entry| entry.status == wanted).len();
            assert_eq!(status(wanted), logged, "{wanted:?} of {host}\n{text}");
        }
        let hosts = report["hosts"].as_array().unwrap();
        let told = hosts.iter().find(|it| it["host"] == name).unwrap();
        let counts: BTreeMap<String, u64> =
            serde_json::from_value(told["requests"].clone()).unwrap();
        for (class, count) in counts {
            let found = requests.iter().filter(|it| it["class"] == class.as_str());
            assert_eq!(found.count() as u64, count, "{class} of {host}");
        }
        assert!(run.stderr.contains(name), "{run}");
    }
    let host = world.production.host();
    assert_eq!(of(&lines, "throttled", &host).len(), 1);
    let puts = of(&lines, "retry", &host);
    let puts = puts.iter().filter(|it| it["operation"] == "manifestPut");
    assert_eq!(puts.count(), 3, "{text}");
    // Ordered by when it ended, and each phase has both its ends.
    let times: Vec<f64> = lines.iter().map(|it| it["at"].as_f64().unwrap()).collect();
    assert!(times.is_sorted(), "{text}");
    let phases = |event| lines.iter().filter(move |it| it["event"] == event).count();
    assert_eq!(phases("phaseBegan"), phases("phaseEnded"));
    assert!(phases("phaseBegan") >= 6, "{text}");
}

#[tokio::test]
async fn a_trace_is_summed_up_and_drawn() {
    let world = World::start().await;
    let mut command = world.sandbox.command(&promote(&["--no-sign"]));
    let run = command
        .env("PROMO_TRACE", "run.trace")
        .output()
        .await
        .unwrap();
    assert_eq!(run.status.code(), Some(0));
    let shown = world
        .sandbox
        .run(&["trace", "run.trace", "--html", "run.html"])
        .await;
    assert_eq!(shown.code, Some(0), "{shown}");
    let requests = world.staging.log().len() + world.production.log().len();
    assert!(
        shown
            .stdout
            .contains(&format!("{requests} requests to 2 hosts in ")),
        "{shown}"
    );
    for word in [
        "PHASE",
        "promote",
        "HOST",
        "STAGING",
        "PRODUCTION",
        "WAITED",
    ] {
        assert!(shown.stdout.contains(word), "{word}\n{shown}");
    }
    let page = world.sandbox.read("run.html");
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert_eq!(page.matches("<svg").count(), 3);
    let bars = page.matches("<rect class=\"read\"").count();
    assert!(bars > 5, "{bars} bars\n{page}");
    assert!(!page.contains("<script") && !page.contains("://"));
}

#[tokio::test]
async fn what_can_not_be_written_or_read_is_told_before_anything_happens() {
    let world = World::start().await;
    for place in ["no/such/folder/run.trace", "/dev/full"] {
        let run = world
            .promote(&["--key", "cosign.key", "--trace", place])
            .await;
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.stderr.contains("PROMO-X004"), "{run}");
    }
    assert!(world.production.log().is_empty() && world.staging.log().is_empty());
    let head = "{\"schema\":\"promo.trace/v1\"}\n";
    for (text, told) in [
        ("{}\n", "its first line"),
        ("{\"schema\":\"promo.trace/v7\"}\n", "promo.trace/v7"),
        (&format!("{head}\n{head}"), "line 2"),
    ] {
        world.sandbox.write("some.trace", text);
        let run = world
            .sandbox
            .run(&["trace", "some.trace", "--html", "some.html"])
            .await;
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.stderr.contains("error[PROMO-X052]"), "{run}");
        assert!(run.stderr.contains(told), "{run}");
        assert!(!world.sandbox.path("some.html").exists());
    }
}

/// Twelve repositories of a host where nobody listens: it is told once that they wait for it, and once that it is given up.
#[tokio::test]
async fn a_host_that_is_down_is_told_once_and_not_for_each_request() {
    let world = World::start().await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let registries = format!(
        "registries:\n- name: {}/team\n  src: true\n- name: {host}/team\n",
        world.staging.host()
    );
    world
        .sandbox
        .write("tree/manifests/team/promoter-manifest.yaml", &registries);
    let digest = world.digest("app");
    let entry = |number| format!("- name: app-{number}\n  dmap:\n    \"{digest}\": [\"v1\"]\n");
    let images = (0..12).map(entry).collect::<Vec<_>>().concat();
    world.sandbox.write("tree/images/team/images.yaml", &images);
    let arguments = [
        "plan",
        "--thin-manifest-dir",
        "tree",
        "--trace",
        "run.trace",
    ];
    let mut command = world.sandbox.command(&arguments);
    let run = command.env("PROMO_GIVE_UP", "2s").output().await.unwrap();
    let run = world.sandbox.output(run);
    let count = |text: &str| run.stderr.matches(text).count();
    assert_eq!(
        count(&format!("   waiting  for {host}: it has not answered for ")),
        1,
        "{run}"
    );
    assert_eq!(count("; given up after 2 s"), 1, "{run}");
    assert_eq!(count(&format!("  given up  {host}: ")), 1, "{run}");
    let lines = lines(&world.sandbox.read("run.trace"));
    assert_eq!(of(&lines, "hostAwaited", &host).len(), 1);
    assert_eq!(of(&lines, "hostGivenUp", &host).len(), 1);
}

/// All commands of a job have the same variable.
#[tokio::test]
async fn each_command_of_a_job_writes_a_trace_of_its_own() {
    let world = World::start().await;
    world.sandbox.write("job.trace", "of another tool\n");
    let plan = ["plan", "--thin-manifest-dir", "tree"];
    let run = || {
        let mut command = world.sandbox.command(&plan);
        command.env("PROMO_TRACE", "job.trace");
        async move { command.output().await.unwrap() }
    };
    let (first, second) = tokio::join!(run(), run());
    for ended in [first, second] {
        let ended = world.sandbox.output(ended);
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    assert_eq!(world.sandbox.read("job.trace"), "of another tool\n");
    for name in ["job-2.trace", "job-3.trace"] {
        assert!(!lines(&world.sandbox.read(name)).is_empty());
    }
}

#[tokio::test]
async fn a_trace_that_another_run_is_writing_is_not_replaced() {
    let world = World::start().await;
    world.sandbox.write("run.trace", "being written\n");
    let held = std::fs::File::open(world.sandbox.path("run.trace")).unwrap();
    held.lock().unwrap();
    let plan = [
        "plan",
        "--thin-manifest-dir",
        "tree",
        "--trace",
        "run.trace",
    ];
    let refused = world.sandbox.run(&plan).await;
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(
        refused.stderr.contains("another run is writing"),
        "{refused}"
    );
    assert_eq!(world.sandbox.read("run.trace"), "being written\n");
    drop(held);
    let taken = world.sandbox.run(&plan).await;
    assert_eq!(taken.code, Some(0), "{taken}");
    assert!(!lines(&world.sandbox.read("run.trace")).is_empty());
}

/// The table at the end of `-v` counts each request once, and so does the report.
#[tokio::test]
async fn what_is_told_of_hosts_is_what_they_were_sent() {
    let world = World::start().await;
    let run = world
        .promote(&["--no-sign", "-v", "--report", "report.json"])
        .await;
    assert_eq!(run.code, Some(0), "{run}");
    let sent = world.staging.log().len() + world.production.log().len();
    assert!(
        run.stderr.contains(&format!("{sent} requests to 2 hosts")),
        "{sent}: {run}"
    );
    let report: Value = serde_json::from_str(&world.sandbox.read("report.json")).unwrap();
    let hosts = report["hosts"].as_array().unwrap().iter();
    let counts = hosts.flat_map(|host| host["requests"].as_object().unwrap().values());
    let told: u64 = counts.map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(told, sent as u64, "{report:#}");
}

#[tokio::test]
async fn the_demo_takes_a_trace() {
    let sandbox = crate::support::Sandbox::new();
    let demo = sandbox.run(&["demo", "--trace", "demo.trace"]).await;
    assert_eq!(demo.code, Some(0), "{demo}");
    let lines = lines(&sandbox.read("demo.trace"));
    assert!(lines.iter().any(|line| line["event"] == "request"));
}

//! Mirrors go through the phases apart: none waits for another, and what can be shared is.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use promo_core::identity::IdentityRules;
use promo_core::manifest::ManifestSet;
use promo_core::pipeline::{EvidenceScope, Interrupt};
use promo_core::ports::{
    Event, Evidence, Failure, Observer, Phase, SignatureFormat, Signer, Subject,
};
use promo_core::report::{Report, RunOutcome};
use promo_testkit::registry::{Fault, Matcher, Operation, RegistryOptions};

use crate::world::{self, World, WorldPorts, image, want};

/// Counts what is signed.
#[derive(Debug)]
struct Counting {
    signer: Arc<dyn Signer>,
    signed: Arc<AtomicUsize>,
}

#[async_trait]
impl Signer for Counting {
    async fn check(&self) -> Result<(), Failure> {
        self.signer.check().await
    }

    fn formats(&self) -> &[SignatureFormat] {
        self.signer.formats()
    }

    async fn sign(
        &self,
        subject: &Subject,
        formats: &[SignatureFormat],
    ) -> Result<Vec<Evidence>, Failure> {
        self.signed.fetch_add(1, Ordering::SeqCst);
        self.signer.sign(subject, formats).await
    }
}

/// Keeps the events of phases and images.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<String>>);

impl Observer for Kept {
    fn observe(&self, event: &Event) {
        let text = match event {
            Event::PhaseBegan { phase, items } if *phase >= Phase::Promote => {
                format!("{} begins: {items}", phase.as_str())
            }
            Event::ItemDone { phase, blocked, .. } if *phase >= Phase::Promote => {
                format!(
                    "{} {}",
                    phase.as_str(),
                    blocked.map_or("passed", |_| "blocked")
                )
            }
            Event::PhaseEnded {
                phase,
                passed,
                blocked,
            } if *phase >= Phase::Promote => {
                format!("{} ended: {passed} {blocked}", phase.as_str())
            }
            _ => return,
        };
        self.0.lock().unwrap().push(text);
    }
}

impl Kept {
    fn of(&self, phase: &str) -> Vec<String> {
        let all = self.0.lock().unwrap();
        let of_phase = all.iter().filter_map(|text| text.strip_prefix(phase));
        of_phase.map(|text| text.trim().to_owned()).collect()
    }
}

async fn three() -> World {
    let options = || RegistryOptions::default();
    World::with_mirrors(vec![options(), options(), options()]).await
}

async fn run(world: &World, ports: WorldPorts, set: &ManifestSet) -> Report {
    let run = world::run(world.settings(), ports, Interrupt::new(), set);
    run.await.unwrap()
}

fn counted(world: &World) -> (WorldPorts, Arc<AtomicUsize>) {
    let mut ports = world.ports();
    let signed = Arc::default();
    ports.signing.signer = Arc::new(Counting {
        signer: ports.signing.signer.clone(),
        signed: Arc::clone(&signed),
    });
    (ports, signed)
}

/// Whatever a mirror stands still at, the others have published meanwhile; when it goes on, it gets there as well.
#[tokio::test]
async fn a_mirror_that_stands_still_holds_up_no_other() {
    for operation in [
        Operation::UploadStart,
        Operation::Mount,
        Operation::BlobPut,
        Operation::Referrers,
        Operation::ManifestPut,
    ] {
        let world = three().await;
        let one = image(1);
        world.stage("app", &one);
        let set = world.set(&[want("app", &one, &["v1"])]);
        let still = world.mirrors[1].faults().pause(Matcher::on(operation));
        let published = [0, 2].map(|mirror| {
            let put = Matcher::on(Operation::ManifestPut).reference("v1");
            world.mirrors[mirror].faults().pause_answer(put)
        });
        let (ports, signed) = counted(&world);
        let others = async {
            for gate in &published {
                gate.reached().await;
            }
            still.reached().await;
            let shown = world.mirrors[1].state().tags("prod/app");
            assert_eq!(shown.get("v1"), None, "{operation:?}");
            for gate in published.iter().chain([&still]) {
                gate.release();
            }
        };
        let (report, ()) = tokio::join!(run(&world, ports, &set), others);
        assert_eq!(
            report.outcome(),
            RunOutcome::Done,
            "{operation:?}: {report:#?}"
        );
        assert_eq!(report.totals.published, 3, "{operation:?}");
        assert_eq!(signed.load(Ordering::SeqCst), 1, "{operation:?}");
        world.assert_promise().await;
    }
}

/// Without identities each destination has a public name of its own, and all of them get the same bytes.
#[tokio::test]
async fn content_is_read_once_whatever_it_is_called() {
    let world = three().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);
    let mut settings = world.settings();
    settings.plan.identities = IdentityRules::default();
    let report = world.try_run(settings, &set).await.unwrap();
    assert_eq!(report.totals.published, 3);
    let log = world.staging.log();
    assert_eq!(log.count(Operation::BlobGet), 3);
    assert_eq!(log.count(Operation::ManifestGet), 1);
    // What is beside it, too: one list, three tags.
    assert_eq!(log.count(Operation::Referrers), 1);
    assert_eq!(log.count(Operation::ManifestHead), 3);
}

/// What stands at a mirror where the image itself doesn't is taken by the others: nothing is signed again.
#[tokio::test]
async fn evidence_that_stands_at_one_mirror_is_taken_by_all() {
    let world = three().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);
    let refused = Fault::status(400);
    let faults = [
        world.mirrors[0]
            .faults()
            .inject(Matcher::on(Operation::BlobPut), refused.clone()),
        world.mirrors[1]
            .faults()
            .inject(Matcher::on(Operation::BlobPut), refused.clone()),
        world.mirrors[2]
            .faults()
            .inject(Matcher::on(Operation::ManifestPut).reference("v1"), refused),
    ];
    let (ports, signed) = counted(&world);
    let report = run(&world, ports, &set).await;
    assert_eq!(report.totals.published, 0);
    assert_eq!(signed.load(Ordering::SeqCst), 1);
    for fault in &faults {
        fault.remove();
    }

    let (ports, signed) = counted(&world);
    let report = run(&world, ports, &set).await;
    assert_eq!(report.totals.published, 3, "{report:#?}");
    assert_eq!(signed.load(Ordering::SeqCst), 0);
    world.assert_promise().await;
}

/// A signer that fails is asked once for each image, not once for each mirror.
#[tokio::test]
async fn a_signer_that_fails_is_asked_once() {
    #[derive(Debug)]
    struct Failing(Arc<dyn Signer>, AtomicUsize);

    #[async_trait]
    impl Signer for Failing {
        async fn check(&self) -> Result<(), Failure> {
            Ok(())
        }

        fn formats(&self) -> &[SignatureFormat] {
            self.0.formats()
        }

        async fn sign(&self, _: &Subject, _: &[SignatureFormat]) -> Result<Vec<Evidence>, Failure> {
            self.1.fetch_add(1, Ordering::SeqCst);
            let kind = promo_core::ports::FailureKind::Signing;
            let code = promo_core::Code::new("PROMO-T000");
            Err(Failure::new(kind, code, "the key is locked"))
        }
    }

    let world = three().await;
    let one = image(1);
    world.stage("app", &one);
    let mut ports = world.ports();
    let signer = Arc::new(Failing(ports.signing.signer.clone(), AtomicUsize::new(0)));
    ports.signing.signer = signer.clone();
    let report = run(&world, ports, &world.set(&[want("app", &one, &["v1"])])).await;
    assert_eq!(world::blocked_codes(&report), ["PROMO-T000"; 3]);
    assert_eq!(signer.1.load(Ordering::SeqCst), 1);
}

/// One account of all mirrors: a phase begins and ends once, an image passes when it passed somewhere.
#[tokio::test]
async fn observers_and_the_report_hear_of_each_image_once() {
    let world = three().await;
    let (one, two) = (image(1), image(2));
    world.stage("one", &one);
    world.stage("two", &two);
    let set = world.set(&[want("one", &one, &["v1"]), want("two", &two, &["v1"])]);
    // One image is refused everywhere, the other at one mirror.
    for (mirror, repository) in [
        (0, "prod/two"),
        (1, "prod/two"),
        (2, "prod/two"),
        (2, "prod/one"),
    ] {
        let put = Matcher::on(Operation::BlobPut).repository(repository);
        world.mirrors[mirror]
            .faults()
            .inject(put, Fault::status(400));
    }
    let kept = Arc::new(Kept::default());
    let mut ports = world.ports();
    ports.observer = kept.clone();
    let report = run(&world, ports, &set).await;
    let promote = kept.of("promote");
    assert_eq!(promote[0], "begins: 2");
    assert_eq!(promote.last().unwrap(), "ended: 1 1");
    let mut images = promote[1..promote.len() - 1].to_vec();
    images.sort();
    assert_eq!(images, ["blocked", "passed"]);
    for phase in ["sign", "attest"] {
        let of_phase = kept.of(phase);
        assert_eq!(
            of_phase[1..],
            ["passed", "ended: 1 0"],
            "{phase}: {of_phase:?}"
        );
    }
    assert_eq!(kept.of("publish")[1..], ["passed", "passed", "ended: 2 0"]);
    let phases: Vec<_> = report
        .phases
        .iter()
        .map(|it| (it.passed, it.blocked))
        .collect();
    assert_eq!(phases[4..], [(1, 1), (1, 0), (1, 0), (2, 0)]);
    assert_eq!(report.totals.published, 2);
}

/// A run in shards: each is published before the next is begun, and what is told is told once.
#[tokio::test]
async fn shards_come_one_after_the_other_in_one_account() {
    let world = three().await;
    let images = [1, 2, 3].map(image);
    let wanted = images.each_ref().map(|image| {
        world.stage("app", image);
        want("app", image, &[&image.digest()[7..12]])
    });
    let set = world.set(&wanted);
    let kept = Arc::new(Kept::default());
    let mut ports = world.ports();
    ports.observer = kept.clone();
    let mut settings = world.settings();
    settings.shard = NonZeroUsize::MIN;
    let run = world::run(settings, ports, Interrupt::new(), &set);
    let report = run.await.unwrap();
    assert_eq!(report.totals.published, 9);
    let phases: Vec<_> = report
        .phases
        .iter()
        .map(|it| (it.passed, it.blocked))
        .collect();
    assert_eq!(
        phases[2..],
        [(3, 0), (3, 0), (3, 0), (3, 0), (3, 0), (9, 0)]
    );
    for phase in ["promote", "sign", "attest"] {
        let of_phase = kept.of(phase);
        assert_eq!(
            of_phase,
            ["begins: 3", "passed", "passed", "passed", "ended: 3 0"]
        );
    }
    // When the last bytes are read, all images but one are published.
    let read = world.staging.log().of(Operation::BlobGet);
    let last_read = read.iter().map(|entry| entry.began_at).max().unwrap();
    let published = world.mirrors[0].log().filter(|entry| {
        let tag = entry.reference.as_deref().unwrap_or_default();
        entry.operation == Operation::ManifestPut && tag.len() == 5
    });
    let before = published.iter().filter(|put| put.began_at < last_read);
    assert_eq!(before.count(), 2);
    world.assert_promise().await;
}

/// Where one mirror receives the evidence of all, nobody publishes before it stands there.
#[tokio::test]
async fn with_evidence_at_one_mirror_the_others_wait_for_it() {
    let world = three().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);
    let mut settings = world.settings();
    settings.evidence = EvidenceScope::Canonical(world.mirrors[1].host().parse().unwrap());
    let put = Matcher::on(Operation::ManifestPut);
    let gate = world.mirrors[1].faults().pause_answer(put);
    let others = async {
        gate.reached().await;
        for mirror in [0, 2] {
            assert!(world.mirrors[mirror].state().tags("prod/app").is_empty());
        }
        gate.release();
    };
    let (report, ()) = tokio::join!(world.try_run(settings, &set), others);
    assert_eq!(report.unwrap().totals.published, 3);
}

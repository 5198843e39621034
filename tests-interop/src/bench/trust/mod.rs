//! `cargo xtask bench trust`: how quickly promo proves, and verifies what is proven: with a key on the embedded registry, and keyless
//! against a whole sigstore on loopback, beside what the log itself allows ([`bare`]) and beside cosign.
//!
//! Images are copied first and signed by a run of their own (`--complete`), so that only the proof is timed, with the plan that it
//! takes. Nothing is judged: whether a target was met stands beside the number.

mod bare;
mod stage;

use std::time::{Duration, Instant};

use self::stage::Stage;
use crate::cosign::{Form, Keyless};
use crate::sigstore_stack::Log;
use xtask::error::Result;

/// How many digests are proven with a key, and by the log of the first generation.
const MANY: usize = 1000;
/// How many by the log of the second, which takes some fourteen entries in a second.
const FEW: usize = 200;
/// How many cosign signs: each takes as long as the others.
const SAMPLE: usize = 5;
/// Signature and attestation.
const PIECES: usize = 2;
/// How many entries the bare loop has under way: as many as promo has images at one mirror.
const AT_ONCE: usize = 64;

pub(super) fn run() -> Result<()> {
    let stage = Stage::prepare()?;
    let many = stage.images(MANY)?;
    let with_key = stage.prove_with_key(&many, "key")?;
    told("with a key, no log", MANY, with_key, None);
    target(
        "digests in a second, at least 200",
        rate(MANY, with_key) >= 200.0,
    );
    for (log, name, count) in [
        (Log::OneAlone, "Rekor v1", MANY),
        (Log::One, "Rekor v1 and a timestamp authority", MANY),
        (Log::Two, "Rekor v2 and a timestamp authority", FEW),
    ] {
        let images = many.get(..count).unwrap_or(&many);
        let floor = bare::enter(&stage.sigstore, log, count * PIECES, AT_ONCE)?;
        let (took, asked) = stage.prove_keyless(images, log)?;
        told(name, count, took, Some(floor));
        println!("  requests to the sigstore: {asked}");
        target(
            "the log's own time, 1.2 × at the most",
            took.as_secs_f64() <= floor.as_secs_f64() * 1.2,
        );
    }
    let verified = stage.verify_keyless(&many)?;
    told("verified, Rekor v1", MANY, verified, None);
    target(
        "digests in a second, at least 300",
        rate(MANY, verified) >= 300.0,
    );
    let cosign = by_cosign(&stage, many.get(..SAMPLE).unwrap_or(&many))?;
    told(
        "cosign, one after the other, Rekor v1",
        SAMPLE,
        cosign,
        None,
    );
    Ok(())
}

/// cosign signs and attests images one after the other, as a script of a pipeline does.
fn by_cosign(stage: &Stage, images: &[String]) -> Result<Duration> {
    let began = Instant::now();
    for digest in images {
        let image = stage.production("cosign", digest);
        let token = stage.sigstore.workflow()?;
        let keyless = Keyless {
            sigstore: &stage.sigstore,
            token: &token,
            log: Log::OneAlone,
        };
        stage.cosign.sign_keyless(&image, keyless, Form::Bundle)?;
        stage.cosign.attest_keyless(&image, keyless, Form::Bundle)?;
    }
    Ok(began.elapsed())
}

fn told(name: &str, count: usize, took: Duration, floor: Option<Duration>) {
    let seconds = took.as_secs_f64();
    println!(
        "{name}: {count} digests in {seconds:.1} s, {:.1}/s",
        rate(count, took)
    );
    if let Some(floor) = floor {
        let floor = floor.as_secs_f64();
        println!(
            "  the log alone, {} entries, {AT_ONCE} at once: {floor:.1} s; {:.2} × of that",
            count * PIECES,
            seconds / floor
        );
    }
}

fn target(what: &str, met: bool) {
    println!("  {what}: {}", if met { "met" } else { "not met" });
}

fn rate(count: usize, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "it is a thousand at the most")]
    let count = count as f64;
    count / took.as_secs_f64()
}

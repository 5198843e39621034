//! The story: a run, its verification, a second run, four refusals. Each chapter demands that it was so.

use promo::documents::style::{GREEN, RED, one_line};
use promo::{Extent, PromoteRequest, image};
use promo_core::Code;
use promo_core::evidence::Demand;
use promo_core::manifest::ManifestSet;
use promo_core::pipeline::codes::STAGING_UNSIGNED;
use promo_core::pipeline::{EdgeResult, PhaseStatus, StagingPolicy};
use promo_core::plan::Verdict;
use promo_core::predicate::PROMOTION_PREDICATE_TYPE;
use promo_core::report::{Report, RunOutcome};
use promo_sign::KeyVerifier;
use promo_testkit::image::{ImageBuilder, Layer};

use super::world::{PUBLIC, World};
use super::{Teller, demand, forgery, unexpected};
use crate::error::Result;

/// Tells all of it and returns the report of the first run.
pub(super) async fn tell(world: &World, teller: Teller) -> Result<Report> {
    introduce(world, teller)?;
    let set = wanted(world)?;
    let report = first_run(world, teller, &set).await?;
    verification(world, teller).await?;
    second_run(world, teller, &set).await?;
    teller.heading("5. What is refused")?;
    refuse_unsigned(world, teller).await?;
    refuse_forgery(world, teller).await?;
    refuse_tag_move(world, teller).await?;
    refuse_altered_blob(world, teller).await?;
    Ok(report)
}

fn introduce(world: &World, teller: Teller) -> Result<()> {
    teller.heading("1. Registries and images, on this machine only")?;
    teller.line(&format!("  staging     {}/staging", world.staging.host()))?;
    for mirror in &world.mirrors {
        teller.line(&format!(
            "  production  {}/team, known as {PUBLIC}",
            mirror.host()
        ))?;
    }
    for promoted in &world.images {
        let tags = match promoted.tags {
            [] => "-".to_owned(),
            tags => tags.join(", "),
        };
        teller.line(&format!(
            "  {:<8} {:<15} {}",
            promoted.name, tags, promoted.what
        ))?;
    }
    Ok(())
}

/// What the promoter manifest of the first two runs asks for.
fn wanted(world: &World) -> Result<ManifestSet> {
    let images = world.images.iter();
    world.manifest(images.map(|promoted| (promoted.name, promoted.image.digest(), promoted.tags)))
}

async fn first_run(world: &World, teller: Teller, set: &ManifestSet) -> Result<Report> {
    teller.heading("2. The first run copies, signs, attests, and publishes last")?;
    teller.command("promo promote --confirm --key cosign.key --staging-key build.pub")?;
    let report = run(world, set, StagingPolicy::IfPresent).await?;
    for phase in &report.phases {
        let what = match phase.status {
            PhaseStatus::Done => format!("{} passed, {} left", phase.passed, phase.blocked),
            PhaseStatus::NotAskedFor => "not asked for".to_owned(),
            PhaseStatus::NotReached => "not reached".to_owned(),
        };
        teller.line(&format!("  {:>10}  {what}", phase.phase.as_str()))?;
    }
    let (edges, published) = (report.totals.edges, report.totals.published);
    demand(
        report.outcome() == RunOutcome::Done,
        "the first run left something",
    )?;
    let tags: usize = world
        .images
        .iter()
        .map(|image| image.tags.len().max(1))
        .sum();
    let expected = tags * world.mirrors.len();
    let all = edges == published && usize::try_from(edges) == Ok(expected);
    demand(all, "the first run did not publish everything")?;
    teller.line(&format!(
        "  {GREEN}published{GREEN:#} {published} of {edges} edges"
    ))?;
    Ok(report)
}

/// Everything in production is verified as anybody can verify it.
async fn verification(world: &World, teller: Teller) -> Result<()> {
    teller.heading("3. Anybody can verify what is in production")?;
    teller.command("promo verify IMAGE --key cosign.pub --attestation-type …/promotion/v1")?;
    let judge = KeyVerifier::new([world.release_key.public_key().clone()]).trusting_all();
    let demanded = Demand {
        identity: None,
        attestations: vec![PROMOTION_PREDICATE_TYPE.to_owned()],
        ..Demand::default()
    };
    let promoter = world.promoter(StagingPolicy::IfPresent)?;
    let images = world.production()?;
    let found = promoter.verify(images, &judge, &demanded).await?;
    for image in &found.images {
        demand(image.accepted, &format!("{} was not accepted", image.image))?;
        let pieces = image.evidence.len();
        teller.line(&format!(
            "  {GREEN}accepted{GREEN:#} {} ({pieces} proofs)",
            image.image
        ))?;
    }
    carried(world, teller).await
}

/// The signature of the build team came along, the very bytes.
async fn carried(world: &World, teller: Teller) -> Result<()> {
    let judge = KeyVerifier::new([world.staging_key.public_key().clone()]).trusting_all();
    let in_staging = format!("{}/staging/signed", world.staging.host());
    let demanded = Demand {
        identity: Some(image::identity(&in_staging)?),
        ..Demand::default()
    };
    let mirrors = world.mirrors.iter();
    let images: Vec<_> = mirrors
        .map(|m| format!("{}/team/signed:v3.0.0", m.host()))
        .collect();
    let promoter = world.promoter(StagingPolicy::IfPresent)?;
    let images = image::references(&images)?;
    let found = promoter.verify(images, &judge, &demanded).await?;
    demand(found.accepted, "the signature of staging was not carried")?;
    teller.line("  the build team's signature of `signed` came along to both mirrors")
}

async fn second_run(world: &World, teller: Teller, set: &ManifestSet) -> Result<()> {
    teller.heading("4. The second run has nothing left to do")?;
    let before = world.writes();
    let report = run(world, set, StagingPolicy::IfPresent).await?;
    demand(
        report.outcome() == RunOutcome::Done,
        "the second run left something",
    )?;
    let (edges, present) = (report.totals.edges, report.totals.present);
    demand(edges == present, "the second run found something to do")?;
    demand(world.writes() == before, "the second run sent a write")?;
    teller.line(&format!(
        "  {present} of {edges} edges present, no write was sent"
    ))
}

async fn refuse_unsigned(world: &World, teller: Teller) -> Result<()> {
    let unsigned = ImageBuilder::new()
        .layer(Layer::file("unsigned", "unsigned"))
        .build();
    world.push("unsigned", &["v1.0.0"], &unsigned);
    let tags: &[&str] = &["v1.0.0"];
    let set = world.manifest([("unsigned", unsigned.digest(), tags)])?;
    let report = run(world, &set, StagingPolicy::Require).await?;
    let reasons = blocked(&report, STAGING_UNSIGNED)?;
    demand(
        report.outcome() == RunOutcome::Refused,
        "an unsigned image was not refused",
    )?;
    let absent = world.tag_in_mirrors("unsigned", "v1.0.0") == [None, None];
    demand(absent, "an unsigned image was published")?;
    refused(
        teller,
        "an unsigned image where signatures are required",
        &reasons,
    )
}

/// The build team did sign, but another image: what the signature speaks of decides, not beside what it stands.
async fn refuse_forgery(world: &World, teller: Teller) -> Result<()> {
    let forged = ImageBuilder::new()
        .layer(Layer::file("forged", "never built by the build team"))
        .build();
    world.push("forged", &["v1.0.0"], &forged);
    let mut images = world.images.iter();
    let signed = images
        .find(|image| image.name == "signed")
        .ok_or_else(|| unexpected("no image is signed"))?;
    forgery::transplant(world, ("signed", &signed.image), ("forged", &forged)).await?;
    let tags: &[&str] = &["v1.0.0"];
    let set = world.manifest([("forged", forged.digest(), tags)])?;
    let report = run(world, &set, StagingPolicy::Require).await?;
    let reasons: Vec<_> = reasons(&report)
        .map(|(code, message)| format!("{code}: {message}"))
        .collect();
    demand(
        report.outcome() == RunOutcome::Refused && reasons.len() == 2,
        "a forged signature was not refused",
    )?;
    let absent = world.tag_in_mirrors("forged", "v1.0.0") == [None, None];
    demand(absent, "an image with a forged signature was published")?;
    refused(
        teller,
        "an image beside which somebody put the signature of another",
        &reasons,
    )
}

async fn refuse_tag_move(world: &World, teller: Teller) -> Result<()> {
    let before = world.tag_in_mirrors("hello", "v1.0.0");
    let other = ImageBuilder::new()
        .layer(Layer::file("hello", "something else"))
        .build();
    world.push("hello", &["v1.0.1"], &other);
    let tags: &[&str] = &["v1.0.0"];
    let set = world.manifest([("hello", other.digest(), tags)])?;
    let report = run(world, &set, StagingPolicy::IfPresent).await?;
    let moves: Vec<_> = report
        .blocked
        .iter()
        .filter(|edge| edge.verdict == Verdict::TagMove)
        .map(|edge| format!("{}: {}", edge.code, edge.message))
        .collect();
    demand(moves.len() == 2, "a tag move was not refused")?;
    let same = world.tag_in_mirrors("hello", "v1.0.0") == before;
    demand(same, "a tag was moved")?;
    refused(teller, "a tag that would move", &moves)
}

async fn refuse_altered_blob(world: &World, teller: Teller) -> Result<()> {
    let altered = ImageBuilder::new()
        .layer(Layer::file("altered", "as it was built"))
        .build();
    world.push("altered", &["v1.0.0"], &altered);
    let layer = altered
        .blobs()
        .last()
        .ok_or_else(|| unexpected("an image has no layer"))?;
    let lies = world
        .staging
        .state()
        .corrupt_blob("staging/altered", &layer.digest);
    demand(lies, "the staging registry would not lie")?;
    let tags: &[&str] = &["v1.0.0"];
    let set = world.manifest([("altered", altered.digest(), tags)])?;
    let report = run(world, &set, StagingPolicy::IfPresent).await?;
    let reasons: Vec<_> = reasons(&report)
        .map(|(code, message)| format!("{code}: {message}"))
        .collect();
    demand(
        report.outcome() == RunOutcome::Refused,
        "an altered blob was not refused",
    )?;
    let absent = world.tag_in_mirrors("altered", "v1.0.0") == [None, None];
    demand(absent, "an altered blob was published")?;
    refused(teller, "a layer that a lying registry altered", &reasons)
}

fn refused(teller: Teller, what: &str, reasons: &[String]) -> Result<()> {
    teller.line(&format!("  {RED}refused{RED:#} {what}"))?;
    let reason = reasons.first().map(|reason| one_line(reason));
    teller.line(&format!("          {}", reason.unwrap_or_default()))
}

/// Why edges were blocked with this code; both of them must be.
fn blocked(report: &Report, code: Code) -> Result<Vec<String>> {
    let reasons: Vec<_> = reasons(report)
        .filter(|(found, _)| *found == code.as_str())
        .map(|(code, message)| format!("{code}: {message}"))
        .collect();
    demand(
        reasons.len() == 2,
        &format!("the edges were not left with {code}"),
    )?;
    Ok(reasons)
}

fn reasons(report: &Report) -> impl Iterator<Item = (String, &str)> {
    report.edges.iter().filter_map(|edge| match &edge.result {
        EdgeResult::Blocked(blocked) => Some((blocked.code.to_string(), blocked.message.as_str())),
        _ => None,
    })
}

/// A confirmed run with the release key.
async fn run(world: &World, set: &ManifestSet, staging: StagingPolicy) -> Result<Report> {
    let promoter = world.promoter(staging)?;
    let request = PromoteRequest::new(Extent::Confirmed);
    Ok(promoter.promote_set(set, &request).await?)
}

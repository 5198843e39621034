//! A sigstore that is described by a TUF repository, which python-tuf wrote: promo signs and judges by it, goes on while it can't be
//! reached, follows new keys that the old ones have signed, and refuses a stranger's.

use std::fs;

use super::by_promo::{identity, must_say};
use super::{Image, Signer, Stage};
use crate::cosign::Form;
use crate::promo::{Documents, KeylessPromo};
use crate::sigstore_clients::TufState;
use crate::sigstore_stack::Log;
use xtask::error::{OnPath, Result};
use xtask::process::Output;

pub(super) fn run(stage: &Stage) -> Result<()> {
    let repositories = &stage.repositories;
    let image = stage.push("promo-tuf")?;
    let first = repositories.serve(TufState::First)?;
    let signer = sign(stage, &image)?;
    judge(stage, &image, &signer)?.success()?;
    drop(first);
    // What it said counts for as long as it said.
    let judged = judge(stage, &image, &signer)?;
    must_say(&judged, "what it said before counts")?;
    judged.success()?;
    let second = repositories.serve(TufState::Second)?;
    judge(stage, &image, &signer)?.success()?;
    drop(second);
    let strangers = repositories.serve(TufState::Strangers)?;
    refused(judge(stage, &image, &signer)?)?;
    forget(stage)?;
    refused(judge(stage, &image, &signer)?)?;
    drop(strangers);
    // Nothing is kept, and nobody is there.
    judge(stage, &image, &signer)?.refusal()?;
    println!(
        "TUF: signed and judged by a repository, its new keys, and without it; a stranger's was refused"
    );
    Ok(())
}

fn sign(stage: &Stage, image: &Image) -> Result<Signer> {
    let (token, signer) = identity(stage, true)?;
    let (url, root) = (stage.repositories.url(), stage.repositories.root());
    let keyless = KeylessPromo {
        documents: Documents::Repository {
            url: &url,
            root: &root,
        },
        token: &token,
    };
    let signed = stage.promo.sign_keyless(&image.name, keyless, "bundle")?;
    signed.success()?;
    let trusted_root = stage.sigstore.trusted_root();
    let wanted = signer.wanted(&trusted_root, Log::One);
    let judged = stage
        .three
        .verify_keyless(&image.name, wanted, Form::Bundle)?;
    judged.success()?;
    Ok(signer)
}

/// promo's judgement by the repository alone.
fn judge(stage: &Stage, image: &Image, signer: &Signer) -> Result<Output> {
    let trusted_root = stage.sigstore.trusted_root();
    let wanted = signer.wanted(&trusted_root, Log::One);
    let (url, root) = (stage.repositories.url(), stage.repositories.root());
    let root = root.to_string_lossy();
    let roots = format!("[[tuf]]\nrepository = {url:?}\nroot = {root:?}\n");
    let trust = stage.write_trust_by(&roots, wanted, "[signatures]\nlog = true\n")?;
    stage.promo.verify_signature_by(&trust, &image.name)
}

fn refused(judged: Output) -> Result<()> {
    must_say(&judged, "PROMO-S066")?;
    judged.refusal().map(drop)
}

/// Removes what promo has kept of repositories.
fn forget(stage: &Stage) -> Result<()> {
    let kept = stage.folder.join(".cache/promo/tuf");
    fs::remove_dir_all(&kept).on("remove", &kept)
}

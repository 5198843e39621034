//! promo signs and attests with certificates, into both generations of the log and in both forms; both generations of cosign, sigstore's
//! clients in Python and JavaScript, and promo judge it. Then a whole promotion is signed so, and one whose log is gone publishes nothing.

use std::fs;
use std::path::PathBuf;

use super::{Image, Signer, Stage, record};
use crate::cosign::{Form, Wanted};
use crate::promo::{Documents, KeylessPromo, PROMOTION_TYPE, write_tree};
use crate::servers::free_address;
use crate::sigstore_stack::Log;
use xtask::error::{Error, OnPath, Result};
use xtask::process::Output;

/// How an image is signed.
struct Case {
    name: &'static str,
    log: Log,
    form: Form,
    by_workflow: bool,
}

const CASES: [Case; 5] = [
    Case {
        name: "promo-bundle-1",
        log: Log::One,
        form: Form::Bundle,
        by_workflow: false,
    },
    Case {
        name: "promo-bundle-1-alone",
        log: Log::OneAlone,
        form: Form::Bundle,
        by_workflow: true,
    },
    Case {
        name: "promo-bundle-2",
        log: Log::Two,
        form: Form::Bundle,
        by_workflow: true,
    },
    Case {
        name: "promo-tag-1",
        log: Log::One,
        form: Form::Tag,
        by_workflow: true,
    },
    Case {
        name: "promo-tag-1-alone",
        log: Log::OneAlone,
        form: Form::Tag,
        by_workflow: false,
    },
];

pub(super) fn run(stage: &Stage, unsigned: &Image) -> Result<()> {
    for case in &CASES {
        let image = stage.push(case.name)?;
        let signer = sign(stage, case, &image)?;
        judge(stage, case, &image, unsigned, &signer)?;
        judge_bundles(stage, case, &image, &signer)?;
        println!("{}: signed by promo, judged by all", case.name);
    }
    refuses_layers_without_promise(stage)?;
    promotes(stage)
}

fn sign(stage: &Stage, case: &Case, image: &Image) -> Result<Signer> {
    let (token, signer) = identity(stage, case.by_workflow)?;
    let config = stage.sigstore.signing_config(case.log);
    let root = stage.sigstore.trusted_root();
    let keyless = KeylessPromo {
        documents: Documents::Files {
            signing_config: &config,
            trusted_root: &root,
        },
        token: &token,
    };
    let format = if case.form == Form::Tag {
        "sig"
    } else {
        "bundle"
    };
    let told = stage.promo.sign_keyless(&image.name, keyless, format)?;
    must_say(&told, signer.subject)?;
    told.success()?;
    if case.form == Form::Bundle {
        let source = format!("{}/staging/app", stage.registry.address());
        stage.promo.attest_keyless(&image.name, keyless, &source)?;
    }
    Ok(signer)
}

/// Others accept it from this signer, and from nobody else, by no other root, and for no other image.
fn judge(
    stage: &Stage,
    case: &Case,
    image: &Image,
    unsigned: &Image,
    signer: &Signer,
) -> Result<()> {
    let root = stage.sigstore.trusted_root();
    let other = stage.other.trusted_root();
    let wanted = signer.wanted(&root, case.log);
    let somebody = wanted.of_somebody_else();
    let elsewhere = Wanted {
        trusted_root: &other,
        ..wanted
    };
    for cosign in [&stage.two, &stage.three] {
        let verify = |image: &Image, wanted| cosign.verify_keyless(&image.name, wanted, case.form);
        verify(image, wanted)?.success()?;
        verify(image, somebody)?.refusal()?;
        verify(image, elsewhere)?.refusal()?;
        verify(unsigned, wanted)?.refusal()?;
        if case.form == Form::Bundle {
            let attested = |wanted| {
                cosign.verify_attestation_keyless(&image.name, wanted, case.form, PROMOTION_TYPE)
            };
            attested(wanted)?.success()?;
            attested(somebody)?.refusal()?;
        }
    }
    let verify = |wanted| {
        let trust = stage.write_trust(wanted, "[signatures]\nlog = true\n")?;
        stage.promo.verify_signature_by(&trust, &image.name)
    };
    verify(wanted)?.success()?;
    verify(somebody)?.refusal()?;
    verify(elsewhere)?.refusal().map(drop)
}

/// sigstore's clients in other languages accept each bundle from this signer, and from nobody else.
fn judge_bundles(stage: &Stage, case: &Case, image: &Image, signer: &Signer) -> Result<()> {
    let client = stage.registry.client();
    let repository = format!("team/{}", case.name);
    let bundles = record::bundles(&client, &repository, &image.digest)?;
    let expected = if case.form == Form::Bundle { 2 } else { 0 };
    if bundles.len() != expected {
        return Err(Error::unmet(format!(
            "{} has {} bundles",
            case.name,
            bundles.len()
        )));
    }
    let root = stage.sigstore.trusted_root();
    let wanted = signer.wanted(&root, case.log);
    let somebody = wanted.of_somebody_else();
    for bundle in bundles {
        let path = stage.folder.join("bundle.json");
        fs::write(&path, bundle).on("write", &path)?;
        for judge in &stage.clients {
            let judged = |wanted| judge.verify(&path, wanted, &image.digest);
            judged(wanted)?.success()?;
            judged(somebody)?.refusal()?;
        }
    }
    Ok(())
}

/// `.sig` has no room for what Rekor v2 proves: that is told in setup.
fn refuses_layers_without_promise(stage: &Stage) -> Result<()> {
    let image = stage.push("promo-tag-2")?;
    let (token, _) = identity(stage, false)?;
    let keyless = KeylessPromo {
        documents: Documents::Files {
            signing_config: &stage.sigstore.signing_config(Log::Two),
            trusted_root: &stage.sigstore.trusted_root(),
        },
        token: &token,
    };
    let refused = stage.promo.sign_keyless(&image.name, keyless, "sig")?;
    must_say(&refused.refusal()?, "PROMO-S065")
}

/// A promotion with one certificate, and one whose log doesn't answer, which publishes nothing.
fn promotes(stage: &Stage) -> Result<()> {
    let image = stage.push("staging/promoted")?;
    let address = stage.registry.address();
    let tree = stage.folder.join("tree");
    let (source, destination) = (
        format!("{address}/team/staging"),
        format!("{address}/production"),
    );
    let images = [("promoted", image.digest.as_str(), &["v1"][..])];
    write_tree(&tree, &source, &[&destination], &images)?;
    let (token, signer) = identity(stage, true)?;
    let root = stage.sigstore.trusted_root();
    let without_log = write_config_without_log(stage)?;
    let broken = KeylessPromo {
        documents: Documents::Files {
            signing_config: &without_log,
            trusted_root: &root,
        },
        token: &token,
    };
    // Nobody is waited for.
    stage.promo.write_settings("give-up = \"0s\"\n")?;
    stage.promo.promote_keyless(&tree, broken)?.refusal()?;
    stage.promo.write_settings("")?;
    let client = stage.registry.client();
    let shown = "/v2/production/promoted/manifests/v1";
    if client.get_any(shown)?.found()?.is_some() {
        return Err(Error::unmet(
            "a tag was published whose proof could not be made",
        ));
    }
    let keyless = KeylessPromo {
        documents: Documents::Files {
            signing_config: &stage.sigstore.signing_config(Log::Two),
            trusted_root: &root,
        },
        ..broken
    };
    stage.promo.promote_keyless(&tree, keyless)?.success()?;
    let promoted = format!("{destination}/promoted@{}", image.digest);
    let wanted = signer.wanted(&root, Log::Two);
    let verified = stage
        .three
        .verify_keyless(&promoted, wanted, Form::Bundle)?;
    verified.success()?;
    // What stands already is known again, whatever certificate it was made with.
    let again = stage.promo.promote_keyless(&tree, keyless)?.success()?;
    println!(
        "promotion: signed by promo, judged by cosign; again: {}",
        last_line(&again)
    );
    Ok(())
}

/// A signing configuration whose log is where nobody listens.
fn write_config_without_log(stage: &Stage) -> Result<PathBuf> {
    let config = stage.sigstore.signing_config(Log::Two);
    let text = fs::read_to_string(&config).on("read", &config)?;
    let nowhere = format!("http://{}", free_address()?);
    let text = text.replace(&stage.sigstore.rekor_2(), &nowhere);
    let path = stage.folder.join("without-log.json");
    fs::write(&path, text).on("write", &path)?;
    Ok(path)
}

pub(super) fn must_say(output: &Output, what: &str) -> Result<()> {
    if output.stderr.contains(what) {
        return Ok(());
    }
    Err(Error::unmet(format!(
        "it doesn't say `{what}`: {}",
        output.stderr
    )))
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

/// The same as [`Stage::identity`], with the token in a file.
pub(super) fn identity(stage: &Stage, by_workflow: bool) -> Result<(PathBuf, Signer)> {
    let (token, signer) = stage.identity(by_workflow)?;
    let file = stage.folder.join("identity-token");
    fs::write(&file, token).on("write", &file)?;
    Ok((file, signer))
}

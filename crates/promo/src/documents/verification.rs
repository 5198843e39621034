//! Verified images for people: each image, then its evidence.

use std::fmt::Write as _;

use promo_core::evidence::{Accepted, VerificationDocument, VerifiedImage};
use promo_core::ports::{EvidenceKind, SignerName};

use super::Text;
use super::explanation::explained;
use super::plan_text::short;
use super::style::{GREEN, RED, YELLOW, one_line};

/// Each image, whether it is accepted, and its evidence.
pub fn verification_text(document: &VerificationDocument) -> Text {
    Text(document.images.iter().map(image).collect())
}

fn image(image: &VerifiedImage) -> String {
    let (style, word) = if image.accepted {
        (GREEN, "accepted")
    } else {
        (RED, "refused")
    };
    let mut text = format!(
        "{style}{word}{style:#} {} ({})\n",
        image.image,
        short(image.digest)
    );
    let _ = writeln!(text, "  as {}", image.identity);
    for proof in &image.evidence {
        let time = proof.time.map(|time| format!(" at {time}"));
        let (kind, signer) = (kind(&proof.kind), signer(proof));
        let _ = writeln!(
            text,
            "  {GREEN}ok{GREEN:#} {kind} by {signer}{}",
            time.unwrap_or_default()
        );
    }
    for stranger in &image.unknown {
        let signer = stranger
            .signer
            .as_deref()
            .unwrap_or("somebody who isn't named");
        let (kind, signer) = (kind(&stranger.kind), one_line(signer));
        let _ = writeln!(text, "  {YELLOW}unknown{YELLOW:#} {kind} by {signer}");
    }
    for refusal in &image.refused {
        let (kind, code) = (kind(&refusal.kind), refusal.code);
        let message = one_line(&refusal.message);
        let _ = writeln!(text, "  {RED}refused{RED:#} {kind} ({code}): {message}");
    }
    for passed in &image.passed_over {
        let (digest, reason) = (short(passed.digest), one_line(&passed.reason));
        let _ = writeln!(text, "  {YELLOW}passed over{YELLOW:#} {digest}: {reason}");
    }
    for missing in &image.missing {
        let _ = writeln!(text, "  {RED}missing{RED:#} {}", one_line(missing));
    }
    for warning in &image.warnings {
        let _ = writeln!(text, "  {YELLOW}missing{YELLOW:#} {}", one_line(warning));
    }
    if let Some(explanation) = &image.explanation {
        explained(&mut text, explanation);
    }
    text
}

/// Who made it, by the names that the trust document gives them, if it does.
fn signer(proof: &Accepted) -> String {
    let signer = one_line(&proof.signer);
    if proof.trusted_as.is_empty() {
        return signer;
    }
    let names = SignerName::listed(&proof.trusted_as, ", ");
    format!("{names} ({signer})")
}

/// A kind of evidence in words.
pub(super) fn kind(kind: &EvidenceKind) -> String {
    match kind {
        EvidenceKind::Signature { format } => format!("signature ({})", format.as_str()),
        EvidenceKind::Attestation { predicate_type } => {
            format!("attestation {}", one_line(predicate_type))
        }
    }
}

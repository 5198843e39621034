//! Why an image is accepted or not, for people: what was wanted, then each signature that was found, what was checked of it,
//! and what became of it.

use std::fmt::Write as _;

use promo_core::evidence::{ExplainedCheck, Explanation, Found, FoundOutcome, Wanted};
use promo_core::ports::{SignerName, Witness};
use promo_core::trust::Strictness;

use super::plan_text::short;
use super::style::{GREEN, RED, YELLOW, one_line};
use super::verification::kind;

/// Appends the explanation of one image.
pub(super) fn explained(text: &mut String, explanation: &Explanation) {
    text.push_str("  wanted\n");
    for wanted in &explanation.wanted {
        let _ = writeln!(text, "    {}", one_line(&self::wanted(wanted)));
    }
    text.push_str("  found\n");
    if explanation.found.is_empty() {
        text.push_str("    nothing\n");
    }
    for found in &explanation.found {
        self::found(text, found);
    }
}

fn wanted(wanted: &Wanted) -> String {
    let mut text = match &wanted.predicate_type {
        None => "a signature".to_owned(),
        Some(predicate_type) => format!("an attestation {predicate_type}"),
    };
    let names = |between| SignerName::listed(&wanted.signers, between);
    let _ = match (wanted.signers.is_empty(), wanted.at_least) {
        (true, 1) => write!(text, " by whoever is trusted"),
        (true, more) => write!(text, " by {more} of those who are trusted"),
        (false, 1) => write!(text, " by {}", names(" or ")),
        (false, more) => write!(text, " by {more} of {}", names(", ")),
    };
    match (wanted.log, wanted.log_proof) {
        (_, true) => text.push_str(", proven to be in a transparency log"),
        (true, false) => text.push_str(", in a transparency log"),
        (false, false) => {}
    }
    if wanted.timestamp {
        text.push_str(", with a proven time");
    }
    if let Some(age) = &wanted.max_age {
        let _ = write!(text, ", at most {age} old");
    }
    match wanted.otherwise {
        Strictness::Refuse => text,
        Strictness::Warn => format!("{text}; else it is told"),
        Strictness::Off => format!("{text}; nobody asks"),
    }
}

fn found(text: &mut String, found: &Found) {
    let by = match &found.signer {
        Some(signer) => one_line(signer),
        None => "somebody who isn't named".to_owned(),
    };
    let (kind, piece) = (kind(&found.kind), short(found.piece));
    let _ = writeln!(text, "    {kind} by {by}, {} {piece}", found.place);
    for check in &found.checks {
        let _ = writeln!(text, "      {}", self::check(check));
    }
    for name in &found.names {
        let _ = writeln!(text, "      names {}", one_line(name));
    }
    for proven in &found.proven_times {
        let (what, who) = match &proven.witness {
            Witness::Log(log) => ("the log", log),
            Witness::Authority(name) => ("the authority", name),
        };
        let _ = writeln!(
            text,
            "      existed at {} by {what} {}",
            proven.time,
            one_line(who)
        );
    }
    if let Some(time) = found.claimed_time {
        let _ = writeln!(text, "      says it was made at {time}");
    }
    for entry in &found.logs {
        let _ = writeln!(
            text,
            "      entry {} of the log {}",
            entry.index,
            one_line(&entry.log)
        );
    }
    let _ = match &found.outcome {
        FoundOutcome::Counted { signers } => {
            let names = SignerName::listed(signers, ", ");
            writeln!(text, "      {GREEN}counts{GREEN:#} as {names}")
        }
        FoundOutcome::Stranger => {
            writeln!(
                text,
                "      {YELLOW}counts for nothing{YELLOW:#}: it is by nobody who is trusted with it"
            )
        }
        FoundOutcome::Refused { code, message } => {
            writeln!(
                text,
                "      {RED}refused{RED:#} ({code}): {}",
                one_line(message)
            )
        }
    };
}

fn check(check: &ExplainedCheck) -> String {
    let what = check.check.as_str();
    match (&check.code, &check.message) {
        (Some(code), Some(message)) => {
            format!("{RED}failed{RED:#} {what} ({code}): {}", one_line(message))
        }
        _ => format!("{GREEN}holds{GREEN:#} {what}"),
    }
}

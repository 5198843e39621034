//! What to do about what a plan blocks, in the words of the command: the lines that allow a tag to move, ready to be reviewed and
//! pasted, and the command that logs in where a registry wants another login.
//!
//! They go to standard error, below the plan: nobody's script reads them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use promo::documents::style::{CYAN, hints};
use promo_core::plan::{Plan, PlannedEdge, Verdict};
use promo_core::ports::FailureKind;

/// How many moves are written out.
const MAX_MOVES: usize = 20;

/// What to do about what is blocked; nothing where nothing of it is.
pub(crate) fn of(plan: &Plan) -> String {
    let verdicts = plan.verdicts();
    let mut text = String::new();
    // To walk over 720,000 edges takes longer than all the rest: only where there is such an edge.
    if verdicts.get(Verdict::Undecided) > 0 {
        let unread = plan.edges().filter(is_access);
        let hosts: BTreeSet<String> = unread
            .filter_map(|edge| Some(edge.unread()?.host().to_string()))
            .collect();
        let logins: Vec<String> = hosts.iter().map(|host| log_in(host)).collect();
        text.push_str(&hints(logins.iter()));
    }
    if verdicts.get(Verdict::TagMove) > 0 {
        text.push_str(&moves(plan));
    }
    text
}

/// What logs in to a host.
pub(crate) fn log_in(host: &str) -> String {
    format!("`promo login {host}` logs in")
}

fn is_access(edge: &PlannedEdge<'_>) -> bool {
    edge.failure_kind() == Some(FailureKind::Unauthenticated)
}

/// The entries of a list of tag moves that would let the tags move that want to.
fn moves(plan: &Plan) -> String {
    let mut text = format!(
        "{CYAN}hint:{CYAN:#} a tag that is meant to move needs its move, reviewed, in the file of `--allow-tag-moves`:\n"
    );
    let mut left = 0_u64;
    let mut written = 0;
    for edge in plan
        .edges()
        .filter(|edge| edge.verdict() == Verdict::TagMove)
    {
        let (Some(tag), Some(from)) = (edge.tag(), edge.moves_from()) else {
            continue;
        };
        if written == MAX_MOVES {
            left += 1;
            continue;
        }
        written += 1;
        let _ = writeln!(
            text,
            "- repository: \"{}\"\n  tag: \"{tag}\"\n  from: {from}\n  to: {}",
            edge.destination(),
            edge.digest()
        );
    }
    if left > 0 {
        let _ = writeln!(text, "# and {left} more: `promo plan --edges` lists them");
    }
    let _ = writeln!(
        text,
        "{CYAN}hint:{CYAN:#} a tag that moves with each release is named by a rule (`[[tags]]`) in promo.toml"
    );
    text
}

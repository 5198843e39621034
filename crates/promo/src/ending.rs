//! How things end, in one word and one number: what a script can learn without reading the output.
//!
//! The first that applies is the ending of a run: 130, 2, 4, 5, 3, 1, 6, 0.

use promo_core::pipeline::RunError;
use promo_core::plan::{Plan, PlannedEdge, Verdict};
use promo_core::ports::FailureKind;
use promo_core::report::{Report, RunOutcome};

/// How a verb ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All of it is done, or there was nothing to do.
    Done,
    /// Nothing could be done.
    Failed,
    /// The command line or the settings are wrong; nothing was sent.
    Usage,
    /// Something was blocked while the rest was done or had nothing to do.
    Partial,
    /// A registry wants other credentials.
    Authentication,
    /// Evidence or a policy refused something.
    Refused,
    /// Changes are pending, and it was asked whether any are.
    Pending,
    /// Ctrl-C.
    Interrupted,
}

impl Ending {
    /// All of them with what they mean, for the reference page and `--help`.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Done, "done, or nothing to do"),
        (Self::Failed, "nothing could be done"),
        (
            Self::Usage,
            "the command line, the settings or the promoter manifests are wrong; nothing was sent",
        ),
        (
            Self::Partial,
            "something was left, the rest was done or had nothing to do; the report says what",
        ),
        (Self::Authentication, "not authenticated or not authorised"),
        (
            Self::Refused,
            "a proof or a policy refused something: a signature, or content that is not what its digest says",
        ),
        (
            Self::Pending,
            "changes are pending, and it was asked whether any are",
        ),
        (Self::Interrupted, "interrupted"),
    ];

    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partial => 3,
            Self::Authentication => 4,
            Self::Refused => 5,
            Self::Pending => 6,
            Self::Interrupted => 130,
        }
    }

    /// What a failed operation of a port means when it ends the command.
    pub const fn of_failure(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Unauthenticated | FailureKind::Forbidden => Self::Authentication,
            FailureKind::Configuration => Self::Usage,
            FailureKind::DigestMismatch => Self::Refused,
            // `FailureKind` grows; a kind that isn't known here is still a failure.
            _ => Self::Failed,
        }
    }

    /// What it means that a run could not go on.
    pub fn of_run(error: &RunError) -> Self {
        match error {
            RunError::FailFast { .. } => Self::Failed,
            RunError::Signer(failure) | RunError::Attester(failure) => {
                match Self::of_failure(failure.kind()) {
                    Self::Failed => Self::Usage,
                    other => other,
                }
            }
            _ => Self::Usage,
        }
    }

    /// What a plan means. `pending_counts` says whether something to promote is an ending of its own.
    pub fn of_plan(plan: &Plan, pending_counts: bool) -> Self {
        let verdicts = plan.verdicts();
        let blocked = verdicts.blocked();
        let rest = verdicts.edges() + verdicts.invalid() - blocked;
        // Walking over 720,000 edges costs more than all the rest: only where one of them can be such an edge.
        let undecided = verdicts.get(Verdict::Undecided) > 0;
        if undecided && plan.edges().any(|edge| is_access(&edge)) {
            Self::Authentication
        } else if verdicts.get(Verdict::Refused) > 0 {
            Self::Refused
        } else if blocked > 0 && rest > 0 {
            Self::Partial
        } else if blocked > 0 {
            Self::Failed
        } else if pending_counts && verdicts.actionable() > 0 {
            Self::Pending
        } else {
            Self::Done
        }
    }

    /// What the end of a run means. Whoever pressed Ctrl-C is told so, even if all that was open could be
    /// finished: a script around it shall stop as well.
    pub fn of_report(report: &Report) -> Self {
        match report.outcome() {
            _ if report.interrupted => Self::Interrupted,
            RunOutcome::Interrupted => Self::Interrupted,
            RunOutcome::Access => Self::Authentication,
            RunOutcome::Refused => Self::Refused,
            RunOutcome::Partial => Self::Partial,
            RunOutcome::Done => Self::Done,
            // `RunOutcome` grows; an end that isn't known here is no success.
            _ => Self::Failed,
        }
    }
}

/// Whether an edge could not be decided because a registry wants other credentials.
fn is_access(edge: &PlannedEdge<'_>) -> bool {
    edge.failure_kind()
        .is_some_and(|kind| Ending::of_failure(kind) == Ending::Authentication)
}

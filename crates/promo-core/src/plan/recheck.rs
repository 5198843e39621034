//! A saved plan against the plan of now: what may still be carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::decision::{Decision, Decisions, Exception, Statement};
use super::groups::PlannedGroup;
use super::index::count;
use super::{EdgeKey, Plan, PlannedEdge, Verdict, codes};
use crate::oci::Digest;

/// What is left of a saved plan.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Rechecked {
    /// The plan of now, of those edges only that the saved plan was to carry out. An edge that is no
    /// longer what the saved plan saw is [`Verdict::Refused`] and says why; one that was
    /// published meanwhile is present.
    pub plan: Plan,
    /// Edges that the saved plan was to carry out and that no manifest wants any longer, ordered. They are
    /// not carried out.
    pub unwanted: Vec<EdgeKey>,
}

/// What the saved plan saw of an edge that it was to carry out: the digest that an allowed move takes
/// the tag from.
type Seen = BTreeMap<EdgeKey, Option<Digest>>;

/// The edges that a plan would carry out. To hold a saved plan against the plan of now, nothing else has to be
/// planned anew ([`Selection::among`](super::Selection::among)).
pub fn actionable(plan: &Plan) -> BTreeSet<EdgeKey> {
    let edges = plan.edges().filter(|edge| edge.verdict().is_actionable());
    edges.map(|edge| edge.key()).collect()
}

/// Compares a saved plan with the plan that the same manifests and registries give now. Only
/// what both would do is left: a plan file is no authority. A plan that was made offline saw nothing, so
/// nothing is left of it.
pub fn recheck(saved: &Plan, now: &Plan) -> Rechecked {
    let seen: Seen = saved
        .edges()
        .filter(|edge| edge.verdict().is_actionable())
        .map(|edge| (edge.key(), edge.moves_from()))
        .collect();
    // An edge that several entries ask for is judged by the one that is kept.
    let wanted: BTreeSet<EdgeKey> = now
        .edges()
        .filter(|edge| edge.verdict() != Verdict::Redundant)
        .map(|edge| edge.key())
        .filter(|key| seen.contains_key(key))
        .collect();
    let mut unwanted = seen.keys().cloned().collect::<BTreeSet<_>>();
    let mut checked = Checked {
        decisions: Decisions::default(),
        statements: now.statements.clone(),
    };
    for index in 0..now.manifests.entries.len() {
        let Some(group) = PlannedGroup::new(now, index) else {
            checked.decisions.push(Decision::Unselected, []);
            continue;
        };
        let cells: Vec<Exception> = group
            .cells()
            .map(|cell| {
                let edge = group.edge(cell);
                let decision = edge.map_or(Decision::Unselected, |edge| {
                    let key = edge.key();
                    unwanted.remove(&key);
                    checked.decide(&edge, seen.get(&key), wanted.contains(&key))
                });
                Exception { decision, ..cell }
            })
            .collect();
        checked.decisions.push_each(&cells);
    }
    Rechecked {
        plan: Plan {
            manifests: Arc::clone(&now.manifests),
            decisions: checked.decisions,
            statements: checked.statements,
            ..now.clone()
        },
        unwanted: unwanted.into_iter().collect(),
    }
}

struct Checked {
    decisions: Decisions,
    statements: Vec<Statement>,
}

impl Checked {
    /// Decides an edge of now. `seen` is what the saved plan saw, if it was to carry it out.
    fn decide(
        &mut self,
        edge: &PlannedEdge<'_>,
        seen: Option<&Option<Digest>>,
        has_kept: bool,
    ) -> Decision {
        let Some(moves_from) = seen else {
            return Decision::Unselected;
        };
        let verdict = edge.verdict();
        if verdict == Verdict::Redundant && has_kept {
            return Decision::Unselected;
        }
        let same = verdict.is_actionable() && edge.moves_from() == *moves_from;
        if same || verdict == Verdict::Present {
            return edge.decision;
        }
        let statement = count(self.statements.len());
        self.statements.push(Statement {
            code: codes::REFUSED,
            reason: format!(
                "no longer what the saved plan saw: now {verdict}, {}",
                edge.reason()
            ),
        });
        Decision::Stated {
            verdict: Verdict::Refused,
            statement,
        }
    }
}

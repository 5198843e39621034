//! A plan that checks from outside have looked at: what they object to is refused.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::decision::{Decision, Decisions, Exception, Statement};
use super::groups::PlannedGroup;
use super::index::count;
use super::{Plan, PlannedEdge, Verdict, codes};
use crate::ports::Objection;

/// Looks at edges that would be promoted. It is pure: the same edge gets the same answer, and nothing is sent.
///
/// Its objection makes the edge `refused` (`PROMO-P016`), in plans, dry runs and confirmed runs. One that panics objects.
pub trait PlanCheck: Debug + Send + Sync {
    /// The objection to an edge, if there is one.
    fn check(&self, edge: &PlannedEdge<'_>) -> Option<Objection>;
}

/// The plan with what the checks of its options say.
pub(super) fn checked(plan: Plan) -> Plan {
    if plan.options.checks.is_empty() {
        return plan;
    }
    let mut said = Said {
        statements: plan.statements.clone(),
        known: BTreeMap::new(),
    };
    let mut decisions = Decisions::default();
    for index in 0..plan.manifests.entries.len() {
        let Some(group) = PlannedGroup::new(&plan, index) else {
            decisions.push(Decision::Unselected, []);
            continue;
        };
        let cells: Vec<Exception> = group
            .cells()
            .map(|cell| {
                let refused = group
                    .edge(cell)
                    .and_then(|edge| refused(&plan, &edge, &mut said));
                let decision = refused.unwrap_or(cell.decision);
                Exception { decision, ..cell }
            })
            .collect();
        decisions.push_each(&cells);
    }
    Plan {
        decisions,
        statements: said.statements,
        ..plan
    }
}

/// The decision about an edge that a check objects to. Only what would be done is looked at.
fn refused(plan: &Plan, edge: &PlannedEdge<'_>, said: &mut Said) -> Option<Decision> {
    let verdict = edge.verdict();
    if !verdict.is_actionable() && verdict != Verdict::Wanted {
        return None;
    }
    let mut checks = plan.options.checks.iter();
    let reason = checks.find_map(|check| objection(check, edge))?;
    Some(Decision::Stated {
        verdict: Verdict::Refused,
        statement: said.objection(reason),
    })
}

/// What was said about edges, each reason once: many edges are refused for the same.
struct Said {
    statements: Vec<Statement>,
    known: BTreeMap<String, u32>,
}

impl Said {
    /// The index of an objection.
    fn objection(&mut self, reason: String) -> u32 {
        let next = count(self.statements.len());
        let index = *self.known.entry(reason.clone()).or_insert(next);
        if index == next {
            self.statements.push(Statement {
                code: codes::OBJECTED,
                reason,
            });
        }
        index
    }
}

/// What a check objects to; one that panics has decided nothing, so the edge must not go.
fn objection(check: &Arc<dyn PlanCheck>, edge: &PlannedEdge<'_>) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| check.check(edge))) {
        Ok(objection) => objection.map(|objection| objection.reason),
        Err(_) => Some("a check of the plan panicked".to_owned()),
    }
}

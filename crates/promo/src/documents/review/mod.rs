//! What a person reviews: what changes, and what can't be done with one line for each cause. The forms of a plan and of a
//! report (text, Markdown, a page) show it; nothing here knows how.

mod causes;
mod changes;
mod mirrors;
mod names;

pub(super) use causes::{BlockedAt, Cause, Causes};
pub(super) use changes::{Change, changes};
pub(super) use mirrors::MirrorSets;
pub(super) use names::parted;

use promo_core::plan::Plan;

/// What keeps edges of a plan from being carried out.
pub(super) fn causes(plan: &Plan) -> Vec<Cause<'_>> {
    // A walk over all edges, of which a large plan has hundreds of thousands: only where there is something to find.
    if plan.verdicts().blocked() == 0 {
        return Vec::new();
    }
    let mut causes = Causes::default();
    for edge in plan.edges().filter(|edge| edge.verdict().is_blocked()) {
        causes.add(&BlockedAt::in_plan(&edge));
    }
    causes.most_first()
}

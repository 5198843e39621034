//! A check and a gate of one's own: no `latest` in production, and nothing that fewer than two keys signed.

use std::sync::Arc;

use async_trait::async_trait;
use promo::PromoterBuilder;
use promo_core::plan::{PlanCheck, PlannedEdge};
use promo_core::ports::{Failure, Gate, GatedImage, Objection};

/// Looks at edges when they are planned.
#[derive(Debug)]
struct NoLatest;

impl PlanCheck for NoLatest {
    fn check(&self, edge: &PlannedEdge<'_>) -> Option<Objection> {
        let latest = edge.tag().is_some_and(|tag| tag.as_str() == "latest");
        latest.then(|| Objection::new("`latest` says nothing about what it is"))
    }
}

/// Looks at what was found out about an image.
#[derive(Debug)]
struct TwoSigners;

#[async_trait]
impl Gate for TwoSigners {
    async fn judge(&self, image: &GatedImage<'_>) -> Result<Option<Objection>, Failure> {
        let mut signers: Vec<&str> = image.evidence.iter().map(|it| it.signer.as_str()).collect();
        signers.sort_unstable();
        signers.dedup();
        Ok((signers.len() < 2).then(|| Objection::new("fewer than two keys signed it")))
    }
}

/// Adds both to a promoter.
pub(crate) fn strict(builder: PromoterBuilder) -> PromoterBuilder {
    builder.check(Arc::new(NoLatest)).gate(Arc::new(TwoSigners))
}

fn main() {
    let _promoter = strict(promo::Promoter::builder()).build();
}

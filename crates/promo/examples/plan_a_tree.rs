//! Plans a tree of promoter manifests and prints what is left to do.
//!
//! `cargo run -p promo --example plan_a_tree -- TREE`

#![expect(clippy::print_stdout, reason = "an example speaks to the terminal")]

use promo::settings::Settings;
use promo::{PlanRequest, Promoter, TreeSource};

/// One line for each edge that a promotion would publish.
pub(crate) async fn plan(tree: TreeSource) -> promo::Result<Vec<String>> {
    let mut settings = Settings::default();
    settings.scope = settings.scope.with_tree(tree);
    let promoter = Promoter::builder().settings(settings).build();
    let planned = promoter.plan(&PlanRequest::default()).await?;
    let pending = planned
        .plan
        .edges()
        .filter(|edge| edge.verdict().is_actionable());
    let line = |edge: promo_core::plan::PlannedEdge<'_>| {
        let tag = edge.tag().map(|tag| format!(":{tag}")).unwrap_or_default();
        format!("{}{tag} {}", edge.destination(), edge.verdict())
    };
    Ok(pending.map(line).collect())
}

#[tokio::main]
async fn main() -> promo::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    for line in plan(TreeSource::of_path(path.into())).await? {
        println!("{line}");
    }
    Ok(())
}

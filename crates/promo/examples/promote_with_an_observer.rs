//! A whole promotion, told as it goes.
//!
//! `PROMO_MANIFEST=… PROMO_KEY=… cargo run -p promo --example promote_with_an_observer`

#![expect(clippy::print_stdout, reason = "an example speaks to the terminal")]

use std::sync::Arc;

use promo::settings::{Environment, Overrides, Resolver, Settings};
use promo::{Extent, PromoteRequest, Promoter};
use promo_core::ports::{Event, Observer};
use promo_core::report::Report;

/// Prints the end of each phase.
#[derive(Debug)]
pub(crate) struct Teller;

impl Observer for Teller {
    fn observe(&self, event: &Event) {
        if let Event::PhaseEnded {
            phase,
            passed,
            blocked,
        } = event
        {
            println!("{}: {passed} passed, {blocked} left", phase.as_str());
        }
    }
}

/// Promotes what the settings' tree wants, signed with their key.
pub(crate) async fn promote(settings: Settings) -> promo::Result<Report> {
    let builder = Promoter::builder().settings(settings);
    let promoter = builder.observer(Arc::new(Teller)).build();
    let request = PromoteRequest::new(Extent::Confirmed);
    promoter.promote(&request).await
}

#[tokio::main]
async fn main() -> promo::Result<()> {
    let resolver = Resolver::new(Environment::new(".".into(), std::env::vars_os()), None)?;
    promote(Settings::resolve(&Overrides::default(), &resolver)?).await?;
    Ok(())
}

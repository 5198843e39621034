//! Serves an embedded registry until it is stopped: `serve [PORT]`. The conformance suite runs against it.

use std::io::Write as _;

use promo_testkit::registry::{EmbeddedRegistry, RegistryOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let registry = EmbeddedRegistry::start(RegistryOptions::default().port(port)).await?;
    writeln!(std::io::stdout(), "{}", registry.host())?;
    std::future::pending::<()>().await;
    Ok(())
}

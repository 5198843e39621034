//! Serves an embedded registry until it is stopped: `serve PORT [basic|bearer]`, with the user `promo`, password `promo`.
//!
//! The conformance suite of the distribution specification runs against it.

use std::io::Write as _;

use promo_testkit::registry::{Auth, EmbeddedRegistry, RegistryOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let auth = match arguments.next().as_deref() {
        None => Auth::none(),
        Some("basic") => Auth::basic("promo", "promo"),
        Some("bearer") => Auth::bearer().user("promo", "promo"),
        Some(other) => return Err(format!("{other} is neither basic nor bearer").into()),
    };
    let options = RegistryOptions::default()
        .port(port)
        .auth(auth)
        .log_capacity(1000);
    let registry = EmbeddedRegistry::start(options).await?;
    writeln!(std::io::stdout(), "{}", registry.host())?;
    std::future::pending::<()>().await;
    Ok(())
}

//! Copies one image between registries, with user name and password.
//!
//! `REGISTRY_USER=… REGISTRY_PASSWORD=… FROM=… TO=… cargo run -p promo --example copy_an_image`

#![expect(clippy::print_stdout, reason = "an example speaks to the terminal")]

use std::sync::Arc;

use promo::image::reference;
use promo::{Copied, Promoter, SystemClock, TokioSleep};
use promo_registry::WireRegistry;
use promo_registry::auth::{Credential, FixedCredentials, Secret};

/// Copies `from` to `to`; both registries take the same credentials.
pub(crate) async fn copy(
    user: &str,
    password: &str,
    from: &str,
    to: &str,
) -> promo::Result<Copied> {
    let (from, to) = (reference(from)?, reference(to)?);
    let login = Credential::Basic {
        user: user.to_owned(),
        password: Secret::new(password),
    };
    let credentials = FixedCredentials::default()
        .with(from.repository().host().clone(), login.clone())
        .with(to.repository().host().clone(), login);
    let registry = WireRegistry::builder(Arc::new(SystemClock), Arc::new(TokioSleep))
        .credentials(Arc::new(credentials))
        .build()?;
    let promoter = Promoter::builder().registry(Arc::new(registry)).build();
    promoter.copy(&from, &to).await
}

#[tokio::main]
async fn main() -> promo::Result<()> {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let (user, password) = (variable("REGISTRY_USER"), variable("REGISTRY_PASSWORD"));
    let copied = copy(&user, &password, &variable("FROM"), &variable("TO")).await?;
    println!("{}: {} bytes sent", copied.digest, copied.content.bytes);
    Ok(())
}

//! A registry of one's own: promo's, with an account of every manifest that it was given and took.
//!
//! `PROMO_MANIFEST=… PROMO_KEY=… cargo run -p promo --example keep_an_account`

#![expect(clippy::print_stdout, reason = "an example speaks to the terminal")]

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use promo::settings::{Environment, Overrides, Resolver, Settings};
use promo::{Extent, PromoteRequest, Promoter};
use promo_core::oci::{ManifestReference, RawManifest, Repository};
use promo_core::ports::{Failure, PutManifest, Registry, RegistryDecorator};

/// Writes down what the registry below it took; all else it only passes on.
#[derive(Debug)]
struct Account(Arc<dyn Registry>, Mutex<Vec<String>>);

#[async_trait]
impl RegistryDecorator for Account {
    fn inner(&self) -> &dyn Registry {
        &*self.0
    }

    async fn put_manifest(
        &self,
        to: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        let put = self.0.put_manifest(to, reference, manifest).await?;
        let mut lines = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(format!("{to} {reference} is {}", manifest.digest()));
        Ok(put)
    }
}

/// Promotes what the settings' tree wants, and tells what was put, in its order.
pub(crate) async fn promote(settings: Settings) -> promo::Result<Vec<String>> {
    let builder = || Promoter::builder().settings(settings.clone());
    let account = Arc::new(Account(builder().build().registry()?, Mutex::default()));
    let promoter = builder().registry(account.clone()).build();
    let request = PromoteRequest::new(Extent::Confirmed);
    promoter.promote(&request).await?;
    let mut lines = account.1.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut lines))
}

#[tokio::main]
async fn main() -> promo::Result<()> {
    let resolver = Resolver::new(Environment::new(".".into(), std::env::vars_os()), None)?;
    let settings = Settings::resolve(&Overrides::default(), &resolver)?;
    println!("{}", promote(settings).await?.join("\n"));
    Ok(())
}

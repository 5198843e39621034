//! The OCI registries, for promo: the wire, and on top of the `Registry` port inventory reading and copying.
//!
//! [`WireRegistry`] is the [`Registry`](promo_core::ports::Registry) port over HTTP. It owns what a
//! promoter has to control: credentials and where they go, budgets, retries, deadlines, caps. One
//! value serves all hosts and is shared by the whole run. [`OciClientRegistry`] is the same port over a
//! client that the embedding program already has.
//!
//! Nothing here reads the environment, the home folder or the clock: settings, credential files and
//! time are given as values and ports.
//!
//! ```
//! # use std::sync::Arc;
//! use promo_core::oci::{ManifestReference, Repository};
//! use promo_core::ports::Registry;
//! use promo_registry::WireRegistry;
//! use promo_testkit::image::{ImageBuilder, Layer};
//! use promo_testkit::registry::{EmbeddedRegistry, RegistryOptions};
//!
//! # #[derive(Debug)]
//! # struct Time;
//! # impl promo_core::ports::Clock for Time {
//! #     fn now(&self) -> jiff::Timestamp {
//! #         jiff::Timestamp::now()
//! #     }
//! # }
//! # #[async_trait::async_trait]
//! # impl promo_core::ports::Sleep for Time {
//! #     async fn sleep(&self, pause: std::time::Duration) {
//! #         tokio::time::sleep(pause).await;
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (clock, sleep) = (Arc::new(Time), Arc::new(Time));
//! // A registry on loopback, with one image.
//! let server = EmbeddedRegistry::start(RegistryOptions::default()).await?;
//! let image = ImageBuilder::new().layer(Layer::file("etc/motd", "hello\n")).build();
//! image.push_to(&server.state(), "staging/hello", "v1");
//!
//! let registry = WireRegistry::builder(clock, sleep).build()?;
//! let repository: Repository = format!("{}/staging/hello", server.host()).parse()?;
//! let tag = ManifestReference::Tag("v1".parse()?);
//! let head = registry.head_manifest(&repository, &tag).await?;
//! assert_eq!(head.map(|head| head.digest.to_string()), Some(image.digest().to_owned()));
//! # server.shutdown().await;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod auth;
mod budget;
pub mod codes;
mod connections;
pub mod copy;
mod dialect;
mod error;
mod health;
mod held_back;
mod http;
pub mod inventory;
pub mod limits;
mod monotonic;
mod oci_client;
mod revocable;
mod secret;
mod services;
mod settings;
mod wire;

pub use error::{
    BodyLimit, CertificateProblem, ConnectionProblem, Error, LocationRule, OutOfFiles,
    PlainService, RegistryAnswer, TooSlow,
};
pub use http::{ProxyError, ProxySettings};
pub use oci_client::OciClientRegistry;
pub use revocable::{RevocableRegistry, RevocableServices, Revocation};
pub use services::WireServices;
pub use settings::{
    BudgetSettings, Caps, ClientCertificate, ConnectionLimit, Deadlines, HostSettings, HttpVersion,
    RetrySettings,
};
pub use wire::{WireRegistry, WireRegistryBuilder};

#[cfg(test)]
mod tests;

/// The README's examples, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! Real fakes for promo: registries over HTTP on loopback, and builders of real images.
//!
//! [`registry::EmbeddedRegistry`] is a complete OCI Distribution 1.1 registry in memory, with basic and token
//! authentication, a request log that tests can count, and faults that can be changed while it runs.
//! [`image`] builds images, indexes and artifacts with real layers, configs and digests, the same bytes each time.
//! `promo demo` and `promo registry serve` stand on the same types. Nothing here is for production storage.
//!
//! | To … | use |
//! |---|---|
//! | prepare and look without a request | [`registry::RegistryState`], by [`state()`](registry::EmbeddedRegistry::state) |
//! | change how the registry behaves as a whole | [`registry::Switches`], by [`switch()`](registry::EmbeddedRegistry::switch) |
//! | let single requests fail, or their answers lie | [`registry::Fault`] and [`registry::Matcher`], by [`faults()`](registry::EmbeddedRegistry::faults) |
//! | stop a request at an exact place | [`registry::Gate`], by [`Faults::pause`](registry::Faults::pause) and its siblings |
//! | ask for passwords or tokens | [`registry::Auth`]; what was granted and to whom: [`registry::Tokens`] |
//! | speak TLS | `tls::Authority`, with the feature `certificates` |
//! | give Google access tokens | [`google::GoogleServices`] |
//! | let many registries live in virtual time, and fail by a schedule | [`world::World`] |
//! | count requests | [`registry::RequestLog`], by [`log()`](registry::EmbeddedRegistry::log) |
//!
//! ```
//! use promo_testkit::image::{ImageBuilder, Layer};
//! use promo_testkit::registry::{EmbeddedRegistry, Fault, Matcher, Operation, RegistryOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = EmbeddedRegistry::start(RegistryOptions::default()).await?;
//! let image = ImageBuilder::new().layer(Layer::file("etc/motd", "hello\n")).build();
//! image.push_to(&registry.state(), "staging/hello", "v1");
//!
//! // The first pull of the tag is answered with 503, the second goes through.
//! registry.faults().inject(
//!     Matcher::on(Operation::ManifestGet).reference("v1").times(1),
//!     Fault::status(503),
//! );
//! let url = format!("{}/v2/staging/hello/manifests/v1", registry.url());
//! assert_eq!(reqwest::get(&url).await?.status(), 503);
//! assert_eq!(reqwest::get(&url).await?.bytes().await?, image.manifest());
//!
//! assert_eq!(registry.log().count(Operation::ManifestGet), 2);
//! assert!(registry.log().writes().is_empty());
//! registry.shutdown().await;
//! # Ok(())
//! # }
//! ```

pub mod digest;
pub mod google;
pub mod image;
pub mod random;
pub mod registry;
pub mod samples;
pub mod suite;
pub mod time;
#[cfg(feature = "certificates")]
pub mod tls;
pub mod tree;
pub mod world;

/// The README's examples, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

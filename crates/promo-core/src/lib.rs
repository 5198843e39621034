//! The domain of promo, a container image promoter.
//!
//! A promotion flows in one direction: promoter manifests ([`manifest`]) say what is wanted, the
//! [`inventory`] says what registries hold, [`plan`](mod@plan) compares the two, and the pipeline
//! carries the plan out through its [`ports`], phase by phase, up to the report.
//!
//! This crate has no network, no clock, no environment and no terminal: all that comes through ports.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use promo_core::inventory::{Inventory, RepositoryContent, RepositoryInventory};
//! use promo_core::manifest::ManifestSet;
//! use promo_core::oci::Digest;
//! use promo_core::plan::{PlanOptions, Planner, Verdict};
//!
//! let manifest = r#"
//! registries:
//! - {name: registry.example/staging, src: true}
//! - {name: registry.example/production}
//! images:
//! - name: app
//!   dmap:
//!     "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855": ["v1.0"]
//! "#;
//! let set = ManifestSet::parse_plain("manifest.yaml", manifest.as_bytes())?;
//!
//! // What registries hold: staging has the image, production has nothing yet.
//! let digest: Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".parse()?;
//! let mut staging = RepositoryContent::complete();
//! staging.record_digest(digest, true);
//! let mut inventory = Inventory::new();
//! inventory.insert("registry.example/staging/app".parse()?, RepositoryInventory::Read(staging));
//! inventory.insert("registry.example/production/app".parse()?, RepositoryInventory::Missing);
//!
//! let plan = Planner::new(&set, &PlanOptions::default()).plan(Some(&inventory));
//! assert_eq!(plan.verdicts().get(Verdict::Promote), 1);
//! for edge in plan.edges() {
//!     println!("{}: {}", edge.destination(), edge.reason());
//! }
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod causes;
mod code;
pub mod codes;
pub mod evidence;
mod failure;
pub mod identity;
pub mod inventory;
#[cfg(feature = "schema")]
mod json_schema;
pub mod manifest;
pub mod oci;
pub mod pipeline;
pub mod plan;
pub mod ports;
pub mod predicate;
mod quoted;
pub mod report;
#[cfg(feature = "schema")]
pub mod schema;
pub mod setting;
pub mod snapshot;
pub mod trust;

pub use causes::with_causes;
pub use code::{Code, CodeEntry};
pub use quoted::quoted;

/// The README's examples, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

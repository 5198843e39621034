//! promo, the container image promoter, as a library: what the command and the Python package are made of.
//!
//! A [`Promoter`] has settings and registries; every verb is a method that returns a value or a document.
//!
//! ```no_run
//! use promo::settings::{Environment, Overrides, Resolver, Settings};
//! use promo::{PlanRequest, Promoter};
//!
//! # async fn example() -> promo::Result<()> {
//! let environment = Environment::new("/srv/release".into(), std::env::vars_os());
//! let resolver = Resolver::new(environment, None)?;
//! let settings = Settings::resolve(&Overrides::default(), &resolver)?;
//! let promoter = Promoter::builder().settings(settings).build();
//! let planned = promoter.plan(&PlanRequest::default()).await?;
//! println!("{} edges", planned.plan.verdicts().edges());
//! # Ok(())
//! # }
//! ```
//!
//! What flows through: [`settings`] say what holds, a [`tree`](TreeSource) of promoter manifests what is wanted, a plan what
//! is to be done, a report what became of it. Documents carry their schema's name and serialise to the same bytes
//! for the same content.
//!
//! What stands around a promoter is given to its [builder](PromoterBuilder): observers, what signs, checks and gates, and
//! the ports to registries, of which `examples/keep_an_account.rs` has one that stands in front of promo's own.
//!
//! The crate reads files that settings name and asks git; it never prints, and takes environment, clock and passwords
//! from its caller. The domain is in `promo_core`, registries in `promo_registry`, keys in `promo_sign`.

#![forbid(unsafe_code)]

mod account;
mod clock;
mod connect;
mod counted;
pub mod documents;
mod ending;
mod error;
pub mod files;
pub mod git;
mod human;
mod identity_source;
mod identity_token;
pub mod image;
mod keyless;
pub mod keys;
pub mod manifests;
pub mod planning;
mod promoter;
mod public_files;
pub mod saved_plan;
pub mod settings;
pub mod snapshot_file;
mod text;
#[cfg(feature = "schema")]
mod toml_schema;
pub mod trace;
mod tree;
pub mod trust;
mod tuf;

pub use account::{Account, HostAccount};
pub use clock::{SystemClock, TokioSleep};
pub use ending::Ending;
pub use error::{
    Error, IdentityTokenError, InventoryForm, PlacementError, Result, RevisionError, codes,
};
pub use identity_token::{IdentityTokenSource, NamedSource, RawToken, TokenCommand};
pub use promoter::{
    Added, Applied, Attached, Copied, DigestDocument, EvidenceDocument, Extent, Held, LoggedIn,
    LoggedOut, PlanRequest, PlannedTree, PromoteRequest, Promoter, PromoterBuilder,
    SnapshotRequest, TakenSnapshot, link_of,
};
pub use tree::TreeSource;

/// The README's examples, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! The domain of promo, a container image promoter.
//!
//! A promotion flows in one direction: promoter manifests ([`manifest`]) say what is wanted, the
//! [`inventory`] says what registries hold, [`plan`](mod@plan) compares the two, and the pipeline
//! carries the plan out through its [`ports`], phase by phase, up to the report.
//!
//! This crate has no network, no clock, no environment and no terminal: all that comes through ports.

#![forbid(unsafe_code)]

mod code;
pub mod identity;
pub mod inventory;
pub mod manifest;
pub mod oci;
pub mod pipeline;
pub mod plan;
pub mod ports;
pub mod report;
#[cfg(feature = "schema")]
pub mod schema;
pub mod setting;
pub mod snapshot;

pub use code::Code;

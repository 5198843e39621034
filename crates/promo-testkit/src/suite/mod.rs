//! The suites of promo's ports: what every implementation of a port has to do.
//!
//! Each is an async function that takes the port as a trait object and panics, with the reason, where the
//! implementation doesn't hold the port's contract. They need nothing but the port itself and empty
//! repositories; where a registry must misbehave, the caller prepares it, usually as an
//! [`EmbeddedRegistry`](crate::registry::EmbeddedRegistry).

#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a suite speaks by panicking, as tests do"
)]

pub mod copier;
pub mod inventory_reader;
pub mod registry;
pub mod signing;

mod content;

pub use self::content::{push, typed_digest};

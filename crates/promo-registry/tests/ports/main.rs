//! promo-registry's ports over real registries on loopback: the suites, the copier, the inventory reader, and one
//! registry client against the other.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what prepares a test panics where it can't"
)]

mod copy;
mod differential;
mod inventory;
mod suite;
mod world;

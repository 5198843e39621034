//! The pipeline over real HTTP: embedded registries, the wire client, the copier, keys. No part is mocked.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod beside;
mod carried;
mod content;
mod crashes;
mod defects;
mod evidence;
mod faults;
mod interrupts;
mod push_check;
mod requests;
mod sha512;
mod staging;
mod trust;
mod ways;
mod whole;
mod world;

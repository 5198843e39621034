//! The pipeline over real HTTP: embedded registries, the wire client, the copier, keys. No part is mocked.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod beside;
mod carried;
mod children;
mod content;
mod cosign_referrers;
mod crashes;
mod defects;
mod evidence;
mod faults;
mod interrupts;
mod kept;
mod mirrors;
mod needs;
mod overlaps;
mod push_check;
mod requests;
mod sha512;
mod staged_children;
mod staging;
mod tagless;
mod trust;
mod waiting;
mod ways;
mod whole;
mod world;

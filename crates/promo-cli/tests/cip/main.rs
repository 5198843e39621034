//! `promo cip` as kpromo's users call it: the real binary between embedded registries.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may"
)]

mod flags;
mod google;
mod promotion;
mod revisions;
mod snapshots;
#[path = "../cli/support.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of the other commands, which use all of it"
)]
mod support;

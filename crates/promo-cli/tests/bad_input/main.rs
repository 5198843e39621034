//! Bad input, by the real binary: each gets a clear error with its code, the exit code says what kind of trouble it
//! is, what is good goes on, and nothing is lost or published without its evidence.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says by failing what it did not expect"
)]

mod access;
mod content;
mod ending;
mod places;
mod tree;
mod world;

#[path = "../cli/support.rs"]
#[expect(dead_code, reason = "the tests of the command use the rest of it")]
mod support;

//! The plan against a second, slow and obvious implementation of its rules, and its laws.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that can't go on fails"
)]

mod artifact;
mod checks;
mod corpus;
mod generate;
mod laws;
mod mirrors;
mod model;
mod reference;
mod since;
mod verdicts;

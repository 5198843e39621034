//! The command as users meet it: the real binary, in an environment that is the same everywhere, against
//! embedded registries that live in the test.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test says by failing what it did not expect, and snapshots are long"
)]

mod beginnings;
mod beside;
mod cost;
mod examples;
mod exit_codes;
mod files;
mod images;
mod interrupt;
#[cfg(unix)]
mod logins;
mod manifests;
#[cfg(unix)]
mod messages;
#[cfg(unix)]
mod open_files;
mod plan_markdown;
mod promotion;
mod report_file;
mod review;
mod saved_plans;
mod schemas;
mod support;
mod terminal;
mod trace;
mod trees;
mod trust;

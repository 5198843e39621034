//! What the developers' commands share: [`arguments`], [`process`]es that they run, the [`workspace`], and a [`tally`] of
//! results.
//!
//! The program `xtask` and the crate promo-tests-interop stand on it. It knows neither of them.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "a developer's command speaks to the terminal"
)]

pub mod arguments;
pub mod error;
pub mod process;
pub mod tally;
pub mod workspace;

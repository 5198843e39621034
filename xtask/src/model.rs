//! The model test over many seeds: 5,000 as a check of `test`, and as many as one likes as `cargo xtask soak`.
//!
//! The test itself is `crates/promo/tests/model`; here it is only started, optimised, since a seed is mostly work of the
//! processor.

use xtask::arguments::Arguments;
use xtask::error::Result;
use xtask::{process, workspace};

/// What `test` tries.
const SEEDS: u64 = 5_000;

/// Tries as many seeds as `--seeds` says (50,000), from `--from` on: those behind the seeds that `test` tries.
pub(crate) fn soak(mut arguments: Arguments) -> Result<()> {
    let seeds = arguments.take_parsed("--seeds")?.unwrap_or(50_000);
    let from = arguments.take_parsed("--from")?.unwrap_or(SEEDS);
    arguments.finish()?;
    try_seeds(from, seeds)
}

/// The seeds that are tried each time.
pub(crate) fn check() -> Result<()> {
    try_seeds(0, SEEDS)
}

fn try_seeds(from: u64, count: u64) -> Result<()> {
    let mut command = workspace::cargo();
    command
        .args(["test", "--release", "--locked", "--package", "promo"])
        .args(["--test", "model", "whatever_happens", "--", "--nocapture"])
        .env("PROMO_FROM", from.to_string())
        .env("PROMO_SEEDS", count.to_string())
        .env_remove("PROMO_SEED");
    process::run(&mut command)
}

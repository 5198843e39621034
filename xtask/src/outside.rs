//! `cargo xtask interop` and `cargo xtask bench`: promo beside the programs of others, by the crate promo-tests-interop.
//!
//! It is built when it is asked for: the other commands start without it.

use std::process::ExitCode;

use xtask::arguments::Arguments;
use xtask::error::Result;
use xtask::{process, workspace};

/// Hands the command and its words on; closing line and exit code are those of the other program.
pub(crate) fn run(command: &str, arguments: Arguments) -> Result<ExitCode> {
    let mut cargo = workspace::cargo();
    cargo.args([
        "run",
        "--quiet",
        "--locked",
        "--package",
        "promo-tests-interop",
        "--",
        command,
    ]);
    process::stand_in(cargo.args(arguments.into_words()))
}

//! promo beside the programs of others: `cargo xtask interop` and `cargo xtask bench` start this one.
//!
//! [`interop`] runs the scenarios, [`mod@bench`] measures. Both stand on [`tools`], which installs the programs in pinned
//! versions, and on [`servers`], which starts registries. xtask starts without waiting for any of it.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's command speaks to the terminal"
)]

mod access_log;
mod audit;
mod bench;
mod browser;
mod containers;
mod cosign;
mod digest;
mod http;
mod in_toto;
mod interop;
mod kpromo;
mod login;
mod promo;
mod push;
mod scenario;
mod servers;
mod sigstore_clients;
mod sigstore_stack;
mod tools;
mod ways;

use std::process::ExitCode;

use xtask::arguments::Arguments;
use xtask::error::{self, Error, Result};

const USAGE: &str = "\
Usage: cargo xtask interop [--only NAME] [--record FOLDER]
       cargo xtask bench [NAME]
       cargo xtask bench transport [--only NAME] [--runs N] [--give-up SECONDS] [--date DATE] [--page FILE]";

fn main() -> ExitCode {
    match run(Arguments::from_environment()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {}", error::chain(&error));
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(mut arguments: Arguments) -> Result<()> {
    match arguments.next_word().as_deref() {
        Some("interop") => interop::run(arguments),
        Some("bench") => bench::run(arguments),
        _ => Err(Error::Usage(USAGE.to_owned())),
    }
}

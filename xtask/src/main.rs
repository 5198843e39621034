//! `cargo xtask`: the commands of those who develop promo.
//!
//! One file per command: `test`, `fuzz`, `generate`, and `model` for `soak`; `interop` and `bench` are in the crate promo-tests-interop, which
//! [`outside`] starts. What all of them need is in the library beside this program.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's command speaks to the terminal"
)]

mod checks;
mod fuzz;
mod generate;
mod model;
mod outside;
mod test;

use std::process::ExitCode;

use xtask::arguments::Arguments;
use xtask::error::{self, Error, Result};

const USAGE: &str = "\
Usage: cargo xtask <COMMAND>

Commands:
  test                    all checks and tests of the project; needs Rust, Python 3 and a C compiler
  interop [--only NAME] [--record FOLDER]
                          promo against registries and programs that others wrote; installs them
  bench [NAME]            speed and memory, measured
  bench transport [--only NAME] [--runs N] [--give-up SECONDS] [--date DATE] [--page FILE]
  fuzz [--seconds N]      coverage-guided fuzzing of the parsers; needs a C++ compiler
  soak [--seeds N] [--from N]
                          the model test over more seeds than test tries
  generate [--check]      writes docs/reference from the code; --check only compares
";

fn main() -> ExitCode {
    match run(Arguments::from_environment()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {}", error::chain(&error));
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let Some(command) = arguments.next_word() else {
        return Err(Error::Usage(USAGE.to_owned()));
    };
    match command.as_str() {
        "interop" | "bench" => return outside::run(&command, arguments),
        "test" => test::run(arguments)?,
        "fuzz" => fuzz::run(arguments)?,
        "soak" => model::soak(arguments)?,
        "generate" => generate::run(arguments)?,
        "help" | "--help" | "-h" => print!("{USAGE}"),
        other => {
            return Err(Error::Usage(format!(
                "unknown command `{other}`\n\n{USAGE}"
            )));
        }
    }
    Ok(ExitCode::SUCCESS)
}

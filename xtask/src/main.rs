//! `cargo xtask`: the commands of those who develop promo.
//!
//! One file per command: `test`, `interop`, `bench`, `fuzz`, `generate`. What several of them need stands
//! beside them: running [`process`]es, knowing the [`workspace`], counting results in a [`tally`].
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's command speaks to the terminal"
)]

mod arguments;
mod bench;
mod checks;
mod error;
mod fuzz;
mod generate;
mod interop;
mod process;
mod tally;
mod test;
mod workspace;

use std::process::ExitCode;

use arguments::Arguments;
use error::{Error, Result};

const USAGE: &str = "\
Usage: cargo xtask <COMMAND>

Commands:
  test                    all checks and tests of the project; needs Rust, Python 3 and a C compiler
  interop [--only NAME]   promo against registries and programs that others wrote; installs them
  bench [NAME]            speed and memory, measured
  fuzz [--seconds N]      coverage-guided fuzzing of the parsers; needs a C++ compiler
  generate [--check]      writes docs/reference from the code; --check only compares
";

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
    let Some(command) = arguments.next_word() else {
        return Err(Error::Usage(USAGE.to_owned()));
    };
    match command.as_str() {
        "test" => test::run(arguments),
        "interop" => interop::run(arguments),
        "bench" => bench::run(arguments),
        "fuzz" => fuzz::run(arguments),
        "generate" => generate::run(arguments),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => Err(Error::Usage(format!(
            "unknown command `{other}`\n\n{USAGE}"
        ))),
    }
}

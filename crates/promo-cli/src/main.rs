//! `promo`, the container image promoter: the command.
//!
//! It is a thin frontend of the library `promo`, and flows in one direction: arguments ([`args`]) → settings and a
//! promoter ([`context`]) → one verb of the library ([`commands`]) → output ([`output`], [`diagnostics`], [`exit`]).

#![forbid(unsafe_code)]

mod args;
mod commands;
mod console;
mod context;
mod diagnostics;
mod error;
mod exit;
mod hints;
mod open_files;
mod output;
mod plan_hints;
mod progress;
mod run;
mod shutdown;
mod terminal;
mod trace_file;

fn main() -> std::process::ExitCode {
    run::main(std::env::args_os().collect())
}

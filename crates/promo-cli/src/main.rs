//! `promo`, the container image promoter: the command.
//!
//! It flows in one direction: arguments ([`args`]) → settings ([`settings`]) → ports ([`app`]) → work
//! ([`commands`]) → output ([`output`], [`diagnostics`], [`exit`]).

#![forbid(unsafe_code)]

mod app;
mod args;
mod commands;
mod diagnostics;
mod error;
mod exit;
mod files;
mod output;
mod progress;
mod run;
mod secret_file;
mod settings;
mod shutdown;
mod terminal;
mod time;

fn main() -> std::process::ExitCode {
    run::main(std::env::args_os().collect())
}

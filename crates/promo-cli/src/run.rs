//! From the command line to the exit code: parse, resolve, dispatch, print.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anstream::ColorChoice;
use clap::{CommandFactory, Parser};

#[cfg(feature = "embedded")]
use crate::args::RegistryCommand;
use crate::args::{Cli, Command, KeyCommand, ManifestCommand, SettingsCommand};
use crate::commands;
use crate::context::Context;
use crate::diagnostics;
use crate::error::{Error, Result};
use crate::exit::{self, Exit};
use crate::output::Outcome;
use crate::terminal::{Terminal, Verbosity};

/// Runs `promo` with these arguments.
pub(crate) fn main(arguments: Vec<OsString>) -> ExitCode {
    let as_kpromo = ends_as_kpromo(&arguments);
    let exit = match Cli::try_parse_from(arguments) {
        Ok(cli) => run(cli),
        Err(error) => usage(&error),
    };
    let exit = if as_kpromo {
        commands::cip::exit(exit)
    } else {
        exit
    };
    exit::code(exit)
}

fn run(cli: Cli) -> Exit {
    let plain = Terminal::new(ColorChoice::Auto, Verbosity::Normal);
    let mut global = cli.global;
    if let Command::Cip(args) = &cli.command {
        global.google_credentials = args.is_k8s();
    }
    match Context::new(global) {
        Ok(context) => {
            let exit = end(context.terminal, dispatch(cli.command, &context));
            context.end();
            exit
        }
        Err(error) => end(plain, Err(error)),
    }
}

/// Whether only 0 and 1 are known as exit codes: of `promo cip`, and of everything that is called `kpromo`. It is
/// found out from what was typed, since a wrong flag ends so as well.
fn ends_as_kpromo(arguments: &[OsString]) -> bool {
    let name = arguments.first().map(Path::new).and_then(Path::file_stem);
    if name.is_some_and(|name| name == "kpromo") {
        return true;
    }
    let typed = Cli::command().ignore_errors(true);
    let typed = typed.try_get_matches_from(arguments);
    typed.is_ok_and(|typed| typed.subcommand_name() == Some("cip"))
}

/// What clap has to say: help and version on standard output, mistakes on standard error.
fn usage(error: &clap::Error) -> Exit {
    let exit = if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Done
    };
    // If nobody listens there is nobody to tell.
    let _nobody_listens = error.print();
    exit
}

/// Prints the result or the error; what can't be printed is an error itself.
fn end(terminal: Terminal, result: Result<Outcome>) -> Exit {
    let result = result.and_then(|outcome| {
        terminal.result(&outcome.text)?;
        Ok(outcome.exit)
    });
    result.unwrap_or_else(|error| {
        terminal.tell(&diagnostics::error(&error));
        if let Some(rescued) = error.rescued() {
            terminal.tell(rescued);
        }
        error.exit()
    })
}

fn dispatch(command: Command, context: &Context) -> Result<Outcome> {
    match command {
        #[cfg(feature = "embedded")]
        Command::Demo(args) => block_on(commands::demo::run(&args, context)),
        Command::Init(args) => block_on(commands::init::run(&args, context)),
        Command::Login(args) => block_on(commands::login::log_in(&args, context)),
        Command::Logout(args) => block_on(commands::login::log_out(&args, context)),
        Command::Plan(args) => block_on(commands::plan::run(&args, context)),
        Command::Promote(args) => block_on(commands::promote::run(&args, context)),
        Command::Apply(args) => block_on(commands::apply::run(&args, context)),
        Command::Cip(args) => block_on(commands::cip::run(&args, context)),
        Command::Snapshot(args) => block_on(commands::snapshot::run(&args, context)),
        Command::Trace(args) => commands::trace::run(&args),
        Command::Verify(args) => block_on(commands::verify::run(&args, context)),
        Command::Sign(args) => block_on(commands::sign::run(&args, context)),
        Command::Attest(args) => block_on(commands::attest::run(&args, context)),
        Command::Key(KeyCommand::Generate(args)) => commands::key_generate::run(&args, context),
        Command::Manifest(ManifestCommand::Check(args)) => {
            commands::manifest_check::run(&args, context)
        }
        Command::Manifest(ManifestCommand::Format(args)) => {
            commands::manifest_format::run(&args, context)
        }
        Command::Manifest(ManifestCommand::Add(args)) => {
            block_on(commands::manifest_add::run(&args, context))
        }
        Command::Manifest(ManifestCommand::Digest(args)) => {
            block_on(commands::manifest_digest::run(&args, context))
        }
        #[cfg(feature = "embedded")]
        Command::Registry(RegistryCommand::Serve(args)) => {
            block_on(commands::registry_serve::run(&args, context))
        }
        Command::Settings(SettingsCommand::Show { output }) => {
            commands::settings_show::run(output, context)
        }
        Command::Completions { shell } => Ok(commands::shell::completions(shell)),
        Command::Man { dir } => commands::shell::man(&dir),
        Command::Version => Ok(Outcome::done(concat!(
            "promo ",
            env!("CARGO_PKG_VERSION"),
            "\n"
        ))),
        Command::Reference { dir } => commands::reference::run(&dir),
    }
}

/// Runs asynchronous work to its end.
fn block_on(work: impl Future<Output = Result<Outcome>>) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::Output { source })?;
    let result = runtime.block_on(work);
    // What is still open belongs to nobody any more.
    runtime.shutdown_background();
    result
}

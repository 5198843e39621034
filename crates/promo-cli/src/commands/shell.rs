//! `promo completions` and `promo man`.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::error::{Error, Result};
use crate::output::Outcome;

/// The completion script of a shell.
pub(crate) fn completions(shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "promo", &mut script);
    Outcome::done(String::from_utf8_lossy(&script))
}

/// Writes a page for each command.
pub(crate) fn man(dir: &Path) -> Result<Outcome> {
    fs::create_dir_all(dir).map_err(|error| Error::file("create", dir, error))?;
    let mut command = Cli::command();
    command.build();
    let mut written = Vec::new();
    write_pages(&command, "promo", dir, &mut written)?;
    Ok(Outcome::done(written.concat()))
}

fn write_pages(
    command: &clap::Command,
    name: &str,
    dir: &Path,
    written: &mut Vec<String>,
) -> Result<()> {
    let path = dir.join(format!("{name}.1"));
    let mut page = Vec::new();
    let failed = |error| Error::file("write", &path, error);
    let titled = command.clone().name(name.to_owned());
    clap_mangen::Man::new(titled)
        .render(&mut page)
        .map_err(failed)?;
    fs::write(&path, page).map_err(failed)?;
    written.push(format!("{}\n", path.display()));
    let visible = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help");
    for command in visible {
        let name = format!("{name}-{}", command.get_name());
        write_pages(command, &name, dir, written)?;
    }
    Ok(())
}

//! `cargo xtask test`: everything that can be checked with Rust, Python 3 and a C compiler alone.
//!
//! All checks run, also after one has failed; the closing line counts them. The runners' own closing lines stand above.

use crate::checks::dependencies::Policy;
use crate::checks::metadata::Metadata;
use crate::checks::{codes, direction, documents, flags, packages, python, real_trees, sources};
use crate::{fuzz, generate, model};
use xtask::arguments::Arguments;
use xtask::error::Result;
use xtask::tally::Tally;
use xtask::{process, workspace};

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    arguments.finish()?;
    let metadata = Metadata::read()?;
    let policy = Policy::read()?;
    let mut tally = Tally::new("cargo xtask test");
    tally.check("the crates' direction", || {
        direction::check_crates(&metadata)
    });
    tally.check("promo-core's tree", direction::check_core_tree);
    tally.check("the modules' direction", direction::check_modules);
    tally.check("licences", || policy.check_licences(&metadata));
    tally.check("bans", || policy.check_bans(&metadata));
    tally.check("sources", || policy.check_sources(&metadata));
    tally.check("source files", sources::check);
    tally.check("packages of the crates", || packages::check(&metadata));
    tally.check("links between documents", documents::check_links);
    tally.check("the book's summary", documents::check_summary);
    tally.check("tests of the workspace", tests_of_the_workspace);
    tally.check("the model over its seeds", model::check);
    tally.check("documentation of the crates", documentation_of_the_crates);
    tally.check("reference pages", generate::check);
    tally.check("codes in the reference", codes::check);
    tally.check("flags in the libraries", flags::check);
    tally.check("documents as written", documents::walkthrough::check);
    tally.check("fuzz targets over their seeds", fuzz::check_seeds);
    tally.check("the Python package", python::check);
    tally.check("real trees", real_trees::check);
    tally.close()
}

/// Unit, integration and documentation tests, as cargo runs them.
fn tests_of_the_workspace() -> Result<()> {
    process::run(workspace::cargo().args(["test", "--workspace", "--locked", "--no-fail-fast"]))
}

fn documentation_of_the_crates() -> Result<()> {
    let mut command = workspace::cargo();
    command
        .args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings");
    process::run(&mut command)
}

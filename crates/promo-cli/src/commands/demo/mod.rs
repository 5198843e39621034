//! `promo demo`: the whole pipeline on embedded registries, told step by step. It checks itself: it ends well only
//! if all of it happened as told.

mod forgery;
mod story;
mod world;

use std::time::Instant;

use promo::documents::style::{BOLD, CYAN};
use promo::documents::{json, yaml};

use crate::args::DemoArgs;
use crate::context::Context;
use crate::error::{Error, Result, codes};
use crate::exit::Exit;
use crate::output::{Format, Outcome};
use crate::progress;
use crate::terminal::Terminal;
use world::World;

/// Tells the story, or prints the report of its first run as a document.
pub(crate) async fn run(args: &DemoArgs, context: &Context) -> Result<Outcome> {
    let format = context.console.format(args.output, &Format::DATA);
    let told = match format {
        Format::Table => Some(context.terminal),
        _ => None,
    };
    let began = Instant::now();
    let trace = context.trace(progress::observer(context))?;
    let report = story::tell(&World::start(trace).await?, Teller(told)).await?;
    let text = match format {
        Format::Json => json(&report)?,
        Format::Yaml => yaml(&report)?,
        _ => format!(
            "\nAll of it happened as told, in {:.1} s.\n{NEXT}",
            began.elapsed().as_secs_f64()
        ),
    };
    Ok(Outcome::done(text))
}

const NEXT: &str = "
Try next:
  promo registry serve          # an embedded registry for yourself
  promo init                    # a first promo.toml and tree of promoter manifests
  promo key generate            # a key pair that cosign understands
  promo plan                    # what would be promoted, and why
  promo promote --help          # the same between your own registries
";

/// Tells on standard output, or nothing if a document is printed there.
#[derive(Debug, Clone, Copy)]
struct Teller(Option<Terminal>);

impl Teller {
    fn heading(self, text: &str) -> Result<()> {
        self.line(&format!("\n{BOLD}{text}{BOLD:#}"))
    }

    /// What the command would be outside of the demo.
    fn command(self, text: &str) -> Result<()> {
        self.line(&format!("  {CYAN}$ {text}{CYAN:#}"))
    }

    fn line(self, text: &str) -> Result<()> {
        match self.0 {
            Some(terminal) => terminal.result(&format!("{text}\n")),
            None => Ok(()),
        }
    }
}

/// The demo did not go as told.
fn unexpected(what: impl Into<String>) -> Error {
    Error::Other {
        message: format!("the demo did not go as told: {}", what.into()),
        code: codes::DEMO,
        hints: vec!["this is a defect of promo: please report it".to_owned()],
        exit: Exit::Failed,
        source: None,
    }
}

/// Demands that something is as told.
fn demand(holds: bool, what: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(unexpected(what)) }
}

//! `cargo xtask bench`: speed and memory, measured and printed; what is too slow or too large is for a reader to say,
//! but for the promises that stand in the documents.

mod cold;
mod copy;
mod judging;
mod plan;
mod transport;
mod trust;

use xtask::arguments::Arguments;
use xtask::error::{Error, Result};

/// What a measurement is called, and its program.
struct Measurement {
    name: &'static str,
    run: fn(&transport::Options) -> Result<()>,
}

const MEASUREMENTS: [Measurement; 5] = [
    Measurement {
        name: "plan",
        run: |_| plan::run(),
    },
    Measurement {
        name: "copy",
        run: |_| copy::run(),
    },
    Measurement {
        name: "judging",
        run: |_| judging::run(),
    },
    Measurement {
        name: "transport",
        run: transport::run,
    },
    Measurement {
        name: "trust",
        run: |_| trust::run(),
    },
];

/// Runs all, or the one that is named.
pub(crate) fn run(mut arguments: Arguments) -> Result<()> {
    let only = arguments.next_word();
    let options = transport::Options::take(&mut arguments)?;
    arguments.finish()?;
    let chosen = MEASUREMENTS
        .iter()
        .filter(|measurement| only.as_deref().is_none_or(|name| name == measurement.name));
    let mut any = false;
    for measurement in chosen {
        println!("--- cargo xtask bench: {}", measurement.name);
        (measurement.run)(&options)?;
        any = true;
    }
    if any {
        Ok(())
    } else {
        Err(Error::Usage("there is no such measurement".to_owned()))
    }
}

//! What is measured, one function for each work.
//!
//! Each sets its registries up, lets clients take turns, and says which targets there are.

mod between;
mod budget;
mod copies;
mod mirrors;
mod proof;
mod tree;

use super::Bench;
use super::section::Section;
use xtask::error::Result;

/// What a work is called, and its program.
pub(super) struct Work {
    pub(super) name: &'static str,
    pub(super) run: fn(&Bench) -> Result<Section>,
}

/// In the order of the page.
pub(super) const WORKS: [Work; 11] = [
    Work {
        name: "cold",
        run: copies::cold,
    },
    Work {
        name: "cold-100ms",
        run: copies::cold_far,
    },
    Work {
        name: "cold-tls",
        run: copies::cold_tls,
    },
    Work {
        name: "between",
        run: between::run,
    },
    Work {
        name: "inside",
        run: copies::inside,
    },
    Work {
        name: "nothing",
        run: copies::nothing,
    },
    Work {
        name: "proof",
        run: proof::run,
    },
    Work {
        name: "mirrors",
        run: mirrors::all_well,
    },
    Work {
        name: "mirror-faults",
        run: mirrors::one_ill,
    },
    Work {
        name: "quota",
        run: budget::run,
    },
    Work {
        name: "tree",
        run: tree::run,
    },
];

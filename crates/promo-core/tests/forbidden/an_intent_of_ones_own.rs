//! A third intent, which has shown nothing.

use promo_core::pipeline::{Intent, Mode, ProofPorts};

#[derive(Debug, Clone)]
struct Mine;

impl Intent for Mine {
    const MODE: Mode = Mode::Confirmed;

    fn signing(&self) -> Option<&ProofPorts> {
        None
    }
}

fn main() {}

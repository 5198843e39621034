//! A third intent, which has shown nothing.

use promo_core::pipeline::{Intent, Mode, SigningPorts};

#[derive(Debug, Clone)]
struct Mine;

impl Intent for Mine {
    const MODE: Mode = Mode::Confirmed;

    fn signing(&self) -> Option<&SigningPorts> {
        None
    }
}

fn main() {}

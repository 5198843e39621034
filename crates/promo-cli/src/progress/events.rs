//! Progress as JSON, one object a line (`--log-format json`).

use promo::documents::{Detail, EventDocument};
use promo_core::ports::{Event, Observer};

use crate::terminal::{Terminal, Verbosity};

/// Writes events as documents `promo.event/v1`.
#[derive(Debug)]
pub(super) struct Events {
    terminal: Terminal,
}

impl Events {
    pub(super) fn new(terminal: Terminal) -> Self {
        Self { terminal }
    }
}

impl Observer for Events {
    fn observe(&self, event: &Event) {
        let Some((detail, document)) = EventDocument::of(event) else {
            return;
        };
        let least = match detail {
            Detail::Always => Verbosity::Quiet,
            Detail::Normal => Verbosity::Normal,
            Detail::Verbose => Verbosity::Verbose,
        };
        if self.terminal.verbosity() < least {
            return;
        }
        // Texts and numbers can always be written.
        if let Ok(line) = serde_json::to_string(&document) {
            self.terminal.tell(&format!("{line}\n"));
        }
    }
}

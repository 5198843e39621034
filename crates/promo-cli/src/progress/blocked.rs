//! What a phase blocks, while it goes on: the first item of each code by its name, the next ones by their number. One wrong
//! password blocks thousands.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use promo_core::Code;
use promo_core::ports::Phase;

/// How many items of each phase were blocked by which code.
#[derive(Debug, Default)]
pub(super) struct Blocked(Mutex<BTreeMap<(Phase, Code), u64>>);

impl Blocked {
    /// One more; the line that tells of it, if it is the first.
    pub(super) fn add(&self, phase: Phase, item: &str, code: Code) -> Option<String> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((phase, code)).or_default();
        *count += 1;
        (*count == 1).then(|| line(phase, item, code))
    }

    /// What was not told of a phase that is over, a line for each code.
    pub(super) fn rest(&self, phase: Phase) -> Vec<String> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = Vec::new();
        counts.retain(|(of, code), count| {
            if *of == phase && *count > 1 {
                let name = phase.as_str();
                lines.push(format!("{name:>10}  blocked {} more ({code})", *count - 1));
            }
            *of != phase
        });
        lines
    }
}

/// The line of a blocked item.
pub(super) fn line(phase: Phase, item: &str, code: Code) -> String {
    format!("{:>10}  blocked {item} ({code})", phase.as_str())
}

//! Counting: every check by name, what failed and why, and one closing line.

use std::time::Instant;

use crate::error::{self, Error, Result};

/// The results of one command's own checks.
#[derive(Debug)]
pub struct Tally {
    what: &'static str,
    passed: usize,
    failed: Vec<String>,
}

impl Tally {
    /// Nothing counted yet; `what` is the command's name.
    pub fn new(what: &'static str) -> Self {
        Self {
            what,
            passed: 0,
            failed: Vec::new(),
        }
    }

    /// Runs one check, and says how it went; a failure does not keep the next from running.
    pub fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        println!("--- {}: {name}", self.what);
        let started = Instant::now();
        let result = check();
        let seconds = started.elapsed().as_secs_f64();
        match result {
            Ok(()) => {
                println!("passed: {name} ({seconds:.1} s)");
                self.passed += 1;
            }
            Err(error) => {
                println!("FAILED: {name} ({seconds:.1} s): {}", error::chain(&error));
                self.failed.push(name.to_owned());
            }
        }
    }

    /// Prints the closing line.
    pub fn close(self) -> Result<()> {
        println!(
            "{}: {} passed, {} failed",
            self.what,
            self.passed,
            self.failed.len()
        );
        if self.failed.is_empty() && self.passed > 0 {
            return Ok(());
        }
        let total = self.passed + self.failed.len();
        Err(Error::Checks {
            failed: self.failed.len(),
            total,
            names: self.failed.join(", "),
        })
    }
}

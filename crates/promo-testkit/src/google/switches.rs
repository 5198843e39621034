//! How Google's services behave, which tests can change while they run.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

/// How the services behave. The default: everybody who shows the right thing gets a token for an hour.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GoogleSwitches {
    /// The tokens that are handed out, one after the other; the last one again and again.
    pub tokens: VecDeque<String>,
    /// How long a token lasts.
    pub lifetime: Duration,
    /// What time it is: statements must have been signed about now, and ends of tokens are counted from it.
    pub now: Timestamp,
    /// Whether the machine runs as an account; if not, the metadata server answers 404.
    pub machine_account: bool,
    /// Whether the metadata server sends the header that shows what it is.
    pub metadata_flavor: bool,
    /// Whether everything that is shown has been revoked: `invalid_grant`, with a text that repeats what was shown.
    pub revoked: bool,
    /// How many requests are answered 500 from now on.
    pub failures: u32,
    /// Where every request is redirected to.
    pub redirect: Option<String>,
    /// How many bytes are added to an answer with a token.
    pub padding: usize,
}

impl Default for GoogleSwitches {
    fn default() -> Self {
        Self {
            tokens: VecDeque::from(["ya29.access-token".to_owned()]),
            lifetime: Duration::from_secs(3600),
            now: Timestamp::now(),
            machine_account: true,
            metadata_flavor: true,
            revoked: false,
            failures: 0,
            redirect: None,
            padding: 0,
        }
    }
}

impl GoogleSwitches {
    /// Hands out these tokens, one after the other; the last one again and again.
    pub fn hand_out(&mut self, tokens: &[&str]) {
        self.tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
    }

    pub(super) fn next_token(&mut self) -> String {
        match self.tokens.len() {
            0 | 1 => self.tokens.front().cloned(),
            _ => self.tokens.pop_front(),
        }
        .unwrap_or_default()
    }
}

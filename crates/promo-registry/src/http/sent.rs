//! What was sent as a credential in this run, so that it can be cut out of every text that comes back.
//!
//! A registry, a token server or a proxy may repeat in an error what it was sent. Whatever sends a credential tells it
//! here; whatever turns a text from outside into a part of an error, or hands an error on, passes it through [`Sent::cut`].

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use ::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// What stands where a credential was.
const MARK: &str = "[credential]";
/// A shorter one isn't looked for: it would be found in words that have nothing to do with it.
const SHORTEST: usize = 4;
/// Pieces of a credential are cut out from this length on: the other side may repeat only a part of it.
const PIECE: usize = 12;
/// The pieces of a long credential are longer: a key in JSON has words in it that stand elsewhere, too.
const LONG_PIECE: usize = 32;
/// How much is remembered of tokens, in bytes: a long run fetches one after the other. The oldest are forgotten.
const MAX_TOKENS: usize = 256 << 10;

/// The credentials of a run. Its Debug shows none.
#[derive(Default)]
pub(crate) struct Sent {
    secrets: Mutex<Secrets>,
}

#[derive(Default)]
struct Secrets {
    /// Passwords and refresh tokens, in all forms in which they may be repeated.
    lasting: Vec<Zeroizing<String>>,
    /// Access tokens, the newest last.
    tokens: VecDeque<Zeroizing<String>>,
    size: usize,
}

impl Sent {
    /// User and password are sent, or will be.
    pub(crate) fn pair(&self, user: &str, password: &Secret) {
        self.add(password.expose());
        let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
        self.add(&STANDARD.encode(pair.as_bytes()));
        self.add(&URL_SAFE.encode(pair.as_bytes()));
    }

    /// This is sent, or will be, in a body above all.
    pub(crate) fn secret(&self, secret: &str) {
        self.add(secret);
    }

    /// An Authorization header is sent.
    pub(crate) fn header(&self, value: &HeaderValue) {
        let Ok(text) = value.to_str() else { return };
        match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => self.token(token),
            Some((_, pair)) if !self.knows(pair) => {
                self.add(pair);
                self.add(&pair.replace('+', "-").replace('/', "_"));
                let pair = STANDARD.decode(pair).ok().map(Zeroizing::new);
                let pair = pair
                    .as_deref()
                    .and_then(|pair| std::str::from_utf8(pair).ok());
                if let Some((_, password)) = pair.and_then(|pair| pair.split_once(':')) {
                    self.add(password);
                }
            }
            Some(_) => {}
            None => self.add(text),
        }
    }

    /// Cuts all known credentials out of a text from outside.
    pub(crate) fn cut(&self, text: &str) -> String {
        let secrets = self.lock();
        let small = text.to_ascii_lowercase();
        let mut marked = Marked::new(text, &small);
        for secret in secrets.lasting.iter().chain(&secrets.tokens) {
            marked.cut(secret);
        }
        marked.finish()
    }

    fn token(&self, token: &str) {
        let mut secrets = self.lock();
        if token.len() < SHORTEST
            || secrets
                .tokens
                .iter()
                .rev()
                .any(|known| known.eq_ignore_ascii_case(token))
        {
            return;
        }
        for form in forms(token) {
            secrets.size += form.len();
            secrets.tokens.push_back(form);
        }
        while secrets.size > MAX_TOKENS && secrets.tokens.len() > 1 {
            let oldest = secrets.tokens.pop_front();
            secrets.size -= oldest.map_or(0, |oldest| oldest.len());
        }
    }

    fn add(&self, secret: &str) {
        if secret.len() >= SHORTEST {
            let mut secrets = self.lock();
            for form in forms(secret) {
                if !secrets.lasting.contains(&form) {
                    secrets.lasting.push(form);
                }
            }
        }
    }

    fn knows(&self, secret: &str) -> bool {
        let small = Zeroizing::new(secret.to_ascii_lowercase());
        self.lock().lasting.contains(&small)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Secrets> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sent([secret])")
    }
}

/// The forms in which a text is repeated, in small letters: as it is, and as it is escaped in JSON, in URLs, in forms
/// and in HTML.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let form: String = byte_serialize(secret.as_bytes()).collect();
    let percent = form.replace('+', "%20").replace('*', "%2A");
    let json = serde_json::Value::from(secret).to_string();
    let json = json.get(1..json.len() - 1).unwrap_or_default();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;");
    let html = html.replace('>', "&gt;");
    let forms = [
        secret.to_owned(),
        secret.trim_end_matches('=').to_owned(),
        percent,
        form,
        json.replace('/', "\\/"),
        json.to_owned(),
        html.replace('"', "&#34;").replace('\'', "&#39;"),
        html.replace('"', "&quot;").replace('\'', "&#x27;"),
    ];
    let mut kept: Vec<Zeroizing<String>> = Vec::new();
    for form in forms.map(Zeroizing::new) {
        let small = Zeroizing::new(form.to_ascii_lowercase());
        if small.len() >= SHORTEST && !kept.contains(&small) {
            kept.push(small);
        }
    }
    kept
}

/// A text, and which of its bytes are cut out.
struct Marked<'a> {
    text: &'a str,
    /// The text in small letters: a secret in the name of a host is made small.
    small: &'a str,
    is_cut: Vec<bool>,
    /// By length: where each stretch that is still to be found stands.
    stretches: BTreeMap<usize, Stretches<'a>>,
}

type Stretches<'a> = HashMap<&'a [u8], Vec<usize>>;

impl<'a> Marked<'a> {
    fn new(text: &'a str, small: &'a str) -> Self {
        Self {
            text,
            small,
            is_cut: vec![false; text.len()],
            stretches: BTreeMap::new(),
        }
    }

    /// Cuts out a secret and long pieces of it.
    fn cut(&mut self, secret: &str) {
        let small = self.small;
        for (at, found) in small.match_indices(secret) {
            self.mark(at, found.len());
        }
        let length = (secret.len() / 4).clamp(PIECE, LONG_PIECE);
        let mut stretches = self.stretches.remove(&length).unwrap_or_else(|| {
            let mut stretches = Stretches::new();
            for (at, stretch) in small.as_bytes().windows(length).enumerate() {
                stretches.entry(stretch).or_default().push(at);
            }
            stretches
        });
        for piece in secret.as_bytes().windows(length) {
            // Each stretch is looked for once only, or two texts of the same letter over and over would take time
            // without end.
            for at in stretches.remove(piece).into_iter().flatten() {
                self.mark(at, length);
            }
        }
        self.stretches.insert(length, stretches);
    }

    fn mark(&mut self, at: usize, length: usize) {
        if let Some(bytes) = self.is_cut.get_mut(at..at + length) {
            bytes.fill(true);
        }
    }

    fn finish(self) -> String {
        let mut kept = String::with_capacity(self.text.len());
        let mut was_cut = false;
        for (at, character) in self.text.char_indices() {
            let bytes = self.is_cut.get(at..at + character.len_utf8());
            let is_cut = bytes.is_some_and(|bytes| bytes.contains(&true));
            if !is_cut {
                kept.push(character);
            } else if !was_cut {
                kept.push_str(MARK);
            }
            was_cut = is_cut;
        }
        kept
    }
}

#[cfg(test)]
mod tests;

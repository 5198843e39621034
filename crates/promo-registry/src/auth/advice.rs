//! What may be repeated of the complaints of a program that prints credentials: that it wants its user to log in.
//!
//! What it prints on its standard output is repeated in known forms only. Its standard error is repeated as far as it
//! can't be a secret: nothing of what stood on the standard output, and no long words that look random.

/// The longest complaint that is repeated, in characters.
const MAX_ADVICE: usize = 400;
/// How many lines of it. Programs say what to do at the end.
const MAX_LINES: usize = 4;
/// A word from this length on that isn't all lower case is taken for a secret.
const LONG_WORD: usize = 20;
/// A word of the standard output that is shorter isn't looked for in the standard error.
const SHORT_WORD: usize = 4;
const MARK: &str = "[…]";

/// What `docker-credential-helpers` print, and what it means.
const KNOWN: [(&str, &str); 7] = [
    (
        "credentials not found",
        "the helper has no credentials for this registry",
    ),
    (
        "no credentials server url",
        "the helper was asked for no registry",
    ),
    (
        "no credentials username",
        "the helper has no user name for this registry",
    ),
    (
        "pass not initialized",
        "the password store isn't initialised: run `pass init`",
    ),
    (
        "pass store is uninitialized",
        "the password store isn't initialised: run `pass init`",
    ),
    (
        "org.freedesktop.secrets",
        "the secret service of the desktop isn't running",
    ),
    ("user interaction is not allowed", "the keychain is locked"),
];

/// Verbs of commands with which users log in.
const VERBS: [&str; 7] = [
    "login",
    "signin",
    "auth",
    "authenticate",
    "init",
    "configure",
    "unlock",
];

/// What the program advises, for a hint.
pub(super) fn advice(output: &[u8], complaint: &[u8]) -> Option<String> {
    let output = plain(output);
    let complaint = repeated(&plain(complaint), &output);
    let said = complaint.map(|text| format!("it says: {text}"));
    said.or_else(|| command(&output))
        .or_else(|| known(&output).map(str::to_owned))
}

/// The meaning of a message in a known form.
fn known(output: &str) -> Option<&'static str> {
    let output = output.to_lowercase();
    let known = KNOWN.iter().find(|(message, _)| output.contains(message));
    known.map(|(_, meaning)| *meaning)
}

/// A command to log in with, if the text tells to run one: small words only, one of them a verb that is known.
fn command(output: &str) -> Option<String> {
    let is_small = |word: &&str| {
        let mut bytes = word.bytes();
        word.len() < 16 && bytes.all(|b| b.is_ascii_lowercase() || b == b'-')
    };
    let lower = output.to_ascii_lowercase();
    let after = lower
        .match_indices("run")
        .filter_map(|(at, run)| output.get(at + run.len()..));
    after
        .map(|rest| rest.trim_start_matches(|c: char| ":`'\" ".contains(c)))
        .find_map(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "- ".contains(c)));
            let words: Vec<&str> = rest.get(..end.unwrap_or(rest.len()))?.split(' ').collect();
            let words: Vec<&str> = words.into_iter().take(5).take_while(is_small).collect();
            let verb = words.iter().position(|word| VERBS.contains(word))?;
            let words = words.get(..=verb).filter(|words| words.len() > 1)?;
            Some(format!("it says: run `{}`", words.join(" ")))
        })
}

/// A complaint without what may be a secret; none if nothing is left of it.
fn repeated(complaint: &str, output: &str) -> Option<String> {
    let printed: Vec<&str> = words(output)
        .filter(|word| word.len() >= SHORT_WORD)
        .collect();
    let lines: Vec<&str> = complaint
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let from = lines.len().saturating_sub(MAX_LINES);
    let mut kept = String::new();
    let mut said = 0;
    for line in lines.get(from..).unwrap_or_default() {
        if !kept.is_empty() {
            kept.push_str("; ");
        }
        let mut hides_next = false;
        for word in line.split_whitespace() {
            let hides = hides_next || is_secret(word, &printed);
            hides_next = names_secret(word);
            if !kept.is_empty() && !kept.ends_with(' ') {
                kept.push(' ');
            }
            kept.push_str(if hides { MARK } else { word });
            said += u32::from(!hides);
        }
    }
    (said > 1).then(|| crate::error::clean_to(&kept, MAX_ADVICE))
}

/// Whether a word may be a secret, or have one in it.
fn is_secret(word: &str, printed: &[&str]) -> bool {
    let has_printed = printed.iter().any(|printed| word.contains(printed));
    let has_value = word
        .split_once(['=', ':'])
        .is_some_and(|(name, value)| names_secret(&format!("{name}=")) && !value.is_empty());
    let is_long = |part: &str| {
        let mut bytes = part.bytes();
        part.len() >= LONG_WORD && bytes.any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    };
    let is_long = words(word).any(|part| {
        let is_path = part.starts_with(['/', '~', '.']) || part.contains("://");
        if is_path {
            part.split('/').any(is_long)
        } else {
            is_long(part)
        }
    });
    has_printed || has_value || is_long
}

/// Whether what follows this word is a secret, as in `password: …` and `Bearer …`.
fn names_secret(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let is_named = word.ends_with([':', '=']);
    let names = [
        "password",
        "passwd",
        "secret",
        "token",
        "key",
        "credential",
        "authorization",
    ];
    matches!(word.as_str(), "bearer" | "basic")
        || (is_named && names.iter().any(|name| word.contains(name)))
}

/// The words of a text, without the punctuation around them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "\"'`,;()<>[]{}".contains(c))
        .filter(|word| !word.is_empty())
}

/// A text without the escapes that colour a terminal.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| ('@'..='~').contains(&c));
        plain.push_str(end.and_then(|end| part.get(end + 1..)).unwrap_or_default());
    }
    plain
}

#[cfg(test)]
mod tests;

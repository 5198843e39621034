//! What a registry said in its own words, made fit to be repeated.

/// What a registry said in its error document: code and message, cleaned of control characters and
/// cut to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryAnswer {
    code: String,
    message: String,
}

/// The longest text of a registry that is repeated.
const MAX_SAID: usize = 200;

impl RegistryAnswer {
    /// Takes over what a registry said.
    pub(crate) fn new(code: &str, message: &str) -> Self {
        Self {
            code: clean(code),
            message: clean(message),
        }
    }

    /// The registry's own code, like `MANIFEST_BLOB_UNKNOWN`; empty if it gave none.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The registry's own message.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Text from outside, fit for one line of a terminal.
pub(crate) fn clean(text: &str) -> String {
    clean_to(text, MAX_SAID)
}

/// The same, cut to `longest` characters.
pub(crate) fn clean_to(text: &str, longest: usize) -> String {
    let mut cleaned = String::new();
    for (count, character) in text.trim().chars().enumerate() {
        if count == longest {
            cleaned.push('…');
            break;
        }
        // Direction marks and the like are no control characters to Rust, but can rearrange a line.
        let is_format = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if character.is_control() || is_format {
            cleaned.extend(character.escape_unicode());
        } else {
            cleaned.push(character);
        }
    }
    cleaned
}

/// What led to a host, as it stands behind the host's name.
pub(super) fn led(by: Option<&String>) -> String {
    by.map(|by| format!(", where {by} led,"))
        .unwrap_or_default()
}

pub(super) fn said(answer: Option<&RegistryAnswer>) -> String {
    match answer {
        None => String::new(),
        Some(answer) if answer.code.is_empty() => format!(": {}", answer.message),
        Some(answer) if answer.message.is_empty() => format!(": {}", answer.code),
        Some(answer) => format!(": {} ({})", answer.code, answer.message),
    }
}

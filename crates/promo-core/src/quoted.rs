//! What others wrote, as messages repeat it.

/// The most characters that a message repeats.
const MAX_QUOTED: usize = 200;

/// What others wrote, for a message: without control characters, and not longer than a line or two.
pub fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_QUOTED).collect();
    let cut = short.len() < text.len();
    short = short.escape_debug().to_string();
    if cut {
        short.push('…');
    }
    format!("`{short}`")
}

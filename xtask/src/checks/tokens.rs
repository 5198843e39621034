//! A Rust file in pieces: names, `::` and signs without its comments and texts, or the texts alone.
//!
//! It is no parser: it knows where comments, texts and characters begin and end, and nothing of what they mean.

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Name(&'a str),
    /// `::`
    Colons,
    Other(char),
}

pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(length) = passed_over(rest) {
            length
        } else if is_name(first) {
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            found.push(Token::Name(rest.get(..end).unwrap_or_default()));
            end
        } else if rest.starts_with("::") {
            found.push(Token::Colons);
            2
        } else {
            if !first.is_whitespace() {
                found.push(Token::Other(first));
            }
            first.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

/// The texts of a file as they are written, with their quotes, each with the number of its first line.
pub(crate) fn texts(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let passed_over = passed_over(rest);
        // A raw name or a `b` within a name begins no text: names are taken as a whole.
        let length = passed_over.unwrap_or_else(|| {
            if is_name(first) {
                rest.find(|c| !is_name(c)).unwrap_or(rest.len())
            } else {
                first.len_utf8()
            }
        });
        let piece = rest.get(..length).unwrap_or_default();
        let is_text =
            passed_over.is_some() && piece.trim_start_matches(['b', 'r', '#']).starts_with('"');
        if is_text {
            found.push((line, piece));
        }
        line += piece.matches('\n').count();
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The length of the comment or text that begins here, if one does.
fn passed_over(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(comment(rest));
    }
    let bare = rest.trim_start_matches('b');
    let prefix = rest.len() - bare.len();
    if prefix <= 1 {
        if let Some(raw) = bare.strip_prefix('r') {
            let hashes = raw.len() - raw.trim_start_matches('#').len();
            if let Some(inner) = raw
                .get(hashes..)
                .and_then(|quoted| quoted.strip_prefix('"'))
            {
                let end = format!("\"{}", "#".repeat(hashes));
                let length = inner.find(&end).map_or(inner.len(), |at| at + end.len());
                return Some(rest.len() - inner.len() + length);
            }
        }
        if let Some(inner) = bare.strip_prefix('"') {
            return Some(rest.len() - inner.len() + quoted(inner, '"'));
        }
    }
    character(rest)
}

/// The length of a comment that may hold others.
fn comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of what follows an opening quote, the closing one included.
fn quoted(inner: &str, end: char) -> usize {
    let mut characters = inner.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == end {
            return at + end.len_utf8();
        }
    }
    inner.len()
}

/// The length of a character in quotes. A lifetime has no closing one.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    if first == '\\' || inner.get(first.len_utf8()..)?.starts_with('\'') {
        return Some(1 + quoted(inner, '\''));
    }
    None
}

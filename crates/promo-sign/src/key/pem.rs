//! PEM: labelled base64, as RFC 7468 writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// More than any key needs.
const MAX_PEM: usize = 64 * 1024;

/// One block: its label and its bytes, which may be secret.
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) contents: Zeroizing<Vec<u8>>,
}

/// The blocks of a text, in their order; text between them is passed over. A block that is broken
/// makes the whole unreadable.
pub(crate) fn blocks(pem: &[u8]) -> Option<Vec<Block>> {
    if pem.len() > MAX_PEM {
        return None;
    }
    let text = std::str::from_utf8(pem).ok()?;
    let mut lines = text.lines().map(str::trim);
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        let Some(label) = label(line, "-----BEGIN ") else {
            continue;
        };
        let mut body = Zeroizing::new(String::new());
        loop {
            let line = lines.next()?;
            match label_of_end(line) {
                Some(end) if end == label => break,
                Some(_) => return None,
                None => body.push_str(line),
            }
        }
        blocks.push(Block {
            label: label.to_owned(),
            contents: Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?),
        });
    }
    Some(blocks)
}

/// Writes one block with lines of 64 characters that end in a line feed.
pub(crate) fn encode(label: &str, contents: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(contents));
    let mut text = Zeroizing::new(String::with_capacity(body.len() + body.len() / 64 + 128));
    for part in ["-----BEGIN ", label, "-----\n"] {
        text.push_str(part);
    }
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = next;
    }
    for part in ["-----END ", label, "-----\n"] {
        text.push_str(part);
    }
    text
}

fn label<'a>(line: &'a str, begin: &str) -> Option<&'a str> {
    line.strip_prefix(begin)?.strip_suffix("-----")
}

fn label_of_end(line: &str) -> Option<&str> {
    label(line, "-----END ")
}

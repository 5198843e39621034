//! Bytes → text, and the places in it: the first thing that is done with a file. No YAML is read here.

use std::borrow::Cow;

use super::Position;
use super::finding::FileFindings;
use super::kinds::{LINE_END, NOT_UTF8, SYNTAX};

/// Checks that bytes are text that YAML allows, and takes off a byte order mark. UTF-16 is told by its mark.
pub(super) fn decode<'a>(bytes: &'a [u8], findings: &mut FileFindings) -> Option<Cow<'a, str>> {
    if let Some(text) = decode_utf16(bytes) {
        return checked(&text, findings).then_some(Cow::Owned(text));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            findings.add(
                &NOT_UTF8,
                position_after(bytes.get(..error.valid_up_to()).unwrap_or_default()),
                "the bytes here are not UTF-8".to_owned(),
                "UTF-8 text",
            );
            return None;
        }
    };
    checked(text, findings).then(|| Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)))
}

/// Characters that end a line to kpromo's parser, and to hardly anything else.
const OTHER_LINE_ENDS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// The text with each line ended by a newline that ends to kpromo's parser. What these characters are besides is of no
/// matter: no name, digest or tag has one.
pub(super) fn with_plain_line_ends<'a>(
    text: Cow<'a, str>,
    findings: &mut FileFindings,
) -> Cow<'a, str> {
    let Some(at) = odd_line_end(&text) else {
        return text;
    };
    findings.add(
        &LINE_END,
        position_after(text.as_bytes().get(..at).unwrap_or_default()),
        "a character stands here that ends a line, which not all editors show".to_owned(),
        "lines that end with LF or CRLF",
    );
    let plain = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(plain.replace(OTHER_LINE_ENDS, "\n"))
}

/// Where a line ends with something else than LF or CRLF.
pub(super) fn odd_line_end(text: &str) -> Option<usize> {
    let behind = |at: usize| text.as_bytes().get(at + 1);
    let mut returns = text.match_indices('\r').map(|(at, _)| at);
    let lone = returns.find(|at| behind(*at) != Some(&b'\n'));
    let other = (!text.is_ascii()).then(|| text.find(OTHER_LINE_ENDS));
    lone.into_iter().chain(other.flatten()).min()
}

/// The text of bytes with the byte order mark of UTF-16, if they are nothing but UTF-16.
fn decode_utf16(bytes: &[u8]) -> Option<String> {
    let (is_little, rest) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        _ => return None,
    };
    let (pairs, odd) = rest.as_chunks::<2>();
    let unit = |pair: &[u8; 2]| {
        if is_little {
            u16::from_le_bytes(*pair)
        } else {
            u16::from_be_bytes(*pair)
        }
    };
    let units = char::decode_utf16(pairs.iter().map(unit));
    let text: Result<String, _> = units.collect();
    text.ok().filter(|_| odd.is_empty())
}

/// Whether a text has no control character that YAML doesn't allow; a finding if it has.
fn checked(text: &str, findings: &mut FileFindings) -> bool {
    let Some(at) = first_control(text.as_bytes()) else {
        return true;
    };
    findings.add(
        &SYNTAX,
        position_after(text.as_bytes().get(..at).unwrap_or_default()),
        "a control character stands here".to_owned(),
        "printable text",
    );
    false
}

/// Where the first control character is that YAML doesn't allow. The scanner takes a zero byte for the end of the file.
fn first_control(bytes: &[u8]) -> Option<usize> {
    const AT_ONCE: usize = 64;
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 11 | 12 | 14..=31 | 127);
    // Looking at all bytes of a chunk, without a way out, is what processors do many at a time.
    let mut chunks = bytes.chunks(AT_ONCE);
    let bad =
        chunks.position(|chunk| chunk.iter().fold(false, |bad, byte| bad | is_control(byte)))?;
    let start = bad * AT_ONCE;
    let rest = bytes.get(start..).unwrap_or_default();
    rest.iter().position(is_control).map(|at| start + at)
}

/// The place behind `bytes`, which are UTF-8.
pub(super) fn position_after(bytes: &[u8]) -> Position {
    let line_start = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let lines = bytes.split(|byte| *byte == b'\n').count();
    let last = bytes.get(line_start..).unwrap_or_default();
    let characters = last.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    position(lines, characters)
}

/// A place by its line, from 1, and its column, from 0.
pub(super) fn position(line: usize, column: usize) -> Position {
    Position {
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column + 1).unwrap_or(u32::MAX),
    }
}

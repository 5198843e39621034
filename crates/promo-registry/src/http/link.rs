//! The `Link` header (RFC 8288), as far as registries use it: what follows a page of a list.
//!
//! A header that can't be read is not taken for the end of the list: it may name a next page.

use ::http::HeaderMap;
use ::http::header::LINK;

/// A `Link` header that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnreadableLink;

/// The target of the first link that leads on: its relation is `next`, or it has none, as crane and skopeo take it.
pub(crate) fn next_link(headers: &HeaderMap) -> Result<Option<String>, UnreadableLink> {
    let mut unreadable = false;
    for value in headers.get_all(LINK) {
        let links = std::str::from_utf8(value.as_bytes()).map_err(|_| UnreadableLink);
        match links.and_then(next_of) {
            Ok(Some(target)) => return Ok(Some(target)),
            Ok(None) => {}
            Err(UnreadableLink) => unreadable = true,
        }
    }
    if unreadable {
        return Err(UnreadableLink);
    }
    Ok(None)
}

fn next_of(value: &str) -> Result<Option<String>, UnreadableLink> {
    let mut rest = value.trim();
    while !rest.is_empty() {
        let (target, behind) = split_target(rest)?;
        let (parameters, others) = split_parameters(behind);
        if leads_on(parameters) {
            return Ok(Some(target.to_owned()));
        }
        rest = others.trim();
    }
    Ok(None)
}

/// Splits the target off. Some registries leave the angle brackets out; then the parameters must say that it is a
/// link at all.
fn split_target(link: &str) -> Result<(&str, &str), UnreadableLink> {
    if let Some(link) = link.strip_prefix('<') {
        let (target, behind) = link.split_once('>').ok_or(UnreadableLink)?;
        return Ok((target.trim(), behind));
    }
    let (target, behind) = link.split_once(';').ok_or(UnreadableLink)?;
    let target = target.trim();
    let is_plain = !target.is_empty() && !target.contains(['<', '>', '"', ',', ' ']);
    let has_relation = behind.split(';').any(|it| relation(it).is_some());
    (is_plain && has_relation)
        .then_some((target, behind))
        .ok_or(UnreadableLink)
}

/// Splits at the comma that begins the next link; one within quotes doesn't.
fn split_parameters(text: &str) -> (&str, &str) {
    let mut quoted = false;
    for (index, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => return (text.split_at(index).0, text.split_at(index + 1).1),
            _ => {}
        }
    }
    (text, "")
}

fn leads_on(parameters: &str) -> bool {
    let mut relations = parameters.split(';').filter_map(relation).peekable();
    relations.peek().is_none()
        || relations.any(|relation| {
            relation
                .split_ascii_whitespace()
                .any(|it| it.eq_ignore_ascii_case("next"))
        })
}

/// The value of a parameter that is the relation.
fn relation(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim()
        .eq_ignore_ascii_case("rel")
        .then(|| value.trim().trim_matches(['"', '\'']))
}

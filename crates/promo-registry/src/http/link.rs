//! The `Link` header (RFC 8288), as far as registries use it: the target of `rel="next"`.

use ::http::HeaderMap;
use ::http::header::LINK;

/// The target of the first link whose relation is `next`.
pub(crate) fn next_link(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(next_of)
}

fn next_of(value: &str) -> Option<String> {
    let mut rest = value;
    while let Some((_, link)) = rest.split_once('<') {
        let (target, behind) = link.split_once('>')?;
        let (parameters, others) = split_parameters(behind);
        if parameters.split(';').any(is_next) {
            return Some(target.trim().to_owned());
        }
        rest = others;
    }
    None
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

fn is_next(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        name.trim().eq_ignore_ascii_case("rel")
            && value
                .trim()
                .trim_matches('"')
                .split_ascii_whitespace()
                .any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

//! What a 401 asks for: the `WWW-Authenticate` header (RFC 9110, section 11.6.1).

use ::http::HeaderMap;
use ::http::header::WWW_AUTHENTICATE;

/// How a registry wants us to show who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// A token from a token server.
    Bearer {
        /// The token server, as the registry names it.
        realm: String,
        /// What the token server knows the registry as.
        service: Option<String>,
    },
    /// User and password.
    Basic,
}

/// The challenge that we answer: Bearer with a realm before Basic, whatever else is offered.
pub(crate) fn challenge_of(headers: &HeaderMap) -> Option<Challenge> {
    let offered: Vec<Challenge> = headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(parse)
        .collect();
    let bearer = offered
        .iter()
        .find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
    bearer.or(offered.first()).cloned()
}

/// All challenges of one header value that we can answer.
fn parse(value: &str) -> Vec<Challenge> {
    let mut schemes: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for item in items(value) {
        let (name, parameter) = match item.split_once('=') {
            Some((left, right)) => (left.trim(), Some(right.trim())),
            None => (item.trim(), None),
        };
        // `Bearer realm="…"` begins a challenge, `service="…"` goes on with it.
        let (scheme, key) = match (name.split_once(char::is_whitespace), parameter) {
            (Some((scheme, key)), Some(_)) => (Some(scheme), key.trim()),
            (_, Some(_)) => (None, name),
            (_, None) => (name.split_ascii_whitespace().next(), ""),
        };
        if let Some(scheme) = scheme {
            schemes.push((scheme.to_ascii_lowercase(), Vec::new()));
        }
        if let (Some((_, parameters)), Some(text)) = (schemes.last_mut(), parameter) {
            parameters.push((key.to_ascii_lowercase(), unquote(text)));
        }
    }
    schemes.into_iter().filter_map(to_challenge).collect()
}

fn to_challenge((scheme, parameters): (String, Vec<(String, String)>)) -> Option<Challenge> {
    let get = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    match scheme.as_str() {
        "bearer" => Some(Challenge::Bearer {
            realm: get("realm")?,
            service: get("service"),
        }),
        "basic" => Some(Challenge::Basic),
        _ => None,
    }
}

/// The text between commas; a comma within quotes doesn't count.
fn items(value: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (index, character) in value.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                found.extend(value.get(start..index));
                start = index + 1;
            }
            _ => {}
        }
    }
    found.extend(value.get(start..));
    found.retain(|item| !item.trim().is_empty());
    found
}

fn unquote(text: &str) -> String {
    let Some(inner) = text
        .strip_prefix('"')
        .map(|text| text.strip_suffix('"').unwrap_or(text))
    else {
        return text.to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

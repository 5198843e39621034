//! Patterns over paths as Go's `path.Match` has them: `*` and `?` stay within one component, `[a-z]` is one character.

/// A pattern that is well formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathPattern(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// Any characters but `/`.
    Many,
    /// One character but `/`.
    One,
    Exactly(char),
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Token {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Many | Self::One => character != '/',
            Self::Exactly(wanted) => *wanted == character,
            Self::Class { negated, ranges } => {
                let is_in = |(low, high): &(char, char)| (*low..=*high).contains(&character);
                ranges.iter().any(is_in) != *negated
            }
        }
    }
}

impl PathPattern {
    /// A pattern from its text; nothing if it isn't well formed.
    pub(super) fn new(text: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            tokens.push(match character {
                '*' => Token::Many,
                '?' => Token::One,
                '\\' => Token::Exactly(rest.next()?),
                '[' => class(&mut rest)?,
                other => Token::Exactly(other),
            });
        }
        Some(Self(tokens))
    }

    /// Whether the whole of `text` is as the pattern says.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut token, mut at) = (0, 0);
        // Where the last `*` stands, and up to where it has taken so far.
        let mut many: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(token), text.get(at)) {
                (Some(Token::Many), _) => {
                    many = Some((token, at));
                    token += 1;
                    continue;
                }
                (Some(wanted), Some(character)) if wanted.takes(*character) => {
                    token += 1;
                    at += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            // The last `*` takes one character more.
            match many {
                Some((star, taken)) if text.get(taken).is_some_and(|c| *c != '/') => {
                    many = Some((star, taken + 1));
                    token = star + 1;
                    at = taken + 1;
                }
                _ => return false,
            }
        }
    }
}

/// A class of characters whose bracket was read.
fn class(rest: &mut std::str::Chars<'_>) -> Option<Token> {
    let negated = rest.as_str().starts_with('^');
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    while ranges.is_empty() || !rest.as_str().starts_with(']') {
        let low = member(rest)?;
        let mut high = low;
        if rest.as_str().starts_with('-') {
            rest.next();
            high = member(rest)?;
        }
        ranges.push((low, high));
    }
    rest.next();
    Some(Token::Class { negated, ranges })
}

fn member(rest: &mut std::str::Chars<'_>) -> Option<char> {
    match rest.next()? {
        '-' | ']' => None,
        '\\' => rest.next(),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_go() {
        for (pattern, text, expected) in [
            ("charts/*", "charts/x", true),
            ("charts/*", "charts/x/y", false),
            ("charts/*", "charts/", true),
            ("*", "a/b", false),
            ("*/b", "a/b", true),
            ("a*c*d", "abcbcd", true),
            ("a*c*d", "abc/d", false),
            ("refs/tags/v[0-9]*.?", "refs/tags/v10.1", true),
            ("refs/tags/v[^0-9]*", "refs/tags/v10", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("", "", true),
            ("?", "/", false),
        ] {
            let matches = PathPattern::new(pattern).unwrap().matches(text);
            assert_eq!(matches, expected, "{pattern} {text}");
        }
        for bad in ["[", "[]", "[a", "[-x]", "a\\", "[a-]", "[^]"] {
            assert_eq!(PathPattern::new(bad), None, "{bad}");
        }
    }
}

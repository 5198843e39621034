//! What a forge (GitHub, GitLab) takes: how long a comment may be, and where a line of a file is shown.

use std::fmt::Write as _;
use std::str::FromStr;

use promo_core::manifest::{FilePath, Position};

/// Where a comment is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Forge {
    /// A comment has 65,536 characters at most.
    #[default]
    GitHub,
    /// A comment has 1 MiB at most.
    GitLab,
}

impl Forge {
    /// How many bytes a comment may have, with room for what somebody puts around it.
    pub const fn comment_bytes(self) -> usize {
        match self {
            Self::GitHub => 65_536 - 1_024,
            Self::GitLab => (1 << 20) - 1_024,
        }
    }
}

/// Where a forge shows the folder of the promoter manifests, such as `https://github.com/ORG/REPOSITORY/blob/main/tree`. Files
/// and lines below it have links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkBase(String);

impl LinkBase {
    /// The link to a line. GitHub, GitLab, Gitea and Forgejo know this form.
    pub(super) fn line(&self, file: &FilePath, position: Position) -> String {
        let mut link = self.0.clone();
        for component in file.to_string().split('/') {
            link.push('/');
            for byte in component.bytes() {
                // What a URL lets stand as it is; the rest is written as bytes.
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    link.push(char::from(byte));
                } else {
                    let _ = write!(link, "%{byte:02X}");
                }
            }
        }
        let _ = write!(link, "#L{}", position.line);
        link
    }
}

/// Why a text is not the URL of a folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkBaseError {
    /// Another scheme, which a page may run or hide.
    #[error("it begins with neither `https://` nor `http://`")]
    Scheme,
    /// It has a user or a password, which everybody would read.
    #[error("it holds a user or a password")]
    Credentials,
    /// A query, a fragment, or characters that a URL doesn't have.
    #[error("it holds `{0}`, which the URL of a folder doesn't")]
    Character(char),
}

impl FromStr for LinkBase {
    type Err = LinkBaseError;

    fn from_str(text: &str) -> Result<Self, LinkBaseError> {
        let mut schemes = ["https://", "http://"].iter();
        let after = schemes.find_map(|scheme| text.strip_prefix(scheme));
        let after = after.ok_or(LinkBaseError::Scheme)?;
        let host = after.split('/').next().unwrap_or_default();
        if host.contains('@') {
            return Err(LinkBaseError::Credentials);
        }
        let is_foreign =
            |c: &char| !(c.is_ascii_alphanumeric() || "-._~%!$&'*+,;=:@/[]".contains(*c));
        match after.chars().find(is_foreign) {
            Some(character) => Err(LinkBaseError::Character(character)),
            None if host.is_empty() => Err(LinkBaseError::Scheme),
            None => Ok(Self(text.trim_end_matches('/').to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_anchor_and_a_name_can_not_leave_the_path() {
        let base: LinkBase = "https://forge.example/o/r/blob/main/".parse().unwrap();
        let position = Position { line: 7, column: 3 };
        let link = |file| base.line(&FilePath::new(file), position);
        let expected = "https://forge.example/o/r/blob/main/images/a/images.yaml#L7";
        assert_eq!(link("images/a/images.yaml"), expected);
        let odd = "https://forge.example/o/r/blob/main/a%3Fb%23%22%29%5D%20c#L7";
        assert_eq!(link("a?b#\")] c"), odd);
    }

    #[test]
    fn only_the_url_of_a_folder_is_taken() {
        let parse = |text: &str| text.parse::<LinkBase>().map(drop);
        assert_eq!(parse("javascript:alert(1)"), Err(LinkBaseError::Scheme));
        assert_eq!(parse("https://"), Err(LinkBaseError::Scheme));
        let with_user = parse("https://user:secret@forge.example/r");
        assert_eq!(with_user, Err(LinkBaseError::Credentials));
        for (text, character) in [
            ("https://f.example/?a", '?'),
            ("https://f.example/#a", '#'),
            ("https://f.example/\"", '"'),
            ("https://f.example/)", ')'),
            ("https://f.example/ ", ' '),
        ] {
            assert_eq!(
                parse(text),
                Err(LinkBaseError::Character(character)),
                "{text}"
            );
        }
        assert_eq!(parse("http://[::1]:3000/o/r/src/branch/main"), Ok(()));
    }
}

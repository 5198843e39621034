//! Users, their passwords, and what an `Authorization` header says.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::request::Parts;

/// A password or token that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.0 == text
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) password: Secret,
    pub(super) access: Access,
}

/// What a user may do in every repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Everything,
    Pull,
    Nothing,
}

impl Access {
    pub(super) fn allows(self, action: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Pull => action == "pull",
            Self::Nothing => false,
        }
    }
}

/// What an `Authorization` header says.
pub(super) enum Credentials {
    None,
    Basic {
        user: String,
        password: String,
    },
    Bearer(String),
    /// A header that can't be read.
    Malformed,
}

impl Credentials {
    pub(super) fn read(parts: &Parts) -> Self {
        let Some(header) = parts.headers.get(AUTHORIZATION) else {
            return Self::None;
        };
        let split = header.to_str().ok().and_then(|text| text.split_once(' '));
        match split {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                Self::Bearer(token.trim().to_owned())
            }
            Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("basic") => {
                Self::basic(encoded.trim()).unwrap_or(Self::Malformed)
            }
            _ => Self::Malformed,
        }
    }

    fn basic(encoded: &str) -> Option<Self> {
        let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        Some(Self::Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }
}

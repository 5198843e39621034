//! The name by which a trusted signer is told: given by whoever trusts.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::KeyFingerprint;

/// The name that a trust document gives a signer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignerName(String);

/// Why a text is no name of a signer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is no name of a signer: 1 to {max} lower-case letters, digits, `-`, `_` and `.`, a letter or digit first",
    max = SignerName::MAX
)]
pub struct SignerNameError;

impl SignerName {
    /// The most characters of a name.
    pub const MAX: usize = 64;

    /// A key that nobody has named is told by its fingerprint.
    pub fn of_key(key: KeyFingerprint) -> Self {
        Self(key.to_string())
    }

    /// A holder of certificates whom nobody has named.
    pub fn of_holder() -> Self {
        Self("holder".to_owned())
    }

    /// Names side by side, with this between them: `ci, release`.
    pub fn listed<'a>(names: impl IntoIterator<Item = &'a Self>, between: &str) -> String {
        let names: Vec<&str> = names.into_iter().map(Self::as_str).collect();
        names.join(between)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SignerName {
    type Err = SignerNameError;

    fn from_str(text: &str) -> Result<Self, SignerNameError> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let first = text.bytes().next().ok_or(SignerNameError)?;
        let mut bytes = text.bytes();
        if !is_plain(first)
            || text.len() > Self::MAX
            || !bytes.all(|byte| is_plain(byte) || b"-_.".contains(&byte))
        {
            return Err(SignerNameError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for SignerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for SignerName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for SignerName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for SignerName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SignerName".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "The name of a signer in a trust document, or the fingerprint of a key that has none.",
        })
    }
}

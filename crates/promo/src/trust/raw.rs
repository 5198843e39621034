//! The shape of a trust document. Unknown keys are errors.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::{SignedDuration, SpanRelativeTo, Timestamp};
use promo_core::ports::SignerName;
use promo_core::trust::{RevocationReason, Strictness};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::text::Text;
use crate::tuf::RepositoryUrl;

/// The whole document.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// Which version of the document it is: `promo.trust/v1`.
    #[cfg_attr(feature = "schema", schemars(with = "SchemaName"))]
    pub(super) schema: Spanned<String>,
    /// The files of the trusted roots (`trusted_root.json` of a sigstore) by which certificates are verified.
    #[serde(default)]
    pub(super) roots: Vec<PathBuf>,
    /// TUF repositories whose trusted roots certificates are verified by as well.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<Tuf>"))]
    pub(super) tuf: Vec<Spanned<Tuf>>,
    /// Who is trusted, each by a name: lower-case letters, digits, `-`, `_` and `.`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Signer>"))]
    pub(super) signer: BTreeMap<Text<SignerName>, Spanned<Signer>>,
    /// What image signatures need.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Need>"))]
    pub(super) signatures: Option<Spanned<Need>>,
    /// What attestations need, by their predicate types.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Attestations>"))]
    pub(super) attestations: BTreeMap<String, Spanned<Attestations>>,
}

/// `[[tuf]]`
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Tuf {
    /// The URL of the repository.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub(super) repository: Text<RepositoryUrl>,
    /// The file of the `root.json` by which it is believed; without it, it is the public sigstore's or a mirror of that.
    pub(super) root: Option<PathBuf>,
}

#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
enum SchemaName {
    #[serde(rename = "promo.trust/v1")]
    V1,
}

/// `[signer.NAME]`
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Signer {
    /// The file of the public key, as `cosign.pub`; or else `issuer` and `subject` of certificates.
    pub(super) key: Option<PathBuf>,
    /// Who vouches for the holder of a certificate: the issuer of the token, exactly.
    pub(super) issuer: Option<String>,
    /// The same as a regular expression, which has to match the whole text.
    pub(super) issuer_matches: Option<String>,
    /// Whom the certificate names, exactly: an e-mail address, or the URI of a workflow.
    pub(super) subject: Option<String>,
    /// The same as a regular expression, which has to match the whole text.
    pub(super) subject_matches: Option<String>,
    /// What else the certificate has to say, exactly, by the names of Fulcio's OID information in kebab case, such as
    /// `source-repository-uri`.
    #[serde(default)]
    pub(super) claims: BTreeMap<String, String>,
    /// The key is trusted from then on (RFC 3339).
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(super) valid_from: Option<Moment>,
    /// The key is trusted until then (RFC 3339); what is proven to have been signed before goes on counting.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(super) valid_until: Option<Moment>,
    /// The key is revoked since then (RFC 3339).
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(super) revoked: Option<Moment>,
    /// Why it is revoked. After `compromised` nothing counts that it has ever signed, after `superseded` what is proven to
    /// have been signed before.
    pub(super) revoked_because: Option<Because>,
}

/// A moment, as TOML writes it or as text; always with an offset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Time(toml::value::Datetime),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Time(time) => time.to_string(),
            Written::Text(text) => text,
        };
        let moment = text.parse().map(Self);
        moment.map_err(|_| {
            D::Error::custom(format!(
                "`{text}` is no moment: a date, a time and an offset, such as `2026-01-31T00:00:00Z`"
            ))
        })
    }
}

/// Why a key is revoked.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum Because {
    Compromised,
    Superseded,
}

impl From<Because> for RevocationReason {
    fn from(because: Because) -> Self {
        match because {
            Because::Compromised => Self::Compromised,
            Because::Superseded => Self::Superseded,
        }
    }
}

/// `[signatures]`
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Need {
    /// The names of the signers that count; without it, all.
    pub(super) signers: Option<Vec<String>>,
    /// By how many different signers. Default: 1.
    pub(super) at_least: Option<NonZeroUsize>,
    /// Whether a transparency log has to have it: `true` if it has at least promised so, `"proof"` if it has to be proven by a head that the
    /// log has signed. Default: false.
    pub(super) log: Logged,
    /// Whether a log or a timestamp authority has to have signed the time. Default: false.
    pub(super) timestamp: bool,
    /// How long ago it may have been made at most, by proven time: `30d`, `12h`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(super) max_age: Option<Text<Age>>,
    /// What follows if the need isn't met. Default: `refuse`.
    pub(super) otherwise: Option<Otherwise>,
}

/// `[attestations."TYPE"]`
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Attestations {
    /// The names of the signers that count; without it, all.
    pub(super) signers: Option<Vec<String>>,
    /// By how many different signers. Default: 1.
    pub(super) at_least: Option<NonZeroUsize>,
    /// Whether a transparency log has to have it: `true` if it has at least promised so, `"proof"` if it has to be proven by a head that the
    /// log has signed. Default: false.
    pub(super) log: Logged,
    /// Whether a log or a timestamp authority has to have signed the time. Default: false.
    pub(super) timestamp: bool,
    /// How long ago it may have been made at most, by proven time: `30d`, `12h`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(super) max_age: Option<Text<Age>>,
    /// What follows if the need isn't met. Default: `refuse`.
    pub(super) otherwise: Option<Otherwise>,
    /// Whether they are carried from staging to production. Default: false.
    pub(super) carry: bool,
}

impl Attestations {
    /// What they need, and whether they are carried.
    pub(super) fn split(self) -> (Need, bool) {
        let need = Need {
            signers: self.signers,
            at_least: self.at_least,
            log: self.log,
            timestamp: self.timestamp,
            max_age: self.max_age,
            otherwise: self.otherwise,
        };
        (need, self.carry)
    }
}

/// How a log has to have it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "`log` is `true`, `false` or `\"proof\"`")]
pub(super) enum Logged {
    /// A promise is enough, if at all.
    Any(bool),
    Proven(Proof),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum Proof {
    Proof,
}

impl Default for Logged {
    fn default() -> Self {
        Self::Any(false)
    }
}

/// What follows if a need isn't met.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum Otherwise {
    Refuse,
    Warn,
    Off,
}

impl From<Otherwise> for Strictness {
    fn from(otherwise: Otherwise) -> Self {
        match otherwise {
            Otherwise::Refuse => Self::Refuse,
            Otherwise::Warn => Self::Warn,
            Otherwise::Off => Self::Off,
        }
    }
}

/// A span of time in which a day has 24 hours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Age(pub(super) SignedDuration);

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span: Option<jiff::Span> = text.parse().ok();
        let duration = span.and_then(|span| {
            let days = SpanRelativeTo::days_are_24_hours();
            span.to_duration(days).ok()
        });
        duration
            .filter(SignedDuration::is_positive)
            .map(Self)
            .ok_or_else(|| "a span of time such as `12h` or `30d`".to_owned())
    }
}

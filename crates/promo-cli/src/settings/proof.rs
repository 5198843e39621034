//! How images are signed and attested.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use promo_core::oci::RegistryHost;
use promo_core::ports::SignatureFormat;
use promo_sign::{PROMOTION_PREDICATE_TYPE, Password};

use super::origin::row_of;
use super::resolver::wrong;
use super::value::{FromVariable, Text};
use super::{Origin, Resolver, Row, Setting, keys};
use crate::args::SigningArgs;
use crate::error::Result;

/// A form of signatures, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FormatName(SignatureFormat);

impl FromStr for FormatName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [SignatureFormat::Bundle, SignatureFormat::Sig]
            .into_iter()
            .find(|format| format.as_str() == text)
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a form of signatures: bundle or sig"))
    }
}

/// Which mirrors receive evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EvidencePlacement {
    /// Each.
    AllMirrors,
    /// The one on this host.
    Canonical(RegistryHost),
}

impl FromStr for EvidencePlacement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all-mirrors" {
            return Ok(Self::AllMirrors);
        }
        let host = text
            .strip_prefix("canonical")
            .and_then(|rest| rest.trim_start().strip_prefix('='));
        match host.map(|host| host.trim().parse()) {
            Some(Ok(host)) => Ok(Self::Canonical(host)),
            Some(Err(error)) => Err(format!("`canonical = HOST`, but {error}")),
            None => Err("`all-mirrors` or `canonical = HOST`".to_owned()),
        }
    }
}

impl fmt::Display for EvidencePlacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllMirrors => f.write_str("all-mirrors"),
            Self::Canonical(host) => write!(f, "canonical = {host}"),
        }
    }
}

/// How images are signed and attested.
#[derive(Debug, Clone)]
pub(crate) struct ProofSettings {
    key: Option<Setting<PathBuf>>,
    /// `--no-sign`.
    pub(crate) no_sign: bool,
    /// The password of private keys.
    pub(crate) password: Option<Password>,
    formats: Setting<Vec<SignatureFormat>>,
    evidence: Setting<EvidencePlacement>,
    recursive: Setting<bool>,
    predicate_type: Setting<String>,
    builder_id: Setting<String>,
    /// Where to write a link, and the key that signs it.
    pub(crate) link: Option<(PathBuf, PathBuf)>,
}

impl ProofSettings {
    /// From flags, environment and files.
    pub(crate) fn resolve(args: &SigningArgs, resolver: &Resolver) -> Result<Self> {
        let recursive = resolver.pick(
            &keys::RECURSIVE,
            args.recursive.then_some(true),
            |content| content.sign.recursive,
        )?;
        let evidence = resolver.pick(&keys::EVIDENCE, None, |content| {
            content.sign.evidence.clone()
        })?;
        let evidence = evidence.map(|setting| Setting::new(setting.value.0, setting.origin));
        Ok(Self {
            key: resolver.pick(&keys::KEY, args.key.clone(), |content| {
                content.sign.key.clone()
            })?,
            no_sign: args.no_sign,
            password: resolver.environment().key_password(),
            formats: formats(args, resolver)?,
            evidence: evidence.unwrap_or(Setting::default(EvidencePlacement::AllMirrors)),
            recursive: recursive.unwrap_or(Setting::default(false)),
            predicate_type: resolver
                .pick(&keys::PREDICATE_TYPE, None, |c| {
                    c.attest.predicate_type.clone()
                })?
                .unwrap_or_else(|| Setting::default(PROMOTION_PREDICATE_TYPE.to_owned())),
            builder_id: resolver
                .pick(&keys::BUILDER_ID, None, |content| {
                    content.attest.builder_id.clone()
                })?
                .unwrap_or_else(|| Setting::default(default_builder_id())),
            link: args.link.clone().zip(args.link_key.clone()),
        })
    }

    /// The same with other defaults: where nobody said anything, evidence goes to `evidence` and the children of
    /// indexes are signed or not.
    #[must_use]
    pub(crate) fn with_defaults(
        mut self,
        evidence: Option<EvidencePlacement>,
        recursive: bool,
    ) -> Self {
        if let Some(evidence) = evidence.filter(|_| self.evidence.origin == Origin::Default) {
            self.evidence.value = evidence;
        }
        if self.recursive.origin == Origin::Default {
            self.recursive.value = recursive;
        }
        self
    }

    /// The private key, unless nothing is to be signed.
    pub(crate) fn key(&self) -> Option<&Path> {
        let key = self.key.as_ref().filter(|_| !self.no_sign);
        key.map(|setting| setting.value.as_path())
    }

    /// The forms of signatures.
    pub(crate) fn formats(&self) -> &[SignatureFormat] {
        &self.formats.value
    }

    /// Which mirrors receive evidence.
    pub(crate) fn evidence(&self) -> &EvidencePlacement {
        &self.evidence.value
    }

    /// Whether children of indexes are signed.
    pub(crate) fn recursive(&self) -> bool {
        self.recursive.value
    }

    /// The predicate type of attestations.
    pub(crate) fn predicate_type(&self) -> &str {
        &self.predicate_type.value
    }

    /// Who promotes.
    pub(crate) fn builder_id(&self) -> &str {
        &self.builder_id.value
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let formats: Vec<_> = self.formats.value.iter().map(|f| f.as_str()).collect();
        vec![
            row_of(self.key.as_ref(), keys::KEY.name, |path| {
                path.display().to_string()
            }),
            self.formats.row(keys::FORMATS.name, formats.join(", ")),
            self.evidence
                .row(keys::EVIDENCE.name, self.evidence.value.to_string()),
            self.recursive
                .row(keys::RECURSIVE.name, self.recursive.value.to_string()),
            self.predicate_type
                .row(keys::PREDICATE_TYPE.name, self.predicate_type()),
            self.builder_id
                .row(keys::BUILDER_ID.name, self.builder_id()),
        ]
    }
}

fn default_builder_id() -> String {
    format!(
        "https://github.com/promo-project/promo@v{}",
        env!("CARGO_PKG_VERSION")
    )
}

fn formats(args: &SigningArgs, resolver: &Resolver) -> Result<Setting<Vec<SignatureFormat>>> {
    let typed = args.signature_formats.as_ref().map(|names| {
        names
            .iter()
            .map(|name| Text::from_variable(name.trim()))
            .collect::<Result<Vec<Text<FormatName>>, String>>()
            .map_err(|expected| {
                wrong(
                    &keys::FORMATS,
                    &names.join(","),
                    &Origin::Flag(keys::FORMATS.flag),
                    expected,
                )
            })
    });
    let picked = resolver.pick(&keys::FORMATS, typed.transpose()?, |content| {
        content.sign.formats.clone()
    })?;
    let Some(setting) = picked else {
        let both = vec![SignatureFormat::Bundle, SignatureFormat::Sig];
        return Ok(Setting::default(both));
    };
    let formats = setting.value.into_iter().map(|name| name.0.0).collect();
    Ok(Setting::new(formats, setting.origin))
}

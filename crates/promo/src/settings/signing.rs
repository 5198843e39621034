//! How images are signed and attested.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use promo_core::pipeline::EvidenceScope;
use promo_core::ports::SignatureFormat;
use promo_core::predicate::PROMOTION_PREDICATE_TYPE;
use promo_sign::Password;

use super::origin::row_of;
use super::resolver::wrong;
use super::value::{FromVariable, Text};
use super::{KeylessSettings, Origin, Resolver, Row, Setting, SigningOverrides, keyless, keys};
use crate::error::Result;

/// A form of signatures, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FormatName(SignatureFormat);

impl FromStr for FormatName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        FORMATS
            .into_iter()
            .find(|format| format.as_str() == text)
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a form of signatures: bundle or sig"))
    }
}

/// The forms that are written.
pub(super) const FORMATS: [SignatureFormat; 2] = [SignatureFormat::Bundle, SignatureFormat::Sig];

/// Which mirrors receive evidence, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placement(EvidenceScope);

impl FromStr for Placement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all-mirrors" {
            return Ok(Self(EvidenceScope::AllMirrors));
        }
        let host = text
            .strip_prefix("canonical")
            .and_then(|rest| rest.trim_start().strip_prefix('='));
        match host.map(|host| host.trim().parse()) {
            Some(Ok(host)) => Ok(Self(EvidenceScope::Canonical(host))),
            Some(Err(error)) => Err(format!("`canonical = HOST`, but {error}")),
            None => Err("`all-mirrors` or `canonical = HOST`".to_owned()),
        }
    }
}

fn shown(scope: &EvidenceScope) -> String {
    match scope {
        EvidenceScope::AllMirrors => "all-mirrors".to_owned(),
        EvidenceScope::Canonical(host) => format!("canonical = {host}"),
    }
}

/// How images are signed and attested.
#[derive(Debug, Clone)]
pub struct SigningSettings {
    key: Option<Setting<PathBuf>>,
    keyless: Option<KeylessSettings>,
    /// Whether nothing is signed or attested.
    pub no_sign: bool,
    /// The password of private keys.
    pub password: Option<Password>,
    formats: Setting<Vec<SignatureFormat>>,
    evidence: Setting<EvidenceScope>,
    recursive: Setting<bool>,
    predicate_type: Setting<String>,
    builder_id: Setting<String>,
    /// Where to write a link, and the key that signs it.
    pub link: Option<(PathBuf, PathBuf)>,
}

impl Default for SigningSettings {
    fn default() -> Self {
        Self {
            key: None,
            keyless: None,
            no_sign: false,
            password: None,
            formats: Setting::unsaid(FORMATS.to_vec()),
            evidence: Setting::unsaid(EvidenceScope::AllMirrors),
            recursive: Setting::unsaid(false),
            predicate_type: Setting::unsaid(PROMOTION_PREDICATE_TYPE.to_owned()),
            builder_id: Setting::unsaid(default_builder_id()),
            link: None,
        }
    }
}

impl SigningSettings {
    /// From flags, environment and files.
    pub fn resolve(given: &SigningOverrides, resolver: &Resolver) -> Result<Self> {
        let recursive = resolver.pick(
            &keys::RECURSIVE,
            given.recursive.then_some(true),
            |content| content.sign.recursive,
        )?;
        let evidence = resolver.pick(&keys::EVIDENCE, None, |content| {
            content.sign.evidence.clone()
        })?;
        let evidence = evidence.map(|setting| Setting::new(setting.value.0.0, setting.origin));
        let (key, keyless) = key_or_keyless(given, resolver)?;
        let mut formats = formats(given, resolver)?;
        if keyless.is_some() && formats.origin == Origin::Default {
            // Each form is one more entry of a log, and the other needs a log of the first generation.
            formats.value = vec![SignatureFormat::Bundle];
        }
        Ok(Self {
            key,
            keyless,
            no_sign: given.no_sign,
            password: resolver.environment().key_password(),
            formats,
            evidence: evidence.unwrap_or(Setting::unsaid(EvidenceScope::AllMirrors)),
            recursive: recursive.unwrap_or(Setting::unsaid(false)),
            predicate_type: resolver
                .pick(&keys::PREDICATE_TYPE, None, |c| {
                    c.attest.predicate_type.clone()
                })?
                .unwrap_or_else(|| Setting::unsaid(PROMOTION_PREDICATE_TYPE.to_owned())),
            builder_id: resolver
                .pick(&keys::BUILDER_ID, None, |content| {
                    content.attest.builder_id.clone()
                })?
                .unwrap_or_else(|| Setting::unsaid(default_builder_id())),
            link: given.link.clone(),
        })
    }

    /// The same with other defaults: where nobody said anything, evidence goes to `evidence` and the children of
    /// indexes are signed or not.
    #[must_use]
    pub fn with_defaults(mut self, evidence: Option<EvidenceScope>, recursive: bool) -> Self {
        if let Some(evidence) = evidence.filter(|_| self.evidence.origin == Origin::Default) {
            self.evidence.value = evidence;
        }
        if self.recursive.origin == Origin::Default {
            self.recursive.value = recursive;
        }
        self
    }

    /// The same with this private key.
    #[must_use]
    pub fn with_key(mut self, key: PathBuf) -> Self {
        self.key = Some(Setting::unsaid(key));
        self
    }

    /// The same without a key, signed like this. Where nobody said in which forms, bundles are written.
    #[must_use]
    pub fn with_keyless(mut self, keyless: KeylessSettings) -> Self {
        self.key = None;
        self.keyless = Some(keyless);
        if self.formats.origin == Origin::Default {
            self.formats.value = vec![SignatureFormat::Bundle];
        }
        self
    }

    /// The same with these forms of signatures.
    #[must_use]
    pub fn with_formats(mut self, formats: Vec<SignatureFormat>) -> Self {
        self.formats = Setting::unsaid(formats);
        self
    }

    /// The same by this builder.
    #[must_use]
    pub fn with_builder_id(mut self, builder_id: String) -> Self {
        self.builder_id = Setting::unsaid(builder_id);
        self
    }

    /// The private key, unless nothing is to be signed.
    pub fn key(&self) -> Option<&Path> {
        let key = self.key.as_ref().filter(|_| !self.no_sign);
        key.map(|setting| setting.value.as_path())
    }

    /// How keyless signing is done, if it is asked for and nothing says not to sign.
    pub fn keyless(&self) -> Option<&KeylessSettings> {
        self.keyless.as_ref().filter(|_| !self.no_sign)
    }

    /// Whether something is named that signs.
    pub fn signs(&self) -> bool {
        self.key().is_some() || self.keyless().is_some()
    }

    /// The forms of signatures.
    pub fn formats(&self) -> &[SignatureFormat] {
        &self.formats.value
    }

    /// Which mirrors receive evidence.
    pub fn evidence(&self) -> &EvidenceScope {
        &self.evidence.value
    }

    /// Whether children of indexes are signed.
    pub fn recursive(&self) -> bool {
        self.recursive.value
    }

    /// The predicate type of attestations.
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type.value
    }

    /// Who promotes.
    pub fn builder_id(&self) -> &str {
        &self.builder_id.value
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let formats: Vec<_> = self.formats.value.iter().map(|f| f.as_str()).collect();
        let mut rows = vec![row_of(self.key.as_ref(), keys::KEY.name, |path| {
            path.display().to_string()
        })];
        rows.extend(keyless::rows(self.keyless.as_ref()));
        rows.extend([
            self.formats.row(keys::FORMATS.name, formats.join(", ")),
            self.evidence
                .row(keys::EVIDENCE.name, shown(&self.evidence.value)),
            self.recursive
                .row(keys::RECURSIVE.name, self.recursive.value.to_string()),
            self.predicate_type
                .row(keys::PREDICATE_TYPE.name, self.predicate_type()),
            self.builder_id
                .row(keys::BUILDER_ID.name, self.builder_id()),
        ]);
        rows
    }
}

/// What signs. Of a key and keyless the one that was said nearer to the call counts: a flag, a variable, a file. Where both were
/// said in the same way it is unclear which is meant.
fn key_or_keyless(
    given: &SigningOverrides,
    resolver: &Resolver,
) -> Result<(Option<Setting<PathBuf>>, Option<KeylessSettings>)> {
    let key = resolver.pick(&keys::KEY, given.key.clone(), |content| {
        content.sign.key.clone()
    })?;
    let keyless = KeylessSettings::resolve(given, resolver)?;
    let (Some(said), Some(settings)) = (&key, &keyless) else {
        return Ok((key, keyless));
    };
    match nearness(&said.origin).cmp(&nearness(settings.origin())) {
        Ordering::Less => Ok((key, None)),
        Ordering::Greater => Ok((None, keyless)),
        Ordering::Equal => {
            let shown = said.value.display().to_string();
            let expected = format!(
                "no `{}` beside it, which comes from {}: images are signed with the one or the other",
                keys::KEYLESS.name,
                settings.origin()
            );
            Err(wrong(&keys::KEY, &shown, &said.origin, expected))
        }
    }
}

/// How near to the call something was said; the nearest is the least.
const fn nearness(origin: &Origin) -> u8 {
    match origin {
        Origin::Given(_) => 0,
        Origin::Variable(_) => 1,
        Origin::File(_) => 2,
        Origin::Default => 3,
    }
}

fn default_builder_id() -> String {
    format!(
        "https://github.com/promo-project/promo@v{}",
        env!("CARGO_PKG_VERSION")
    )
}

fn formats(given: &SigningOverrides, resolver: &Resolver) -> Result<Setting<Vec<SignatureFormat>>> {
    let typed = given.formats.as_ref().map(|names| {
        names
            .iter()
            .map(|name| Text::from_variable(name.trim()))
            .collect::<Result<Vec<Text<FormatName>>, String>>()
            .map_err(|expected| {
                wrong(
                    &keys::FORMATS,
                    &names.join(","),
                    &resolver.given(keys::FORMATS.name),
                    expected,
                )
            })
    });
    let picked = resolver.pick(&keys::FORMATS, typed.transpose()?, |content| {
        content.sign.formats.clone()
    })?;
    let Some(setting) = picked else {
        return Ok(Setting::unsaid(FORMATS.to_vec()));
    };
    let formats = setting.value.into_iter().map(|name| name.0.0).collect();
    Ok(Setting::new(formats, setting.origin))
}

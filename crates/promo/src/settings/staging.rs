//! What is demanded of signatures in staging, and what else is trusted of it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use promo_core::oci::RegistryPath;
use promo_core::pipeline::{StagingNames, StagingPolicy, StagingTrust, trust};

use super::file::Content;
use super::value::{Text, show_paths};
use super::{Key, Origin, Resolver, Row, Setting, StagingOverrides, carry, document, keys};
use crate::error::Result;
use crate::trust::TrustDocument;

/// What is asked of signatures in staging, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PolicyName(StagingPolicy);

impl FromStr for PolicyName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        POLICIES
            .into_iter()
            .find(|(name, _)| *name == text)
            .map(|(_, policy)| Self(policy))
            .ok_or_else(|| "off, if-present or require".to_owned())
    }
}

pub(super) const POLICIES: [(&str, StagingPolicy); 3] = [
    ("off", StagingPolicy::Off),
    ("if-present", StagingPolicy::IfPresent),
    ("require", StagingPolicy::Require),
];

fn name_of(policy: StagingPolicy) -> &'static str {
    let mut policies = POLICIES.into_iter();
    let found = policies.find(|(_, known)| *known == policy);
    found.map_or("-", |(name, _)| name)
}

/// A name that signatures in staging may speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SignedName {
    /// This repository, or one below this path.
    Within(RegistryPath),
    /// Any.
    Any,
}

impl FromStr for SignedName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        text.parse().map(Self::Within).map_err(|error| {
            format!("a registry with a path, such as `registry.example.com/team`, or `*` for any, but {error}")
        })
    }
}

impl fmt::Display for SignedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(path) => path.fmt(f),
            Self::Any => f.write_str("*"),
        }
    }
}

/// A predicate type of attestations that are carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CarriedType(String);

impl FromStr for CarriedType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_uri = text.split_once(':').is_some_and(|(scheme, rest)| {
            !scheme.is_empty()
                && !rest.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_graphic())
        });
        if !is_uri {
            return Err("a predicate type, such as `https://slsa.dev/provenance/v1`".to_owned());
        }
        if trust::is_reserved(text) {
            return Err(
                "a type that says something else than that an image was promoted or verified: that only promo may \
                 say in production"
                    .to_owned(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for CarriedType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is demanded of signatures in staging.
#[derive(Debug, Clone)]
pub struct StagingSettings {
    document: Option<Setting<TrustDocument>>,
    keys: Setting<Vec<PathBuf>>,
    policy: Setting<StagingPolicy>,
    names: Setting<Vec<Text<SignedName>>>,
    attestations: Setting<Vec<Text<CarriedType>>>,
    carry: Setting<BTreeSet<String>>,
}

impl Default for StagingSettings {
    fn default() -> Self {
        Self {
            document: None,
            keys: Setting::default(),
            policy: Setting::unsaid(StagingPolicy::Off),
            names: Setting::default(),
            attestations: Setting::default(),
            carry: Setting::default(),
        }
    }
}

impl StagingSettings {
    /// From flags, environment and files.
    pub fn resolve(given: &StagingOverrides, resolver: &Resolver) -> Result<Self> {
        let typed = (!given.keys.is_empty()).then(|| given.keys.clone());
        let keys = resolver
            .pick(&keys::STAGING_KEYS, typed, |content| {
                content.verify.staging_keys.clone()
            })?
            .unwrap_or_else(|| Setting::unsaid(Vec::new()));
        let typed = given.signatures.as_ref();
        let typed = typed.map(|text| resolver.typed(&keys::STAGING_SIGNATURES, text));
        let policy = resolver
            .pick(&keys::STAGING_SIGNATURES, typed.transpose()?, |content| {
                content.verify.staging_signatures
            })?
            .map(|setting: Setting<Text<PolicyName>>| {
                Setting::new(setting.value.0.0, setting.origin)
            });
        let document = document::resolve(given, resolver)?;
        let default = match &document {
            Some(document) => document::policy(&document.value),
            None if keys.value.is_empty() => StagingPolicy::Off,
            None => StagingPolicy::IfPresent,
        };
        let names = list(&keys::STAGING_NAMES, &given.names, resolver, |content| {
            content.verify.staging_names.clone()
        })?;
        let attestations = list(
            &keys::STAGING_ATTESTATIONS,
            &given.attestations,
            resolver,
            |content| content.verify.staging_attestations.clone(),
        )?;
        if let Some(document) = &document {
            document::alone(
                document,
                &[
                    (&keys::STAGING_KEYS, &keys.origin),
                    (
                        &keys::STAGING_SIGNATURES,
                        policy.as_ref().map_or(&Origin::Default, |it| &it.origin),
                    ),
                    (&keys::STAGING_ATTESTATIONS, &attestations.origin),
                ],
            )?;
        }
        Ok(Self {
            document,
            keys,
            policy: policy.unwrap_or(Setting::unsaid(default)),
            names,
            attestations,
            carry: carry::resolve(&given.carry, resolver)?,
        })
    }

    /// The same with this asked of signatures in staging.
    #[must_use]
    pub fn with_policy(mut self, policy: StagingPolicy) -> Self {
        self.policy = Setting::unsaid(policy);
        self
    }

    /// The same with these public keys accepted.
    #[must_use]
    pub fn with_keys(mut self, keys: Vec<PathBuf>) -> Self {
        self.keys = Setting::unsaid(keys);
        self
    }

    /// The same by this trust document.
    #[must_use]
    pub fn with_document(mut self, document: TrustDocument) -> Self {
        self.policy = Setting::unsaid(document::policy(&document));
        self.document = Some(Setting::unsaid(document));
        self
    }

    /// The trust document, if there is one.
    pub fn document(&self) -> Option<&TrustDocument> {
        self.document.as_ref().map(|document| &document.value)
    }

    /// The public keys that are accepted, where no trust document says it.
    pub fn keys(&self) -> &[PathBuf] {
        &self.keys.value
    }

    /// Whether nobody named keys or said what is demanded.
    pub fn is_undecided(&self) -> bool {
        self.document.is_none()
            && self.keys.value.is_empty()
            && self.policy.origin == Origin::Default
    }

    /// Types of artifacts that are copied with their images.
    pub fn carry(&self) -> &BTreeSet<String> {
        &self.carry.value
    }

    /// What is demanded.
    pub fn policy(&self) -> StagingPolicy {
        self.policy.value
    }

    /// What else is trusted of staging.
    pub fn trust(&self) -> StagingTrust {
        let paths: Option<Vec<_>> = self
            .names
            .value
            .iter()
            .map(|name| match &name.0 {
                SignedName::Within(path) => Some(path.clone()),
                SignedName::Any => None,
            })
            .collect();
        StagingTrust {
            names: paths.map_or(StagingNames::Any, StagingNames::Within),
            attestations: match self.document() {
                Some(document) => document.carried().clone(),
                None => self
                    .attestations
                    .value
                    .iter()
                    .map(|kind| kind.0.0.clone())
                    .collect(),
            },
        }
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let shown = if self.keys.value.is_empty() {
            "-".to_owned()
        } else {
            show_paths(&self.keys.value)
        };
        vec![
            document::row(self.document.as_ref()),
            self.keys.row(keys::STAGING_KEYS.name, shown),
            self.policy
                .row(keys::STAGING_SIGNATURES.name, name_of(self.policy.value)),
            self.names
                .row(keys::STAGING_NAMES.name, shown_list(&self.names.value)),
            self.attestations.row(
                keys::STAGING_ATTESTATIONS.name,
                shown_list(&self.attestations.value),
            ),
            carry::row(&self.carry),
        ]
    }
}

/// A list of texts; a variable that is empty is an empty one.
fn list<T: FromStr<Err = String> + Clone>(
    key: &'static Key,
    typed: &[String],
    resolver: &Resolver,
    of_file: impl Fn(&Content) -> Option<Vec<Text<T>>>,
) -> Result<Setting<Vec<Text<T>>>> {
    let parsed = |text: &String| resolver.typed(key, text);
    let typed: Option<Vec<Text<T>>> = (!typed.is_empty())
        .then(|| typed.iter().map(parsed).collect())
        .transpose()?;
    let picked = resolver.pick(key, typed, of_file)?;
    Ok(picked.unwrap_or_else(|| Setting::unsaid(Vec::new())))
}

fn shown_list<T: fmt::Display>(list: &[Text<T>]) -> String {
    if list.is_empty() {
        return "-".to_owned();
    }
    let shown: Vec<String> = list.iter().map(|item| item.0.to_string()).collect();
    shown.join(", ")
}

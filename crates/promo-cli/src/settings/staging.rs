//! What is demanded of signatures in staging, and what else is trusted of it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use promo_core::oci::RegistryPath;
use promo_core::pipeline::{StagingNames, StagingTrust, trust};

use super::file::Content;
use super::resolver::wrong;
use super::value::{FromVariable, Text, show_paths};
use super::{Key, Origin, Resolver, Row, Setting, carry, keys};
use crate::args::StagingArgs;
use crate::error::Result;

/// What is demanded of signatures in staging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StagingChoice {
    Off,
    IfPresent,
    Require,
}

impl StagingChoice {
    const ALL: [Self; 3] = [Self::Off, Self::IfPresent, Self::Require];

    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::IfPresent => "if-present",
            Self::Require => "require",
        }
    }
}

impl FromStr for StagingChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|choice| choice.as_str() == text)
            .ok_or_else(|| "off, if-present or require".to_owned())
    }
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
pub(crate) struct StagingSettings {
    keys: Setting<Vec<PathBuf>>,
    choice: Setting<StagingChoice>,
    names: Setting<Vec<Text<SignedName>>>,
    attestations: Setting<Vec<Text<CarriedType>>>,
    carry: Setting<BTreeSet<String>>,
}

impl StagingSettings {
    /// From flags, environment and files.
    pub(crate) fn resolve(args: &StagingArgs, resolver: &Resolver) -> Result<Self> {
        let typed = (!args.staging_key.is_empty()).then(|| args.staging_key.clone());
        let keys = resolver
            .pick(&keys::STAGING_KEYS, typed, |content| {
                content.verify.staging_keys.clone()
            })?
            .unwrap_or_else(|| Setting::default(Vec::new()));
        let typed = args.staging_signatures.as_ref().map(|text| {
            Text::from_variable(text).map_err(|expected| {
                let origin = Origin::Flag(keys::STAGING_SIGNATURES.flag);
                wrong(&keys::STAGING_SIGNATURES, text, &origin, expected)
            })
        });
        let choice = resolver
            .pick(&keys::STAGING_SIGNATURES, typed.transpose()?, |content| {
                content.verify.staging_signatures.clone()
            })?
            .map(|setting: Setting<Text<StagingChoice>>| {
                Setting::new(setting.value.0, setting.origin)
            });
        let default = if keys.value.is_empty() {
            StagingChoice::Off
        } else {
            StagingChoice::IfPresent
        };
        let names = list(
            &keys::STAGING_NAMES,
            &args.staging_name,
            resolver,
            |content| content.verify.staging_names.clone(),
        )?;
        let attestations = list(
            &keys::STAGING_ATTESTATIONS,
            &args.staging_attestation,
            resolver,
            |content| content.verify.staging_attestations.clone(),
        )?;
        Ok(Self {
            keys,
            choice: choice.unwrap_or(Setting::default(default)),
            names,
            attestations,
            carry: carry::resolve(&args.carry, resolver)?,
        })
    }

    /// The public keys that are accepted.
    pub(crate) fn keys(&self) -> &[PathBuf] {
        &self.keys.value
    }

    /// Whether nobody named keys or said what is demanded.
    pub(crate) fn is_undecided(&self) -> bool {
        self.keys.value.is_empty() && self.choice.origin == Origin::Default
    }

    /// Types of artifacts that are copied with their images.
    pub(crate) fn carry(&self) -> &BTreeSet<String> {
        &self.carry.value
    }

    /// What is demanded.
    pub(crate) fn choice(&self) -> StagingChoice {
        self.choice.value
    }

    /// What else is trusted of staging.
    pub(crate) fn trust(&self) -> StagingTrust {
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
            attestations: self
                .attestations
                .value
                .iter()
                .map(|kind| kind.0.0.clone())
                .collect(),
        }
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let shown = if self.keys.value.is_empty() {
            "-".to_owned()
        } else {
            show_paths(&self.keys.value)
        };
        vec![
            self.keys.row(keys::STAGING_KEYS.name, shown),
            self.choice
                .row(keys::STAGING_SIGNATURES.name, self.choice.value.as_str()),
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
    let parsed = |text: &String| {
        Text::from_variable(text)
            .map_err(|expected| wrong(key, text, &Origin::Flag(key.flag), expected))
    };
    let typed: Option<Vec<Text<T>>> = (!typed.is_empty())
        .then(|| typed.iter().map(parsed).collect())
        .transpose()?;
    let picked = resolver.pick(key, typed, of_file)?;
    Ok(picked.unwrap_or_else(|| Setting::default(Vec::new())))
}

fn shown_list<T: fmt::Display>(list: &[Text<T>]) -> String {
    if list.is_empty() {
        return "-".to_owned();
    }
    let shown: Vec<String> = list.iter().map(|item| item.0.to_string()).collect();
    shown.join(", ")
}

//! Which artifacts beside an image are copied with it. What is a signature isn't named here: it is judged.

use std::collections::BTreeSet;
use std::str::FromStr;

use promo_core::pipeline::is_evidence_type;

use super::value::Text;
use super::{Resolver, Row, Setting, keys};
use crate::error::Result;

/// The type of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArtifactType(String);

impl FromStr for ArtifactType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if is_evidence_type(text) {
            return Err(format!(
                "a type of artifacts that aren't signed: {text} is judged by the keys of staging, not carried unseen"
            ));
        }
        let is_type = |(kind, name): (&str, &str)| !kind.is_empty() && !name.is_empty();
        let is_text = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_text && text.split_once('/').is_some_and(is_type) {
            return Ok(Self(text.to_owned()));
        }
        Err("the type of an artifact, such as `application/spdx+json`".to_owned())
    }
}

/// From flags, environment and files.
pub(super) fn resolve(typed: &[String], resolver: &Resolver) -> Result<Setting<BTreeSet<String>>> {
    let parse = |text: &String| resolver.typed(&keys::CARRY, text);
    let parsed: Vec<Text<ArtifactType>> = typed.iter().map(parse).collect::<Result<_>>()?;
    let typed = (!parsed.is_empty()).then_some(parsed);
    let picked = resolver.pick(&keys::CARRY, typed, |content| content.carry.clone())?;
    let Some(setting) = picked else {
        return Ok(Setting::unsaid(BTreeSet::new()));
    };
    let types = setting.value.into_iter().map(|text| text.0.0).collect();
    Ok(Setting::new(types, setting.origin))
}

/// The row of `promo settings show`.
pub(super) fn row(setting: &Setting<BTreeSet<String>>) -> Row {
    let types: Vec<&str> = setting.value.iter().map(String::as_str).collect();
    let shown = if types.is_empty() {
        "-".to_owned()
    } else {
        types.join(", ")
    };
    setting.row(keys::CARRY.name, shown)
}

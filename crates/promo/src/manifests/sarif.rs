//! Findings in SARIF 2.1.0, as code hosts take them.

use std::fmt::Write as _;
use std::path::{Component, Path};

use promo_core::manifest::{FINDING_KINDS, Finding, Severity};
use serde_json::{Value, json};

/// The log of one run. Each finding comes with the path of its file.
pub(super) fn sarif<'a>(findings: impl Iterator<Item = (&'a Finding, &'a Path)>) -> Value {
    let rules: Vec<Value> = FINDING_KINDS
        .iter()
        .map(|kind| {
            json!({
                "id": kind.code.as_str(),
                "shortDescription": { "text": kind.title },
                "fullDescription": { "text": kind.explanation },
                "defaultConfiguration": { "level": level(kind.severity) },
            })
        })
        .collect();
    let results: Vec<Value> = findings
        .map(|(finding, path)| result(finding, path))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "promo",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Finding, path: &Path) -> Value {
    let mut location = json!({ "artifactLocation": { "uri": uri(path) } });
    if let (Some(position), Some(fields)) = (finding.position, location.as_object_mut()) {
        let region = json!({ "startLine": position.line, "startColumn": position.column });
        fields.insert("region".to_owned(), region);
    }
    json!({
        "ruleId": finding.code.as_str(),
        "level": level(finding.severity),
        "message": { "text": format!("{}; expected {}", finding.message, finding.expected) },
        "locations": [{ "physicalLocation": location }],
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error | Severity::Invalid => "error",
    }
}

/// A path as a URI: relative paths stay relative, so that a code host finds the file in its repository.
fn uri(path: &Path) -> String {
    let mut text = String::new();
    if path.is_absolute() {
        text.push_str("file://");
    }
    let mut is_first = !path.is_absolute();
    for part in path.components() {
        let part = match part {
            Component::CurDir | Component::RootDir | Component::Prefix(_) => continue,
            Component::ParentDir => "..".into(),
            Component::Normal(part) => part.to_string_lossy(),
        };
        if !is_first {
            text.push('/');
        }
        is_first = false;
        for byte in part.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                text.push(char::from(byte));
            } else {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

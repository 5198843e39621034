//! The JSON Schema of promo.toml, from the very types that read the file; what a key means comes from the table of keys.
//!
//! Only with the feature `schema`: editors check and complete by it. It refuses no file that promo takes; what a grammar
//! can't say, such as that a certificate needs its key, only the resolver finds.

use std::borrow::Cow;

use promo_core::plan::NamePattern;
use promo_core::ports::SignatureFormat;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::carry::ArtifactType;
use super::file::Content;
use super::give_up::Span;
use super::keyless::TokenPlace;
use super::keys::{ALL, TABLES};
use super::signing::{FORMATS, FormatName, Placement};
use super::staging::{CarriedType, POLICIES, PolicyName, SignedName};
use super::value::Text;
use crate::toml_schema::without_null;
use crate::tuf::RepositoryUrl;

/// The schema of promo.toml. The file has no name of its own in it, since people write it.
pub fn schema() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    // So that each key has its own place, where its meaning is put.
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<Content>();
    without_null(&mut schema);
    let mut schema = schema.to_value();
    if let Some(title) = schema.get_mut("title") {
        *title = Value::from("promo.toml");
    }
    for key in ALL {
        let meaning = format!("{} Default: {}.", key.meaning, key.default);
        describe(&mut schema, key.name, meaning);
    }
    for (key, meaning) in TABLES {
        describe(&mut schema, key, meaning.to_owned());
    }
    schema
}

/// Puts the meaning of a key where the schema describes its value.
fn describe(schema: &mut Value, key: &str, meaning: String) {
    if let Some(Value::Object(value)) = place(schema, key) {
        value.insert("description".to_owned(), Value::from(meaning));
    }
}

/// Where the value of a key is described: `table.key`, `[[table]] key`, or `[registry."HOST"] key`.
fn place<'a>(schema: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    let (table, key) = match key.split_once("] ") {
        Some((table, key)) => {
            let name = table.trim_start_matches('[').trim_end_matches(']');
            let (name, _) = name.split_once('.').unwrap_or((name, ""));
            (entries(property(schema, name)?)?, key)
        }
        None => match key.split_once('.') {
            Some((table, key)) => (property(schema, table)?, key),
            None => (schema, key),
        },
    };
    property(table, key)
}

fn property<'a>(table: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    table.get_mut("properties")?.get_mut(key)
}

/// What each table of a list of tables, or of a map of them, is described by.
fn entries(tables: &mut Value) -> Option<&mut Value> {
    let tables = tables.as_object_mut()?;
    if tables.contains_key("items") {
        return tables.get_mut("items");
    }
    let of_hosts = tables.get_mut("patternProperties")?.as_object_mut()?;
    of_hosts.values_mut().next()
}

/// Describes a value that is written as text by what its parser takes.
macro_rules! texts {
    ($($type:ty => $schema:expr;)*) => {$(
        impl JsonSchema for Text<$type> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let mut schema: Schema = $schema;
                schema.insert("type".to_owned(), json!("string"));
                schema
            }
        }
    )*};
}

texts! {
    Span => json_schema!({ "pattern": "^[^-]*[0-9]" });
    ArtifactType => json_schema!({ "pattern": "^[!-.0-~]+/[!-~]+$" });
    FormatName => json_schema!({ "enum": FORMATS.map(SignatureFormat::as_str) });
    TokenPlace => json_schema!({ "pattern": "^(auto|variable|github-actions|buildkite|circleci|google|account:.+|file:.+)$" });
    NamePattern => json_schema!({ "pattern": "." });
    Placement => json_schema!({ "pattern": "^(all-mirrors|canonical\\s*=\\s*[^\\s/]+\\s*)$" });
    PolicyName => json_schema!({ "enum": POLICIES.map(|(name, _)| name) });
    RepositoryUrl => json_schema!({ "pattern": "^[Hh][Tt][Tt][Pp][Ss]?:" });
    SignedName => json_schema!({ "pattern": "^(\\*|[^/\\s]+(/[^/\\s]+)*)$" });
    CarriedType => json_schema!({ "pattern": "^[!-9;-~]+:[!-~]+$" });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key without a meaning is one that the table of keys forgot: the reference page lacks it, too.
    #[test]
    fn every_key_has_the_meaning_that_the_reference_tells() {
        let schema = schema();
        let mut keys = Vec::new();
        undescribed(&schema, "", &mut keys);
        assert_eq!(keys, Vec::<String>::new(), "{schema:#}");
        let described = schema.to_string();
        for meaning in ALL.iter().map(|key| key.meaning) {
            let written = Value::from(meaning).to_string();
            assert!(described.contains(written.trim_matches('"')), "{meaning}");
        }
        for (key, meaning) in TABLES {
            let written = Value::from(meaning).to_string();
            assert!(described.contains(&written), "{key}");
        }
    }

    fn undescribed(schema: &Value, place: &str, keys: &mut Vec<String>) {
        for (name, value) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}/{name}");
            let of_hosts = value["patternProperties"].as_object();
            let tables: Vec<&Value> = [value, &value["items"]]
                .into_iter()
                .chain(of_hosts.into_iter().flat_map(|hosts| hosts.values()))
                .filter(|value| value["properties"].is_object())
                .collect();
            if tables.is_empty() && !value["description"].is_string() {
                keys.push(place.clone());
            }
            for table in tables {
                undescribed(table, &place, keys);
            }
        }
    }

    #[test]
    fn nothing_may_be_null() {
        assert!(!schema().to_string().contains("null"));
    }
}

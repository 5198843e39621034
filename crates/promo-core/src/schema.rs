//! JSON Schemas of the documents that are printed and read: what `docs/reference/schemas` publishes.
//!
//! They are derived from the very types that are written, so that they can't say anything else. Only with the
//! feature `schema`: who embeds the crate doesn't pay for it. The checked types of [`oci`](crate::oci) are described
//! here by their grammar, as far as a regular expression can say it.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use crate::Code;
use crate::evidence::VerificationDocument;
use crate::oci::{Digest, RegistryHost, RegistryPath, Repository, Tag};
use crate::plan::TagMoves;
use crate::report::Report;

/// The schema of `promo.plan/v1`.
pub fn plan() -> Value {
    crate::plan::schema()
}

/// The schema of `promo.plan-summary/v1`.
pub fn plan_summary() -> Value {
    crate::plan::summary_schema()
}

/// The schema of `promo.snapshot/v1`.
pub fn snapshot() -> Value {
    crate::snapshot::schema()
}

/// The schema of `promo.report/v1`.
pub fn report() -> Value {
    document::<Report>(Report::SCHEMA)
}

/// The schema of `promo.verification/v1`.
pub fn verification() -> Value {
    document::<VerificationDocument>(VerificationDocument::SCHEMA)
}

/// The schema of a list of tags that may move. The list has no name of its own in it, since people write it.
pub fn tag_moves() -> Value {
    Value::Object(object::<TagMoves>("tag moves"))
}

/// The schema of `T` as it is written, a document that says `name` as its `schema`.
pub fn document<T: JsonSchema>(name: &str) -> Value {
    let mut schema = object::<T>(name);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("schema".to_owned(), json_const(name));
    }
    Value::Object(schema)
}

fn object<T: JsonSchema>(title: &str) -> Map<String, Value> {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    let object = schema.ensure_object();
    object.insert("title".to_owned(), Value::from(title));
    object.clone()
}

fn json_const(text: &str) -> Value {
    Value::Object(Map::from_iter([("const".to_owned(), Value::from(text))]))
}

/// Describes a text by the expression that it matches.
macro_rules! text {
    ($($type:ty, $name:literal, $description:literal, $pattern:expr;)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": $description, "pattern": $pattern })
            }
        }
    )*};
}

/// One component of a repository's path, with the slash before it.
macro_rules! component {
    () => {
        "/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*"
    };
}

text! {
    Digest, "Digest", "A content digest.", "^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$";
    Tag, "Tag", "A tag.", "^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$";
    Repository, "Repository", "A repository in full: HOST/NAME.", concat!("^[^/\\s]+(", component!(), ")+$");
    RegistryHost, "RegistryHost", "A registry without a path: HOST or HOST:PORT.", "^[^/\\s]+$";
    RegistryPath, "RegistryPath", "A registry: HOST or HOST/PATH.", concat!("^[^/\\s]+(", component!(), ")*$");
    Code, "Code", "A stable code; the page of codes says what it means.", "^PROMO-[A-Z][0-9]{3}$";
}

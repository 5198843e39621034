//! How JSON Schemas are derived from types. Which documents there are, `schema` knows.
//!
//! The checked types of [`oci`](crate::oci) are described here by their grammar, as far as a regular expression can say it.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use crate::Code;
use crate::oci::{Digest, RegistryHost, RegistryPath, Repository, Tag};

/// The schema of `T` as it is written, a document that says `name` as its `schema`.
pub fn document<T: JsonSchema>(name: &str) -> Value {
    let mut schema = object::<T>(name);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("schema".to_owned(), json_const(name));
    }
    Value::Object(schema)
}

/// The schema of `T` as it is written, with a title.
pub(crate) fn object<T: JsonSchema>(title: &str) -> Map<String, Value> {
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

/// One component of a repository's path.
macro_rules! component {
    () => {
        "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*"
    };
}

/// The grammar of a digest.
pub(crate) const DIGEST: &str = "^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$";
/// The grammar of a tag.
pub(crate) const TAG: &str = "^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$";
/// The grammar of a registry with or without a path.
pub(crate) const REGISTRY_PATH: &str = concat!("^[^/\\s]+(/", component!(), ")*$");
/// The grammar of a name below a registry.
pub(crate) const IMAGE_NAME: &str = concat!("^", component!(), "(/", component!(), ")*$");

text! {
    Digest, "Digest", "A content digest.", DIGEST;
    Tag, "Tag", "A tag.", TAG;
    Repository, "Repository", "A repository in full: HOST/NAME.", concat!("^[^/\\s]+(/", component!(), ")+$");
    RegistryHost, "RegistryHost", "A registry without a path: HOST or HOST:PORT.", "^[^/\\s]+$";
    RegistryPath, "RegistryPath", "A registry: HOST or HOST/PATH.", REGISTRY_PATH;
    Code, "Code", "A stable code; the page of codes says what it means.", "^PROMO-[A-Z][0-9]{3}$";
}

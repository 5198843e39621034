//! The JSON Schema of trust documents, from the very types that read them.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::raw::Document;
use crate::toml_schema::without_null;

/// The schema of `trust.toml`.
pub fn schema() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    without_null(&mut schema);
    let mut schema = schema.to_value();
    if let Some(title) = schema.get_mut("title") {
        *title = Value::from("trust.toml");
    }
    schema
}

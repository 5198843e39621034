//! What the schemas of all TOML files have in common.

use schemars::Schema;
use schemars::transform::transform_subschemas;
use serde_json::Value;

/// TOML has no null: a key that isn't set isn't there, and its default is told in words.
pub(crate) fn without_null(schema: &mut Schema) {
    transform_subschemas(&mut without_null, schema);
    schema.remove("default");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}

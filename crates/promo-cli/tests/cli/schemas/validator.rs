//! As much of JSON Schema as the published schemas use. A keyword that isn't known here fails the test, so that nothing
//! goes unchecked; so does a field that a schema doesn't describe, though JSON Schema would let it pass.

use std::collections::BTreeSet;

use serde_json::Value;

/// What of `document` is not as `schema` says.
pub(super) fn wrong(schema: &Value, document: &Value) -> Vec<String> {
    let mut checker = Checker {
        root: schema,
        wrong: Vec::new(),
    };
    checker.whole(schema, document, "");
    checker.wrong
}

struct Checker<'a> {
    root: &'a Value,
    wrong: Vec<String>,
}

impl<'a> Checker<'a> {
    /// A value with the schema that describes all of it.
    fn whole(&mut self, schema: &'a Value, value: &Value, place: &str) {
        self.part(schema, value, place);
        let Some(fields) = value.as_object() else {
            return;
        };
        let mut described = BTreeSet::new();
        self.describe(schema, &mut described);
        let fits = |name: &str| patterns(schema).any(|(pattern, _)| pattern.is_match(name));
        // A map describes each of its values.
        let is_map = schema["additionalProperties"].is_object();
        let unknown = |name: &&String| !is_map && !described.contains(*name) && !fits(name);
        for name in fields.keys().filter(unknown) {
            self.wrong.push(format!("{place}/{name} is not described"));
        }
    }

    fn describe(&self, schema: &'a Value, names: &mut BTreeSet<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            names.extend(properties.keys().cloned());
        }
        for keyword in ["anyOf", "oneOf"] {
            for choice in schema[keyword].as_array().into_iter().flatten() {
                self.describe(choice, names);
            }
        }
        if let Some(target) = schema["$ref"].as_str() {
            self.describe(self.definition(target), names);
        }
    }

    fn definition(&self, target: &str) -> &'a Value {
        let pointer = target.strip_prefix('#').unwrap();
        self.root.pointer(pointer).unwrap()
    }

    /// A value with a schema that says something about it.
    fn part(&mut self, schema: &'a Value, value: &Value, place: &str) {
        for (keyword, rule) in schema.as_object().unwrap() {
            if let Some(what) = self.keyword(schema, keyword, rule, value, place) {
                self.wrong.push(format!("{place}: {what} in {value}"));
            }
        }
    }

    fn keyword(
        &mut self,
        schema: &'a Value,
        keyword: &str,
        rule: &'a Value,
        value: &Value,
        place: &str,
    ) -> Option<String> {
        let holds = match keyword {
            "$schema" | "$defs" | "title" | "description" | "format" => true,
            "type" => match rule {
                Value::Array(types) => types.iter().any(|name| is_of_type(name, value)),
                name => is_of_type(name, value),
            },
            "const" => rule == value,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64() >= rule.as_f64(),
            "exclusiveMinimum" => value.as_f64() > rule.as_f64(),
            "maximum" => value.as_f64() <= rule.as_f64(),
            "pattern" => {
                let pattern = regex::Regex::new(rule.as_str().unwrap()).unwrap();
                value.as_str().is_some_and(|text| pattern.is_match(text))
            }
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        self.whole(rule, value, &format!("{place}/{name}"));
                    }
                }
                true
            }
            "patternProperties" => {
                let fields = value.as_object().into_iter().flatten();
                for (name, value) in fields {
                    for (_, rule) in patterns(schema).filter(|(it, _)| it.is_match(name)) {
                        self.whole(rule, value, &format!("{place}/{name}"));
                    }
                }
                true
            }
            "additionalProperties" if rule.is_object() => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    self.whole(rule, value, &format!("{place}/{name}"));
                }
                true
            }
            "additionalProperties" => {
                assert_eq!(rule, false, "not known here");
                let known = schema["properties"].as_object();
                let is_known = |name: &str| {
                    known.is_some_and(|known| known.contains_key(name))
                        || patterns(schema).any(|(pattern, _)| pattern.is_match(name))
                };
                let mut names = value.as_object().into_iter().flat_map(|map| map.keys());
                names.all(|name| is_known(name))
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    self.whole(rule, value, &format!("{place}/{index}"));
                }
                true
            }
            "$ref" => {
                self.part(self.definition(rule.as_str().unwrap()), value, place);
                true
            }
            "anyOf" => self.matching(rule, value) >= 1,
            "oneOf" => self.matching(rule, value) == 1,
            other => panic!("the keyword {other} is not known here"),
        };
        (!holds).then(|| format!("{keyword} {rule} does not hold"))
    }

    fn matching(&self, choices: &'a Value, value: &Value) -> usize {
        let fits = |choice: &&Value| {
            let mut checker = Checker {
                root: self.root,
                wrong: Vec::new(),
            };
            checker.part(choice, value, "");
            checker.wrong.is_empty()
        };
        choices.as_array().unwrap().iter().filter(fits).count()
    }
}

/// What a schema says about fields by the form of their names.
fn patterns(schema: &Value) -> impl Iterator<Item = (regex::Regex, &Value)> {
    let patterns = schema["patternProperties"].as_object();
    let patterns = patterns.into_iter().flatten();
    patterns.map(|(pattern, rule)| (regex::Regex::new(pattern).unwrap(), rule))
}

fn is_of_type(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other} is not known here"),
    }
}

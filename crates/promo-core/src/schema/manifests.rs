//! The JSON Schemas of promoter manifests, for editors: every key with what it means.
//!
//! promo reads these files node by node, with positions, so that no type could be asked; what is said here is what
//! `manifest` takes, and tests give the same files to both. What a grammar can't say, such as that one registry is the source,
//! only promo finds. Scalars without quotes are texts to promo, whatever YAML takes them for: a tag `1.10` may stand bare.

use serde_json::{Value, json};

use crate::json_schema::{DIGEST, IMAGE_NAME, REGISTRY_PATH, TAG};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of an `images.yaml`: the images of a thin promoter manifest.
pub fn images() -> Value {
    let mut schema = image_list();
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("$schema".to_owned(), json!(DRAFT));
        fields.insert("title".to_owned(), json!("images.yaml"));
    }
    schema
}

/// The schema of a `promoter-manifest.yaml`: the registries of a thin promoter manifest.
pub fn thin_manifest() -> Value {
    json!({
        "$schema": DRAFT,
        "title": "promoter-manifest.yaml",
        "description": "Where the images of one team come from and where they go.",
        "type": "object",
        "additionalProperties": false,
        "required": ["registries"],
        "properties": {
            "registries": registries(),
            "imagesPath": {
                "description": "Where kpromo looks for the images. promo reads `images/PROJECT/images.yaml`, and warns if this leads elsewhere.",
                "type": ["string", "null"],
            },
            "provenance": provenance(),
        },
    })
}

/// The schema of a plain promoter manifest: registries and images in one file.
pub fn plain_manifest() -> Value {
    json!({
        "$schema": DRAFT,
        "title": "plain promoter manifest",
        "description": "Images with where they come from and where they go, in one file.",
        "type": "object",
        "additionalProperties": false,
        "required": ["registries"],
        "properties": {
            "registries": registries(),
            "images": image_list(),
            "provenance": provenance(),
        },
    })
}

fn image_list() -> Value {
    json!({
        "description": "The images to promote.",
        "type": ["array", "null"],
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["name"],
            "properties": {
                "name": {
                    "description": "The name of the image, below the source registry and below each destination.",
                    "anyOf": [{ "type": "string", "pattern": IMAGE_NAME }, { "type": "number" }],
                },
                "dmap": {
                    "description": "The digests to promote, each with the tags that it gets.",
                    "type": ["object", "null"],
                    "additionalProperties": false,
                    "patternProperties": {
                        DIGEST: {
                            "description": "The tags of this digest; `[]` to promote it without a tag.",
                            "type": ["array", "null"],
                            "items": {
                                "anyOf": [{ "type": "string", "pattern": TAG }, { "type": "number" }],
                            },
                        },
                    },
                },
            },
        },
    })
}

fn registries() -> Value {
    json!({
        "description": "The registry that images come from, and those that they go to.",
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["name"],
            "properties": {
                "name": {
                    "description": "The registry: HOST or HOST/PATH.",
                    "type": "string",
                    "pattern": REGISTRY_PATH,
                },
                "src": {
                    "description": "Whether this is the source. Exactly one is.",
                    "enum": [
                        true, false, null,
                        "y", "Y", "yes", "Yes", "YES", "on", "On", "ON",
                        "n", "N", "no", "No", "NO", "off", "Off", "OFF",
                    ],
                },
                "service-account": {
                    "description": "Whom kpromo acts as. promo reads past it: credentials are found as docker and gcloud have them.",
                    "type": ["string", "null"],
                },
            },
        },
    })
}

fn provenance() -> Value {
    json!({
        "description": "What is asked about where images were built. It is read and checked; provenance isn't verified yet, so that images of `mode: require` are refused.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "mode": {
                "description": "Whether it is asked: off, warn or require.",
                "enum": ["off", "warn", "require", "", false, null],
            },
            "signers": texts("Who may sign provenance: names of certificates."),
            "builders": {
                "description": "The builders that are trusted.",
                "type": ["array", "null"],
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "id": text("The builder's name, as provenance has it."),
                        "level": level("The level of SLSA that it reaches."),
                        "signers": texts("Who signs for this builder."),
                        "caller": {
                            "description": "Who may have it build.",
                            "type": ["object", "null"],
                            "additionalProperties": false,
                            "properties": {
                                "workflows": texts("Workflows."),
                                "refs": texts("Branches and tags."),
                                "events": texts("What began the build."),
                            },
                        },
                    },
                },
            },
            "sources": texts("The repositories of source code that images may be built from."),
            "predicateTypes": texts("The predicate types that count as provenance."),
            "level": level("The level of SLSA that all images need."),
            "levels": {
                "description": "Other levels for some images.",
                "type": ["array", "null"],
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "images": texts("The names of the images."),
                        "level": level("The level that they need."),
                    },
                },
            },
        },
    })
}

fn text(meaning: &str) -> Value {
    json!({ "description": meaning, "type": ["string", "number", "null"] })
}

fn texts(meaning: &str) -> Value {
    json!({
        "description": meaning,
        "type": ["array", "null"],
        "items": { "type": ["string", "number", "null"] },
    })
}

fn level(meaning: &str) -> Value {
    json!({ "description": meaning, "type": ["integer", "string", "null"] })
}

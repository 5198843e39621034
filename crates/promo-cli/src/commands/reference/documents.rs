//! The documents that commands print and read: what each is for, and its JSON Schema.

use std::fmt::Write as _;

use promo::documents::{EventDocument, SettingsDocument};
use promo::manifests::Checked;
use promo::settings;
use promo::trace::TraceDocument;
use promo::trust;
use promo::{Added, Applied, DigestDocument, EvidenceDocument};
use promo_core::schema;
use serde_json::Value;

use crate::commands::cip;

/// A kind of document.
struct Document {
    /// What stands in it as `schema`; empty for the lists that people write.
    name: &'static str,
    /// The name of the published file, without its ending.
    file: &'static str,
    /// Which command writes or reads it.
    about: &'static str,
    schema: fn() -> Value,
}

/// All of them.
const DOCUMENTS: [Document; 20] = [
    Document {
        name: "promo.plan/v1",
        file: "promo.plan.v1",
        about: "`promo plan`, and the file of `--save`",
        schema: schema::plan,
    },
    Document {
        name: "promo.plan-summary/v1",
        file: "promo.plan-summary.v1",
        about: "`promo plan --summary`",
        schema: schema::plan_summary,
    },
    Document {
        name: "promo.apply/v1",
        file: "promo.apply.v1",
        about: "`promo apply`",
        schema: || schema::document::<Applied>("promo.apply/v1"),
    },
    Document {
        name: "promo.report/v1",
        file: "promo.report.v1",
        about: "`promo promote`, `promo demo`, and the file of `--report`",
        schema: schema::report,
    },
    Document {
        name: "promo.snapshot/v1",
        file: "promo.snapshot.v1",
        about: "`promo snapshot`; fed back by `promo plan --inventory`",
        schema: schema::snapshot,
    },
    Document {
        name: "promo.verification/v1",
        file: "promo.verification.v1",
        about: "`promo verify`",
        schema: schema::verification,
    },
    Document {
        name: "promo.evidence/v1",
        file: "promo.evidence.v1",
        about: "`promo sign`, `promo attest`",
        schema: || schema::document::<EvidenceDocument>("promo.evidence/v1"),
    },
    Document {
        name: "promo.check/v1",
        file: "promo.check.v1",
        about: "`promo manifest check`",
        schema: || schema::document::<Checked>("promo.check/v1"),
    },
    Document {
        name: "promo.addition/v1",
        file: "promo.addition.v1",
        about: "`promo manifest add`",
        schema: || schema::document::<Added>("promo.addition/v1"),
    },
    Document {
        name: "promo.digest/v1",
        file: "promo.digest.v1",
        about: "`promo manifest digest`",
        schema: || schema::document::<DigestDocument>("promo.digest/v1"),
    },
    Document {
        name: "promo.settings/v1",
        file: "promo.settings.v1",
        about: "`promo settings show`",
        schema: || schema::document::<SettingsDocument>("promo.settings/v1"),
    },
    Document {
        name: "promo.event/v1",
        file: "promo.event.v1",
        about: "each line on standard error with `--log-format json`",
        schema: || schema::document::<EventDocument<'_>>("promo.event/v1"),
    },
    Document {
        name: "promo.trace/v1",
        file: "promo.trace.v1",
        about: "each line of the file of `--trace`; the name stands in the first",
        schema: || schema::document::<TraceDocument<'_>>("promo.trace/v1"),
    },
    Document {
        name: "promo.log/v1",
        file: "promo.log.v1",
        about: "each line of `promo cip` on standard error with `--log-format json`",
        schema: || schema::document::<cip::LogDocument<'_>>("promo.log/v1"),
    },
    Document {
        name: "",
        file: "tag-moves",
        about: "read by `--allow-tag-moves`, in YAML or JSON",
        schema: schema::tag_moves,
    },
    Document {
        name: "",
        file: "images.yaml",
        about: "`images/PROJECT/images.yaml` of a tree of [promoter manifests](promoter-manifests.md)",
        schema: schema::manifests::images,
    },
    Document {
        name: "",
        file: "promoter-manifest.yaml",
        about: "`manifests/PROJECT/promoter-manifest.yaml` of a tree of [promoter manifests](promoter-manifests.md)",
        schema: schema::manifests::thin_manifest,
    },
    Document {
        name: "",
        file: "plain-promoter-manifest.yaml",
        about: "a plain [promoter manifest](promoter-manifests.md), read by `--manifest`",
        schema: schema::manifests::plain_manifest,
    },
    Document {
        name: "",
        file: "promo.toml",
        about: "promo.toml, [read by all commands](settings.md)",
        schema: settings::schema,
    },
    Document {
        name: "promo.trust/v1",
        file: "trust.toml",
        about: "the [trust document](../explanation/trust.md), read by `--trust` and `verify.trust`",
        schema: trust::schema,
    },
];

/// The page that lists them.
pub(super) fn page(note: &str) -> String {
    let mut text = format!(
        "{note}# Documents\n\nEach document carries its name and version as `schema`. Within a version fields are only \
         added. The JSON Schemas (draft 2020-12) are made from the types that are written; \
         YAML output is the same document.\n\n\
         | `schema` | JSON Schema | where |\n|---|---|---|\n"
    );
    for document in DOCUMENTS {
        let Document { file, about, .. } = document;
        let name = match document.name {
            "" => "none".to_owned(),
            name => format!("`{name}`"),
        };
        let _ = writeln!(
            text,
            "| {name} | [{file}.json](schemas/{file}.json) | {about} |"
        );
    }
    text
}

/// The published files: name and schema.
pub(super) fn schemas() -> impl Iterator<Item = (String, Value)> {
    DOCUMENTS
        .into_iter()
        .map(|document| (format!("{}.json", document.file), (document.schema)()))
}

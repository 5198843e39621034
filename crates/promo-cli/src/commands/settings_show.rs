//! `promo settings show`: every setting, its value and where it comes from.

use promo::documents::{Table, json, yaml};
use promo::settings::{self, Row};
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::Context;
use crate::error::Result;
use crate::output::{Format, Outcome};

/// The document.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Shown {
    schema: &'static str,
    settings: Vec<Row>,
}

/// Resolves all settings.
pub(crate) fn run(output: Option<Format>, context: &Context) -> Result<Outcome> {
    let mut settings = context.console.rows();
    settings.extend(settings::rows(&context.resolver, &context.network())?);
    let document = Shown {
        schema: "promo.settings/v1",
        settings,
    };
    let text = match context.console.format(output, &Format::DATA) {
        Format::Json => json(&document)?,
        Format::Yaml => yaml(&document)?,
        _ => table(&document.settings),
    };
    Ok(Outcome::done(text))
}

fn table(rows: &[Row]) -> String {
    let mut table = Table::new(["SETTING", "VALUE", "FROM"]);
    for row in rows {
        table.row([row.name.clone(), row.value.clone(), row.origin.clone()]);
    }
    table.render()
}

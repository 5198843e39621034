//! Settings as they hold: the document `promo.settings/v1`, and the table for people.

use serde::Serialize;

use super::{Table, Text};
use crate::settings::Row;

/// `promo.settings/v1`: every setting, its value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SettingsDocument {
    schema: &'static str,
    /// The settings, in the order in which they are told.
    pub settings: Vec<Row>,
}

impl SettingsDocument {
    /// The document about these settings: those of a frontend, then those of [`rows`](crate::settings::rows).
    pub fn new(settings: Vec<Row>) -> Self {
        Self {
            schema: "promo.settings/v1",
            settings,
        }
    }
}

/// The settings, one a line.
pub fn settings_text(document: &SettingsDocument) -> Text {
    let mut table = Table::new(["SETTING", "VALUE", "FROM"]);
    for row in &document.settings {
        table.row([row.name.clone(), row.value.clone(), row.origin.clone()]);
    }
    Text(table.render())
}

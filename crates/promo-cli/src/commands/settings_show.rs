//! `promo settings show`: every setting, its value and where it comes from.

use promo::documents::{SettingsDocument, json, settings_text, yaml};
use promo::settings;

use crate::context::Context;
use crate::error::Result;
use crate::output::{Format, Outcome};

/// Resolves all settings: those of how promo talks, then the library's.
pub(crate) fn run(output: Option<Format>, context: &Context) -> Result<Outcome> {
    let mut rows = context.console.rows();
    rows.extend(settings::rows(&context.resolver, &context.network())?);
    let document = SettingsDocument::new(rows);
    let text = match context.console.format(output, &Format::DATA) {
        Format::Json => json(&document)?,
        Format::Yaml => yaml(&document)?,
        _ => settings_text(&document).into_styled(),
    };
    Ok(Outcome::done(text))
}

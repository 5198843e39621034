//! Saved plans in files.

use std::path::Path;

use promo_core::plan::SavedPlan;

use crate::error::{Error, Result};
use crate::files;

/// Loads a saved plan that can be executed.
///
/// # Errors
///
/// `PROMO-P…` if the file is no plan, `PROMO-X030` if the plan was made without looking at registries, `PROMO-X004` and
/// `PROMO-X039` if the file can't be read.
pub fn open(path: &Path) -> Result<SavedPlan> {
    let bytes = files::read(path, &files::PLANS)?;
    let saved = SavedPlan::from_json(&bytes).map_err(|error| Error::NotAPlan {
        path: path.to_owned(),
        source: Box::new(error),
    })?;
    if saved.plan.is_offline() {
        return Err(Error::OfflinePlan {
            path: path.to_owned(),
        });
    }
    Ok(saved)
}

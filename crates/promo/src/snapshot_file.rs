//! Snapshots in files, taken for what registries hold: JSON, which says what it knows, or YAML and CSV, of which the
//! user says it.

use std::path::PathBuf;

use promo_core::inventory::Inventory;
use promo_core::oci::RegistryPath;
use promo_core::snapshot::{Snapshot, SnapshotError};

use crate::error::{Error, InventoryForm, Result};
use crate::files;

/// A snapshot that stands for what a registry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenInventory {
    /// What its names are relative to; none if it says so itself.
    pub registry: Option<RegistryPath>,
    /// The file.
    pub file: PathBuf,
}

/// Reads a snapshot as an inventory.
///
/// # Errors
///
/// `PROMO-X019` if it has another form than how it was given, and the codes of [`SnapshotError`].
pub fn read(given: &GivenInventory) -> Result<Inventory> {
    let bytes = files::read(&given.file, &files::SNAPSHOTS)?;
    let is_json = bytes.trim_ascii_start().starts_with(b"{");
    let snapshot = match (&given.registry, is_json) {
        (None, true) => Snapshot::from_json(&bytes),
        (Some(registry), false) => listed(given, &bytes, registry).map(Snapshot::assume_whole),
        (None, false) => return Err(wrong_form(given, InventoryForm::NotJson)),
        (Some(_), true) => return Err(wrong_form(given, InventoryForm::Json)),
    };
    let snapshot = snapshot.map_err(|error| Error::NotAnInventory {
        path: given.file.clone(),
        source: Box::new(error),
    })?;
    Ok(snapshot.to_inventory())
}

/// YAML is a list, whose first line is an entry or a comment; no name of an image begins like that.
fn listed(
    given: &GivenInventory,
    bytes: &[u8],
    registry: &RegistryPath,
) -> Result<Snapshot, SnapshotError> {
    let is_yaml = matches!(bytes.trim_ascii_start().first(), Some(b'-' | b'#'));
    match std::str::from_utf8(bytes) {
        Ok(text) if !is_yaml => Snapshot::from_csv(text, registry),
        _ => Snapshot::from_yaml(&given.file.to_string_lossy(), bytes, registry),
    }
}

fn wrong_form(given: &GivenInventory, problem: InventoryForm) -> Error {
    Error::InventoryForm {
        path: given.file.clone(),
        problem,
    }
}

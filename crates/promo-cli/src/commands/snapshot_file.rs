//! Snapshots in files, taken for what registries hold: JSON, which says what it knows, or YAML and CSV, of which the
//! user says it.

use promo_core::Code;
use promo_core::inventory::Inventory;
use promo_core::oci::RegistryPath;
use promo_core::snapshot::{Snapshot, SnapshotError};

use crate::args::InventoryArg;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::files;

/// A file of a form that doesn't go with how it was given.
const WRONG_FORM: Code = Code::new("PROMO-X019");

/// Reads a snapshot as an inventory.
pub(super) fn read(given: &InventoryArg) -> Result<Inventory> {
    let bytes = files::read(&given.file, &files::SNAPSHOTS)?;
    let is_json = bytes.trim_ascii_start().starts_with(b"{");
    let snapshot = match (&given.registry, is_json) {
        (None, true) => Snapshot::from_json(&bytes),
        (Some(registry), false) => listed(given, &bytes, registry).map(Snapshot::assume_whole),
        (None, false) => {
            let hint = "in YAML or CSV it doesn't say which registry it is of: write `--inventory REGISTRY=FILE`, or take \
                        it with `promo snapshot --output json`";
            return Err(wrong_form(given, "is no snapshot in JSON", hint));
        }
        (Some(_), true) => {
            let hint = "it says itself which registry it is of: write `--inventory FILE`";
            return Err(wrong_form(given, "looks like JSON", hint));
        }
    };
    let snapshot = snapshot.map_err(|error| Error::Other {
        message: format!("`{}` can't be taken as an inventory", given.file.display()),
        code: error.code(),
        hints: error.hints(),
        exit: Exit::Usage,
        source: Some(Box::new(error)),
    })?;
    Ok(snapshot.to_inventory())
}

/// YAML is a list, whose first line is an entry or a comment; no name of an image begins like that.
fn listed(
    given: &InventoryArg,
    bytes: &[u8],
    registry: &RegistryPath,
) -> Result<Snapshot, SnapshotError> {
    let is_yaml = matches!(bytes.trim_ascii_start().first(), Some(b'-' | b'#'));
    match std::str::from_utf8(bytes) {
        Ok(text) if !is_yaml => Snapshot::from_csv(text, registry),
        _ => Snapshot::from_yaml(&given.file.to_string_lossy(), bytes, registry),
    }
}

fn wrong_form(given: &InventoryArg, message: &str, hint: &str) -> Error {
    Error::Other {
        message: format!("`{}` {message}", given.file.display()),
        code: WRONG_FORM,
        hints: vec![hint.to_owned()],
        exit: Exit::Usage,
        source: None,
    }
}

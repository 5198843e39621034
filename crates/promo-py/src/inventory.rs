//! What registries hold, given as plain Python data: `{repository: {digest: [tags]}}`.

use std::collections::BTreeMap;

use promo_core::inventory::{Inventory, RepositoryContent, RepositoryInventory};
use promo_core::oci::{Digest, Repository, Tag};
use promo_core::with_causes;
use pyo3::PyResult;

use crate::errors::argument_error;

/// The plain form of an inventory.
pub(crate) type PlainInventory = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Checks every name and takes each repository as completely known.
pub(crate) fn parse(plain: PlainInventory) -> PyResult<Inventory> {
    let mut inventory = Inventory::new();
    for (repository, digests) in plain {
        let name = parsed::<Repository>("repository", &repository)?;
        let mut content = RepositoryContent::complete();
        let mut seen: BTreeMap<Tag, Digest> = BTreeMap::new();
        for (digest, tags) in digests {
            let digest = parsed::<Digest>("digest", &digest)?;
            content.record_digest(digest, true);
            for tag in tags {
                let tag = parsed::<Tag>("tag", &tag)?;
                if seen.insert(tag.clone(), digest).is_some() {
                    return Err(argument_error(format!(
                        "the tag `{tag}` of `{repository}` points to two digests"
                    )));
                }
                content.record_tag(tag, Some(digest));
            }
        }
        inventory.insert(name, RepositoryInventory::Read(content));
    }
    Ok(inventory)
}

fn parsed<T>(what: &str, text: &str) -> PyResult<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error,
{
    text.parse().map_err(|error: T::Err| {
        argument_error(format!(
            "`{text}` in the inventory is not a {what}: {}",
            with_causes(&error)
        ))
    })
}

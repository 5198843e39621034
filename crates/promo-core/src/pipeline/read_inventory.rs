//! Reads what a plan has to know of registries: destinations first, then only those sources that the destinations don't
//! already answer for. A run does it in its phase plan, and so does who plans without a run.

use crate::inventory::{Inventory, WantedInventory};
use crate::plan::Planner;
use crate::ports::InventoryReader;

/// Asks what `planner` has to know. `began` is called before anything is asked, with what destinations will be asked.
pub async fn read_inventory(
    planner: &Planner<'_>,
    reader: &dyn InventoryReader,
    began: impl FnOnce(&WantedInventory),
) -> Inventory {
    let wanted = planner.wanted_destinations();
    began(&wanted);
    let mut inventory = reader.read(&wanted).await;
    let wanted = planner.wanted_sources(&inventory);
    inventory.merge(reader.read(&wanted).await);
    inventory
}

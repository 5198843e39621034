//! How a file that was given as an inventory may differ from the form in which it was given.

/// How a file differs from the form in which it was given as an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InventoryForm {
    /// It was given without a registry, so it has to be JSON, which says which one it is of.
    #[error("is no snapshot in JSON")]
    NotJson,
    /// It was given with a registry, as YAML or CSV are.
    #[error("looks like JSON")]
    Json,
}

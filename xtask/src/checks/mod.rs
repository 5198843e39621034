//! The checks of `cargo xtask test` that are about the project itself and not about what its code does.

pub(crate) mod codes;
pub(crate) mod dependencies;
pub(crate) mod direction;
pub(crate) mod documents;
pub(crate) mod flags;
pub(crate) mod licence;
pub(crate) mod metadata;
pub(crate) mod packages;
pub(crate) mod python;
pub(crate) mod real_trees;
pub(crate) mod sources;
pub(crate) mod tokens;

//! What is tried: one file each.

pub(super) mod agreement;
pub(super) mod book;
pub(super) mod conformance;
pub(super) mod control;
pub(super) mod crash;
pub(super) mod dependencies;
pub(super) mod evidence;
pub(super) mod interruption;
pub(super) mod link;
pub(super) mod matrix;
pub(super) mod newcomer;
pub(super) mod page;
pub(super) mod promotion;
pub(super) mod sigstore;

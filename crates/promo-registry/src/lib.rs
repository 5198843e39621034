//! The OCI registries, for promo: inventory reading and copying on top of the `Registry` port.

#![forbid(unsafe_code)]

pub mod copy;
pub mod inventory;
mod oci_client;

pub use oci_client::OciClientRegistry;

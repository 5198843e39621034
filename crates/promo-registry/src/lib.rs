//! The OCI registries, for promo: the wire, and on top of the `Registry` port inventory reading and copying.
//!
//! [`WireRegistry`] is the [`Registry`](promo_core::ports::Registry) port over HTTP. It owns what a
//! promoter has to control: credentials and where they go, budgets, retries, deadlines, caps. One
//! value serves all hosts and is shared by the whole run. [`OciClientRegistry`] is the same port over a
//! client that the embedding program already has.
//!
//! Nothing here reads the environment, the home folder or the clock: settings, credential files and
//! time are given as values and ports.

#![forbid(unsafe_code)]

pub mod auth;
mod budget;
pub mod copy;
mod dialect;
mod error;
mod held_back;
mod http;
pub mod inventory;
pub mod limits;
mod oci_client;
mod revocable;
mod secret;
mod settings;
mod wire;

pub use error::{CodeDescription, Error, LocationRule, RegistryAnswer};
pub use http::{ProxyError, ProxySettings};
pub use oci_client::OciClientRegistry;
pub use revocable::{RevocableRegistry, Revocation};
pub use settings::{
    BudgetSettings, Caps, ClientCertificate, Deadlines, HostSettings, RetrySettings,
};
pub use wire::{WireRegistry, WireRegistryBuilder};

/// All codes of this crate with what they mean, in their order.
pub fn codes() -> impl Iterator<Item = &'static CodeDescription> {
    let parts = [
        Error::CODES,
        revocable::CODES,
        copy::CODES,
        inventory::CODES,
        Error::LATER_CODES,
        oci_client::CODES,
    ];
    let mut all: Vec<_> = parts.into_iter().flatten().collect();
    all.sort_by_key(|entry| entry.code);
    all.into_iter()
}

#[cfg(test)]
mod tests;

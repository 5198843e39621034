//! Who we are to a registry: credentials, challenges and tokens.
//!
//! A [`CredentialSource`] finds credentials; `Authorizer` learns from the first 401 what a host wants, fetches
//! tokens where one is wanted, and says what to put into the Authorization header. A registry is
//! only asked what it wants to see where we have something to show and it may tell strangers less (`introduction`).

mod advice;
mod authorizer;
mod challenge;
mod credential;
mod document;
mod door;
mod files;
mod flight;
mod google;
mod helper;
mod introduction;
mod process;
mod realm;
mod scope;
mod secret;
mod sent;
mod token;

pub(crate) use authorizer::{Authorization, Authorizer};
pub use credential::{Anonymous, Credential, CredentialSource, FixedCredentials};
pub use files::CredentialFiles;
pub(crate) use google::GoogleCredentials;
pub use google::{GoogleCredentialFile, GoogleSettings, MetadataServer};
pub use helper::HelperSettings;
pub(crate) use scope::Scopes;
pub use secret::Secret;
pub(crate) use sent::Sent;

#[cfg(test)]
mod tests;

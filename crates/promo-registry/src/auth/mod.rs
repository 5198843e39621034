//! Who we are to a registry: credentials, challenges and tokens.
//!
//! A [`CredentialSource`] finds credentials; `Authorizer` learns from the first 401 what a host wants, fetches
//! tokens where one is wanted, and says what to put into the Authorization header. Nothing asks a
//! registry just to find out whether it wants credentials.

mod authorizer;
mod challenge;
mod credential;
mod document;
mod door;
mod files;
mod flight;
mod google;
mod helper;
mod process;
mod realm;
mod scope;
mod secret;
mod token;

pub(crate) use authorizer::{Authorization, Authorizer};
pub use credential::{Anonymous, Credential, CredentialSource, FixedCredentials};
pub use files::CredentialFiles;
pub(crate) use google::GoogleCredentials;
pub use google::{GoogleCredentialFile, GoogleSettings, MetadataServer};
pub use helper::HelperSettings;
pub(crate) use scope::Scopes;
pub use secret::Secret;

#[cfg(test)]
mod tests;

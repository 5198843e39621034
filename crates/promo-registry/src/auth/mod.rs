//! Who we are to a registry: credentials, challenges and tokens.
//!
//! `Exchange::send` is how all of `wire` asks a registry: it adds what shows who we are, follows redirects under our
//! rules without it, and repeats what is safe to repeat. A [`CredentialSource`] finds credentials; `Authorizer` learns
//! from the first 401 what a host wants, fetches tokens where one is wanted, and says what to put into the
//! Authorization header. Before a registry asks for credentials itself, it is asked what it wants only if there are
//! credentials for it and it may show strangers less (`introduction`). Requests of this room's own go out through the
//! same `http::Sender` as all others.

mod advice;
mod authorization;
mod authorizer;
mod bearer;
mod challenge;
mod credential;
mod document;
mod door;
mod exchange;
mod files;
mod flight;
mod google;
mod granted;
mod helper;
mod introduction;
mod login;
mod process;
mod realm;
mod rounds;
mod scope;
mod token;
mod token_program;

pub(crate) use authorizer::Authorizer;
pub use credential::{Anonymous, Credential, CredentialSource, FixedCredentials};
pub(crate) use exchange::Exchange;
pub use files::CredentialFiles;
pub(crate) use google::GoogleCredentials;
pub use google::{
    GoogleCredentialFile, GoogleIdentity, GoogleSettings, MetadataServer, ServiceAccount,
};
pub use helper::HelperSettings;
pub use login::{Login, LoginCheck, LoginFile, LoginKeeper};
pub(crate) use scope::{Access, Scopes};
pub use token_program::{TokenProgram, TokenProgramError};

pub use crate::error::CredentialSourceError;
pub use crate::secret::Secret;

#[cfg(test)]
mod tests;

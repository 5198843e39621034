//! How errors of some kinds are made.

use std::sync::Arc;
use std::time::Duration;

use promo_core::oci::RegistryHost;

use super::{ConnectionProblem, CredentialSourceError, Error, OutOfFiles, TooSlow};

impl Error {
    /// A failure of the connection, without the URL, whose query may be a secret.
    pub(crate) fn connection(host: &str, error: reqwest::Error) -> Self {
        let problem = ConnectionProblem::of(&error);
        let source = Arc::new(error.without_url());
        Self::Connection {
            host: host.to_owned(),
            led_by: None,
            source: (!problem.says_all()).then_some(source),
            problem,
        }
    }

    /// A connection for which there was no open file.
    pub(crate) fn out_of_files(host: &str, error: reqwest::Error) -> Self {
        Self::OutOfFiles(OutOfFiles {
            host: host.to_owned(),
            source: Arc::new(error.without_url()),
        })
    }

    /// A host that sent or took so few bytes in this time: none, if it did nothing at all.
    pub(crate) fn too_slow(host: &str, what: &str, bytes: u64, after: Duration) -> Self {
        let (host, what) = (host.to_owned(), what.to_owned());
        match bytes {
            0 => Self::Deadline { host, what, after },
            _ => Self::TooSlow(TooSlow {
                host,
                what,
                bytes,
                after,
            }),
        }
    }

    pub(crate) fn broken_list(host: &str, what: &str, reason: impl Into<String>) -> Self {
        Self::BrokenList {
            host: host.to_owned(),
            what: what.to_owned(),
            reason: reason.into(),
        }
    }

    /// The same failure. Where it is about a host that the user never named, it says what led there.
    pub(crate) fn led_by(mut self, registry: &str, means: &str) -> Self {
        match &mut self {
            Self::Connection { host, led_by, .. } if host != registry => {
                led_by.get_or_insert_with(|| format!("the {means} of {registry}"));
            }
            Self::ForeignLocation { host, .. } if host != registry => registry.clone_into(host),
            _ => {}
        }
        self
    }

    pub(crate) fn malformed(host: &str, what: &str, reason: impl Into<String>) -> Self {
        Self::Malformed {
            host: host.to_owned(),
            what: what.to_owned(),
            reason: reason.into(),
        }
    }

    pub(crate) fn setting(setting: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Setting {
            setting: setting.into(),
            reason: reason.into(),
        }
    }

    /// What a source of credentials failed with: an error of this crate as it is, and any other as the cause of ours.
    pub(crate) fn credential_source(host: &RegistryHost, error: CredentialSourceError) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => *own,
            Err(foreign) => Self::CredentialSource {
                host: host.to_string(),
                source: foreign.into(),
            },
        }
    }
}

//! The one error type of this crate: what went wrong on the way to a registry, by meaning.
//!
//! At the ports it becomes a [`Failure`], which keeps code, hints, status and cause. The list of codes
//! is in `codes`. No variant carries a secret: URLs are reduced to hosts, what a registry said
//! is cleaned and cut.

mod codes;

use std::sync::Arc;
use std::time::Duration;

use promo_core::Code;
use promo_core::oci::{Digest, ManifestReference, Repository};
use promo_core::ports::{Failure, FailureKind};

pub use codes::CodeDescription;

/// Why a registry could not be used as asked. Cheap to clone: one failed token fetch is told to all
/// who wait for it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something that the operation needs is not there (404).
    #[error("{what} is not there{}", said(answer.as_ref()))]
    NotFound {
        /// What was asked for.
        what: String,
        /// What the registry said.
        answer: Option<RegistryAnswer>,
    },
    /// The registry asks for credentials, or doesn't accept those that were sent.
    #[error("{host} does not let us in for {what}{}", said(answer.as_ref()))]
    Unauthenticated {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// Whether credentials were sent.
        with_credentials: bool,
        /// What the registry said.
        answer: Option<RegistryAnswer>,
    },
    /// The credentials don't allow it.
    #[error("{host} forbids {what}{}", said(answer.as_ref()))]
    Forbidden {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// What the registry said.
        answer: Option<RegistryAnswer>,
    },
    /// The registry asks to send less, and went on asking.
    #[error("{host} asks to send fewer requests")]
    RateLimited {
        /// The registry.
        host: String,
        /// The pause it asked for.
        retry_after: Option<Duration>,
    },
    /// The registry is broken.
    #[error("{host} failed at {what} with status {status}{}", said(answer.as_ref()))]
    Unavailable {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// HTTP status.
        status: u16,
        /// The pause it asked for.
        retry_after: Option<Duration>,
        /// What the registry said.
        answer: Option<RegistryAnswer>,
    },
    /// No connection, or it broke.
    #[error("the connection to {host} failed")]
    Connection {
        /// The host.
        host: String,
        /// How.
        #[source]
        source: Arc<reqwest::Error>,
    },
    /// No answer in time.
    #[error("{host} did not answer {what} within {} s", after.as_secs_f64())]
    Deadline {
        /// The host.
        host: String,
        /// What was asked for.
        what: String,
        /// The deadline.
        after: Duration,
    },
    /// The tag may not be moved.
    #[error(
        "the registry does not let {repository}:{reference} be changed{}",
        said(Some(answer))
    )]
    ImmutableTag {
        /// The repository.
        repository: Repository,
        /// The tag.
        reference: ManifestReference,
        /// HTTP status.
        status: u16,
        /// What the registry said.
        answer: RegistryAnswer,
    },
    /// The registry refuses for a reason of its own.
    #[error("{host} refuses {what} with status {status}{}", said(answer.as_ref()))]
    Refused {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// HTTP status.
        status: u16,
        /// What the registry said.
        answer: Option<RegistryAnswer>,
    },
    /// More was sent than is accepted.
    #[error("{host} sent more than {cap} bytes for {what}")]
    TooLarge {
        /// The host.
        host: String,
        /// What was asked for.
        what: String,
        /// How many bytes are accepted.
        cap: u64,
    },
    /// The bytes don't have the digest.
    #[error("{what} has the digest {found}, not {expected}")]
    DigestMismatch {
        /// What was asked for, and where.
        what: String,
        /// The digest it should have.
        expected: Digest,
        /// The digest that was found or named.
        found: Digest,
    },
    /// The bytes don't have the length.
    #[error("{what} has {found} bytes, not {expected}")]
    SizeMismatch {
        /// What was asked for, and where.
        what: String,
        /// The length it should have.
        expected: u64,
        /// The length that was found, up to one piece beyond the expected.
        found: u64,
    },
    /// Header and document disagree on what a manifest is.
    #[error("{what} is served as `{header}` but calls itself `{document}`")]
    MediaTypeMismatch {
        /// The manifest.
        what: String,
        /// Content-Type.
        header: String,
        /// The `mediaType` of the document.
        document: String,
    },
    /// The answer can't be understood.
    #[error("the answer of {host} to {what} can't be understood: {reason}")]
    Malformed {
        /// The host.
        host: String,
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer is encoded although that was not allowed.
    #[error("{host} sent {what} with Content-Encoding `{encoding}`, which was not allowed")]
    ContentEncoding {
        /// The host.
        host: String,
        /// What was asked for.
        what: String,
        /// The encoding.
        encoding: String,
    },
    /// The registry names a token server that is not known to belong to it.
    #[error("{host} names a token server on {realm}, which it may not use; nothing was sent there")]
    ForeignRealm {
        /// The registry.
        host: String,
        /// Scheme and host of the realm.
        realm: String,
    },
    /// A redirect, a Location or a Link leads where it may not.
    #[error("{host} points {what} to {target}: {rule}")]
    ForeignLocation {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// Scheme and host of the target.
        target: String,
        /// Which rule keeps us from following.
        rule: LocationRule,
    },
    /// The token server gives no token.
    #[error("{realm}, the token server of {host}, answered {status}{}", said(answer.as_ref()))]
    TokenRefused {
        /// The registry.
        host: String,
        /// Host of the token server.
        realm: String,
        /// HTTP status.
        status: u16,
        /// What it said.
        answer: Option<RegistryAnswer>,
    },
    /// A token ran out while a blob was being sent.
    #[error("{host} no longer takes the token that {what} was begun with")]
    TokenExpired {
        /// The registry.
        host: String,
        /// What was being sent.
        what: String,
    },
    /// A file with credentials can't be understood.
    #[error("the credentials in {file} can't be read: {reason}")]
    CredentialFile {
        /// How the caller calls the file.
        file: String,
        /// What is wrong, without any of its content.
        reason: String,
    },
    /// A credential helper failed.
    #[error("the credential helper `{name}` {reason}")]
    CredentialHelper {
        /// The helper, cleaned.
        name: String,
        /// What went wrong, without any of its output.
        reason: String,
    },
    /// A setting doesn't fit.
    #[error("{setting} is not usable: {reason}")]
    Setting {
        /// Which setting.
        setting: String,
        /// What is wrong.
        reason: String,
    },
    /// The stream that a blob was to be sent from failed.
    #[error("the bytes of {what} could not be read to the end")]
    BlobSource {
        /// The blob.
        what: String,
        /// Why.
        #[source]
        source: Arc<Failure>,
    },
    /// The fallback tag lost our entry again and again.
    #[error("the fallback tag {tag} of {repository} did not keep the entry of {referrer}")]
    FallbackTagLost {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: String,
        /// The manifest that should be listed.
        referrer: Digest,
    },
    /// A mount was asked for across hosts.
    #[error("a blob of {from} can't be mounted into {to}: they are on different hosts")]
    MountAcrossHosts {
        /// The source.
        from: Repository,
        /// The destination.
        to: Repository,
    },
}

/// Which rule a redirect, a Location or a Link breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationRule {
    /// From https to http.
    #[error("an encrypted connection is never left for a plain one")]
    Downgrade,
    /// To a loopback, link-local or private address.
    #[error("the registry is not in the network that this address belongs to")]
    PrivateAddress,
    /// A scheme other than http and https.
    #[error("only http and https are followed")]
    Scheme,
    /// A `Link` to another host.
    #[error("a list is only continued on the same host")]
    OtherHost,
    /// Too many redirects.
    #[error("too many redirects")]
    TooMany,
    /// A redirect of a request that may not be redirected.
    #[error("only reads are redirected")]
    NotARead,
    /// Credentials in the URL.
    #[error("a location may not carry credentials")]
    Credentials,
}

/// What a registry said in its error document: code and message, cleaned of control characters and
/// cut to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryAnswer {
    code: String,
    message: String,
}

/// The longest text of a registry that is repeated.
const MAX_SAID: usize = 200;

impl RegistryAnswer {
    /// Takes over what a registry said.
    pub(crate) fn new(code: &str, message: &str) -> Self {
        Self {
            code: clean(code),
            message: clean(message),
        }
    }

    /// The registry's own code, like `MANIFEST_BLOB_UNKNOWN`; empty if it gave none.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The registry's own message.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Text from outside, fit for one line of a terminal.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::new();
    for (count, character) in text.trim().chars().enumerate() {
        if count == MAX_SAID {
            cleaned.push('…');
            break;
        }
        // Direction marks and the like are no control characters to Rust, but can rearrange a line.
        let is_format = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if character.is_control() || is_format {
            cleaned.extend(character.escape_unicode());
        } else {
            cleaned.push(character);
        }
    }
    cleaned
}

fn said(answer: Option<&RegistryAnswer>) -> String {
    match answer {
        None => String::new(),
        Some(answer) if answer.code.is_empty() => format!(": {}", answer.message),
        Some(answer) if answer.message.is_empty() => format!(": {}", answer.code),
        Some(answer) => format!(": {} ({})", answer.code, answer.message),
    }
}

impl Error {
    /// A failure of the connection, without the URL, whose query may be a secret.
    pub(crate) fn connection(host: &str, error: reqwest::Error) -> Self {
        Self::Connection {
            host: host.to_owned(),
            source: Arc::new(error.without_url()),
        }
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

    /// What it means to the one who called.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NotFound { .. } => FailureKind::NotFound,
            Self::Unauthenticated { .. } | Self::TokenRefused { .. } => {
                FailureKind::Unauthenticated
            }
            Self::Forbidden { .. } => FailureKind::Forbidden,
            Self::RateLimited { .. } => FailureKind::RateLimited,
            Self::Unavailable { .. }
            | Self::Connection { .. }
            | Self::TokenExpired { .. }
            | Self::FallbackTagLost { .. } => FailureKind::Unavailable,
            Self::Deadline { .. } => FailureKind::Deadline,
            Self::ImmutableTag { .. } => FailureKind::ImmutableTag,
            Self::Refused { .. } | Self::ForeignLocation { .. } => FailureKind::Refused,
            Self::TooLarge { .. } => FailureKind::TooLarge,
            Self::DigestMismatch { .. } | Self::SizeMismatch { .. } => FailureKind::DigestMismatch,
            Self::MediaTypeMismatch { .. }
            | Self::Malformed { .. }
            | Self::ContentEncoding { .. } => FailureKind::Malformed,
            Self::ForeignRealm { .. }
            | Self::CredentialFile { .. }
            | Self::CredentialHelper { .. }
            | Self::Setting { .. } => FailureKind::Configuration,
            Self::MountAcrossHosts { .. } => FailureKind::Unsupported,
            Self::BlobSource { source, .. } => source.kind(),
        }
    }

    /// The HTTP status, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::NotFound { .. } => Some(404),
            Self::Unauthenticated { .. } | Self::TokenExpired { .. } => Some(401),
            Self::Forbidden { .. } => Some(403),
            Self::RateLimited { .. } => Some(429),
            Self::Unavailable { status, .. }
            | Self::ImmutableTag { status, .. }
            | Self::Refused { status, .. }
            | Self::TokenRefused { status, .. } => Some(*status),
            Self::BlobSource { source, .. } => source.status(),
            _ => None,
        }
    }

    /// The pause that the registry asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Unavailable { retry_after, .. } => {
                *retry_after
            }
            Self::BlobSource { source, .. } => source.retry_after(),
            _ => None,
        }
    }

    /// What to do about it, one sentence each.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Unauthenticated { host, with_credentials: false, .. } => vec![format!(
                "no credentials were found for {host}: log in to it, or name the file that holds them"
            )],
            Self::Unauthenticated { host, .. } | Self::TokenRefused { host, .. } => vec![format!(
                "log in to {host} again, and check that the account may do this"
            )],
            Self::Forbidden { host, .. } => {
                vec![format!("check what the account may do on {host}")]
            }
            Self::RateLimited { host, .. } => vec![format!(
                "set registry.{host}.requests-per-second to what the registry grants"
            )],
            Self::ForeignRealm { host, realm } => vec![format!(
                "if {realm} does belong to it, set registry.{host}.token-realm to that host"
            )],
            Self::ImmutableTag { .. } => vec![
                "the tag points to another digest already; use a new tag, or allow the move on the registry".to_owned(),
            ],
            Self::BlobSource { source, .. } => source.hints().to_vec(),
            _ => Vec::new(),
        }
    }

    fn cause(&self) -> Option<Arc<dyn std::error::Error + Send + Sync>> {
        match self {
            Self::Connection { source, .. } => Some(Arc::<reqwest::Error>::clone(source)),
            Self::BlobSource { source, .. } => Some(Arc::<Failure>::clone(source)),
            _ => None,
        }
    }

    /// Its stable code.
    pub fn code(&self) -> Code {
        codes::code_of(self)
    }

    /// All codes of this crate, for the documentation.
    pub const CODES: &'static [CodeDescription] = codes::CODES;
}

/// The cause of a failure, shared by all who got the same error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Cause(Arc<dyn std::error::Error + Send + Sync>);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut failure = Self::new(error.kind(), error.code(), error.to_string());
        for hint in error.hints() {
            failure = failure.with_hint(hint);
        }
        if let Some(status) = error.status() {
            failure = failure.with_status(status);
        }
        if let Some(pause) = error.retry_after() {
            failure = failure.with_retry_after(pause);
        }
        match error.cause() {
            Some(cause) => failure.with_source(Cause(cause)),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests;

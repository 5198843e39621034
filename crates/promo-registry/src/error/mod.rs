//! The one error type of this crate: what went wrong on the way to a registry, by meaning.
//!
//! At the ports it becomes a [`Failure`], which keeps it beside code, hints, status and causes. The list of codes is
//! in `codes`. No variant carries a secret: URLs are reduced to hosts, what a registry said is cleaned and cut.

mod another_try;
mod answer;
mod code_of;
mod connection_problem;
mod construct;
mod failure;
mod host_limits;
mod location_rule;
mod meaning;
mod unsent;

use std::sync::Arc;
use std::time::Duration;

use promo_core::oci::{Digest, ManifestReference, Repository};
use promo_core::ports::Failure;

pub(crate) use another_try::{AnotherTry, is_broken};
pub use answer::RegistryAnswer;
pub(crate) use answer::{clean, clean_to};
use answer::{led, said};
pub use connection_problem::{CertificateProblem, ConnectionProblem};
pub use host_limits::{BodyLimit, TooSlow};
pub use location_rule::LocationRule;
pub(crate) use meaning::{MAYBE_TLS, TLS_WANTED};
pub use unsent::{CredentialSourceError, OutOfFiles, PlainService};

/// Why a registry could not be used as asked. Cheap to clone: one failed token fetch is told to all who wait for it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host takes no body that is large enough.
    #[error(transparent)]
    BodyLimit(BodyLimit),
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
    /// The registry asks for a pause that nobody waits for.
    #[error(
        "{host} asks to send no {requests} for {} s, which is longer than is waited",
        pause.as_secs()
    )]
    PausedTooLong {
        /// The registry.
        host: String,
        /// Which requests.
        requests: &'static str,
        /// How long is left of the pause.
        pause: Duration,
    },
    /// Nothing has come from the host for long.
    #[error("{host} has not answered anything for {} s and is given up for now", since.as_secs())]
    Silent {
        /// The host.
        host: String,
        /// For how long.
        since: Duration,
    },
    /// A small answer ended in the middle.
    #[error("the answer of {host} to {what} broke off")]
    BrokeOff {
        /// The host.
        host: String,
        /// What was asked for.
        what: String,
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
    #[error("{}", problem.message(host, &led(led_by.as_ref())))]
    Connection {
        /// The host.
        host: String,
        /// What led us there, if it isn't the registry that was asked for.
        led_by: Option<String>,
        /// Why, as far as it is known.
        problem: ConnectionProblem,
        /// In the words of the client; none where the problem says all of it.
        #[source]
        source: Option<Arc<reqwest::Error>>,
    },
    /// This process, or this machine, has no open file left for a connection.
    #[error(transparent)]
    OutOfFiles(OutOfFiles),
    /// A secret would go to a service in the open.
    #[error(transparent)]
    PlainService(PlainService),
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
    /// Bytes go over, but hardly any.
    #[error(transparent)]
    TooSlow(TooSlow),
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
    /// A list can't be read to its end.
    #[error("{host} does not give {what} to the end: {reason}")]
    BrokenList {
        /// The host.
        host: String,
        /// The list.
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
    /// The file with Google's credentials can't be used.
    #[error("the Google credentials in {file} can't be used: {reason}")]
    GoogleFile {
        /// How the caller calls the file.
        file: String,
        /// What is wrong, without any of its content.
        reason: String,
    },
    /// The file with Google's credentials is of a kind that isn't read.
    #[error("the Google credentials in {file} are of a kind that is not supported: {reason}")]
    GoogleFileKind {
        /// How the caller calls the file.
        file: String,
        /// Which kind that is, without any of its content.
        reason: String,
    },
    /// A credential helper failed.
    #[error("the credential helper `{name}` {reason}")]
    CredentialHelper {
        /// The helper, cleaned.
        name: String,
        /// What went wrong, without any of its output.
        reason: String,
        /// What it advises, as far as it can't be a secret.
        advice: Option<String>,
    },
    /// A source of credentials that the embedding program gave failed.
    #[error("the credentials for {host} could not be looked for")]
    CredentialSource {
        /// The registry.
        host: String,
        /// Why, in the source's own words.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
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
    /// The registry refuses the list of referrers.
    #[error("the registry refuses the list of referrers under the tag {tag} of {repository}")]
    FallbackTagRefused {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: String,
        /// What it answered.
        #[source]
        source: Arc<Error>,
    },
    /// Something else stands where the list of referrers would have to be kept.
    #[error("the fallback tag {tag} of {repository} holds {found}, and is not overwritten")]
    FallbackTagTaken {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: String,
        /// What stands there.
        found: &'static str,
    },
    /// A manifest was put by a digest, and the registry doesn't show it by that digest.
    #[error("{repository} took the manifest {digest} and doesn't show it by that digest")]
    DigestNotKept {
        /// The repository.
        repository: Repository,
        /// The digest.
        digest: Digest,
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

#[cfg(test)]
mod tests;

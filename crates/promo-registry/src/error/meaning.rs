//! What an error means: its kind, the status behind it, and what to do about it.

use std::time::Duration;

use promo_core::ports::FailureKind;
use promo_core::setting::{quoted, registry_setting};

use super::{ConnectionProblem, Error, RegistryAnswer};

/// What a registry says, in our words, that speaks TLS and was spoken to without.
pub(crate) const TLS_WANTED: &str = "it speaks HTTPS and was spoken to in plain HTTP";

/// The same of one that says nothing at all but that it doesn't understand.
pub(crate) const MAYBE_TLS: &str =
    "it was spoken to in plain HTTP and says nothing else, as those do that speak HTTPS";

/// What to do about a tag that may not be moved.
const TAG_STAYS: &str =
    "the tag points to another digest already; use a new tag, or allow the move on the registry";

impl Error {
    /// What it means to the one who called.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NotFound { .. } => FailureKind::NotFound,
            Self::Unauthenticated { .. } | Self::TokenRefused { .. } => {
                FailureKind::Unauthenticated
            }
            Self::Forbidden { .. } => FailureKind::Forbidden,
            Self::RateLimited { .. } | Self::PausedTooLong { .. } => FailureKind::RateLimited,
            Self::Unavailable { .. }
            | Self::Connection { .. }
            | Self::OutOfFiles(_)
            | Self::BrokeOff { .. }
            | Self::TokenExpired { .. }
            | Self::FallbackTagLost { .. } => FailureKind::Unavailable,
            Self::Deadline { .. } | Self::Silent { .. } | Self::TooSlow(_) => FailureKind::Deadline,
            Self::ImmutableTag { .. } => FailureKind::ImmutableTag,
            Self::Refused { .. }
            | Self::ForeignLocation { .. }
            | Self::FallbackTagRefused { .. } => FailureKind::Refused,
            Self::TooLarge { .. } | Self::BodyLimit(_) => FailureKind::TooLarge,
            Self::DigestMismatch { .. } | Self::SizeMismatch { .. } => FailureKind::DigestMismatch,
            Self::MediaTypeMismatch { .. }
            | Self::Malformed { .. }
            | Self::BrokenList { .. }
            | Self::FallbackTagTaken { .. }
            | Self::ContentEncoding { .. } => FailureKind::Malformed,
            Self::ForeignRealm { .. }
            | Self::CredentialFile { .. }
            | Self::GoogleFile { .. }
            | Self::GoogleFileKind { .. }
            | Self::CredentialHelper { .. }
            | Self::CredentialSource { .. }
            | Self::PlainService(_)
            | Self::Setting { .. } => FailureKind::Configuration,
            Self::MountAcrossHosts { .. } => FailureKind::Unsupported,
            Self::DigestNotKept { .. } => FailureKind::UnsupportedContent,
            Self::BlobSource { source, .. } => source.kind(),
        }
    }

    /// The HTTP status, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::NotFound { .. } => Some(404),
            Self::Unauthenticated { .. } | Self::TokenExpired { .. } => Some(401),
            Self::Forbidden { .. } => Some(403),
            Self::RateLimited { .. } | Self::PausedTooLong { .. } => Some(429),
            Self::Unavailable { status, .. }
            | Self::ImmutableTag { status, .. }
            | Self::Refused { status, .. }
            | Self::TokenRefused { status, .. } => Some(*status),
            Self::BlobSource { source, .. } => source.status(),
            _ => None,
        }
    }

    /// What the registry said in its own words, where it said something.
    pub fn registry_answer(&self) -> Option<&RegistryAnswer> {
        match self {
            Self::NotFound { answer, .. }
            | Self::Unauthenticated { answer, .. }
            | Self::Forbidden { answer, .. }
            | Self::Unavailable { answer, .. }
            | Self::Refused { answer, .. } => answer.as_ref(),
            Self::ImmutableTag { answer, .. } => Some(answer),
            _ => None,
        }
    }

    /// The pause that the registry asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Unavailable { retry_after, .. } => {
                *retry_after
            }
            Self::PausedTooLong { pause, .. } => Some(*pause),
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
            Self::BodyLimit(limit) => vec![format!(
                "let {}, and the proxy before it, take larger bodies (nginx: `client_max_body_size`)",
                limit.host
            )],
            Self::Forbidden { host, .. } => {
                vec![format!("check what the account may do on {host}")]
            }
            Self::RateLimited { host, .. } => vec![format!(
                "if it goes on, write {} with the requests per second that the registry grants",
                registry_setting(host, "rate", "20")
            )],
            Self::PausedTooLong { host, .. } => vec![format!(
                "run promo again when the pause is over; what {host} grants in the first place is told by {}",
                registry_setting(host, "rate", "20")
            )],
            Self::Refused { host, answer: Some(said), .. } if matches!(said.message(), TLS_WANTED | MAYBE_TLS) => vec![format!(
                "write {}",
                registry_setting(host, "plain-http", "false")
            )],
            Self::ForeignRealm { host, realm } => vec![format!(
                "if {realm} does belong to it, write {}",
                registry_setting(host, "token-realm", &quoted(host_of(realm)))
            )],
            Self::Connection {
                host,
                led_by,
                problem,
                ..
            } => connection_hints(host, led_by.is_some(), problem),
            Self::PlainService(plain) => vec![format!("name {} by an https URL", plain.host)],
            Self::OutOfFiles(_) => vec!["allow more open files (`ulimit -n 4096`)".to_owned()],
            Self::BrokenList { .. } => vec![
                "a proxy in front of the registry may change its paths: name the registry by the address that its links lead to".to_owned(),
            ],
            Self::FallbackTagTaken { .. } => vec![
                "let another mirror hold the evidence (`evidence = \"canonical = HOST\"`); signatures alone need no such list in the form `sig`".to_owned(),
            ],
            Self::ImmutableTag { .. } => vec![TAG_STAYS.to_owned()],
            Self::DigestNotKept { .. } => {
                vec!["promote the image by its sha256 digest".to_owned()]
            }
            Self::GoogleFile { .. } => vec![
                "run `gcloud auth application-default login`, or name a valid file in GOOGLE_APPLICATION_CREDENTIALS".to_owned(),
            ],
            Self::GoogleFileKind { .. } => vec![
                "let gcloud have the credentials (`gcloud auth login`), or a docker config".to_owned(),
            ],
            Self::CredentialHelper { name, advice: Some(advice), .. } => {
                vec![format!("the credential helper `{name}`: {advice}")]
            }
            Self::BlobSource { source, .. } => source.hints().to_vec(),
            _ => Vec::new(),
        }
    }
}

/// What to do about a connection that failed.
fn connection_hints(host: &str, is_led: bool, problem: &ConnectionProblem) -> Vec<String> {
    let hints = problem.hints(host);
    let behind_a_proxy = "a registry behind a proxy has to be told the name that it is known by (distribution: `http.host`)";
    let is_led = is_led && !matches!(problem, ConnectionProblem::Certificate(_));
    if is_led
        && (hints.is_empty() || !problem.lasts() || *problem == ConnectionProblem::UnknownHost)
    {
        return vec![behind_a_proxy.to_owned()];
    }
    hints
}

/// The host of a realm that is written with its scheme: what the setting names.
fn host_of(realm: &str) -> &str {
    realm.split_once("://").map_or(realm, |(_, host)| host)
}

//! Why a connection could not be made, or was of no use, where that is known: said in words, with what to do about it.
//!
//! The causes of the client that we use name the layers of its own (`client error (Connect)`); what a person can do something
//! about stands at their end, as a value of the system or of TLS. Whether another try is worth it follows from it, too.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use promo_core::setting::registry_setting;
use rustls::{AlertDescription, CertificateError, PeerIncompatible};

use super::clean;

/// Why a connection failed, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionProblem {
    /// The name has no address.
    UnknownHost,
    /// Nothing listens there.
    Refused,
    /// It was spoken to over TLS and answered in plain HTTP.
    SpeaksPlainHttp,
    /// It was spoken to in plain HTTP and answered something else, or hung up: it may speak TLS.
    MaySpeakTls,
    /// Both sides have no version of HTTP in common.
    NoCommonVersion,
    /// The certificate is not accepted.
    Certificate(CertificateProblem),
    /// Something else: the causes say what.
    Other,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// Nobody who is trusted signed it.
    UnknownAuthority,
    /// It is that of an authority, and no server may show such.
    IsAuthority,
    /// It is for other names.
    WrongName(Vec<String>),
    /// It ran out.
    Expired,
    /// It isn't valid yet.
    NotYetValid,
    /// It was withdrawn.
    Revoked,
    /// The host wants a certificate of ours, or another one.
    WantsOurs,
    /// Something else, in the words of TLS.
    Other(String),
}

/// How many names of a certificate are told.
const MAX_NAMES: usize = 4;

impl ConnectionProblem {
    /// By the error of the client.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let is_plain = error.url().is_some_and(|url| url.scheme() == "http");
        let mut is_about_names = false;
        let mut next: Option<&(dyn StdError + 'static)> = Some(error);
        while let Some(cause) = next {
            is_about_names |= cause.to_string() == "dns error";
            if let Some(problem) = of_cause(cause, is_about_names) {
                return problem;
            }
            next = cause.source();
        }
        let is_broken = error.is_request() && !error.is_connect() && !error.is_timeout();
        if is_plain && is_broken {
            Self::MaySpeakTls
        } else {
            Self::Other
        }
    }

    /// Whether the same comes out however often it is tried: somebody has to change something first.
    pub(crate) fn lasts(&self) -> bool {
        match self {
            Self::UnknownHost
            | Self::SpeaksPlainHttp
            | Self::NoCommonVersion
            | Self::Certificate(_) => true,
            Self::Refused | Self::MaySpeakTls | Self::Other => false,
        }
    }

    /// Whether the message says all that the causes do.
    pub(super) fn says_all(&self) -> bool {
        !matches!(self, Self::Other | Self::MaySpeakTls)
    }

    /// What to do about it at this host.
    pub(super) fn hints(&self, host: &str) -> Vec<String> {
        let hint = match self {
            Self::UnknownHost => {
                format!(
                    "check how {host} is written, and that names are resolved here (a VPN may be needed)"
                )
            }
            Self::Refused => format!("check the port of {host}, and that the registry runs"),
            Self::SpeaksPlainHttp => format!(
                "{host} answers in plain HTTP; if that is meant, write {}",
                registry_setting(host, "plain-http", "true")
            ),
            Self::MaySpeakTls => format!(
                "{host} was spoken to in plain HTTP; if it speaks HTTPS, write {}",
                registry_setting(host, "plain-http", "false")
            ),
            Self::NoCommonVersion => format!(
                "{host} doesn't speak the version of HTTP that is set for it; write {}",
                registry_setting(host, "http-version", "\"auto\"")
            ),
            Self::Certificate(problem) => return problem.hints(host),
            Self::Other => return Vec::new(),
        };
        vec![hint]
    }

    /// What happened, with the host and what led there.
    pub(super) fn message(&self, host: &str, led: &str) -> String {
        match self {
            Self::UnknownHost => {
                format!("no address is known for {host}{led}: the name doesn't resolve")
            }
            Self::Refused => format!("nothing listens at {host}{led}: the connection was refused"),
            Self::SpeaksPlainHttp => {
                format!("{host}{led} speaks plain HTTP and was spoken to over HTTPS")
            }
            Self::NoCommonVersion => {
                format!(
                    "the connection to {host}{led} failed: both sides have no version of HTTP in common"
                )
            }
            Self::Certificate(problem) => {
                format!("the certificate of {host}{led} is not accepted: {problem}")
            }
            Self::MaySpeakTls | Self::Other => format!("the connection to {host}{led} failed"),
        }
    }
}

fn of_cause(cause: &(dyn StdError + 'static), is_about_names: bool) -> Option<ConnectionProblem> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return of_tls(error);
    }
    let error = cause.downcast_ref::<io::Error>()?;
    if let Some(error) = tls_within(error) {
        return of_tls(error);
    }
    if error.kind() == io::ErrorKind::ConnectionRefused {
        return Some(ConnectionProblem::Refused);
    }
    // That no server of names answers may pass; what they answer doesn't.
    let passes = ["emporary failure", "try again"];
    let said = error.to_string();
    let is_answered = is_about_names && said.contains("failed to lookup address information");
    (is_answered && !passes.iter().any(|words| said.contains(words)))
        .then_some(ConnectionProblem::UnknownHost)
}

/// The error of TLS that an error of the system is about: the client wraps them in one another, and what is wrapped is no
/// `source`.
fn tls_within(error: &io::Error) -> Option<&rustls::Error> {
    let mut error = error;
    loop {
        let inner = error.get_ref()?;
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
        error = inner.downcast_ref()?;
    }
}

fn of_tls(error: &rustls::Error) -> Option<ConnectionProblem> {
    use rustls::Error as Tls;
    let problem = match error {
        Tls::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            return Some(ConnectionProblem::SpeaksPlainHttp);
        }
        Tls::NoApplicationProtocol
        | Tls::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13)
        | Tls::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            return Some(ConnectionProblem::NoCommonVersion);
        }
        Tls::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown,
        ) => CertificateProblem::WantsOurs,
        Tls::InvalidCertificate(error) => of_certificate(error),
        _ => return None,
    };
    Some(ConnectionProblem::Certificate(problem))
}

fn of_certificate(error: &CertificateError) -> CertificateProblem {
    use CertificateError as Wrong;
    match error {
        Wrong::UnknownIssuer => CertificateProblem::UnknownAuthority,
        Wrong::Expired | Wrong::ExpiredContext { .. } => CertificateProblem::Expired,
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => CertificateProblem::NotYetValid,
        Wrong::Revoked => CertificateProblem::Revoked,
        Wrong::NotValidForName => CertificateProblem::WrongName(Vec::new()),
        Wrong::NotValidForNameContext { presented, .. } => {
            let names = presented.iter().map(|name| clean(bare(name)));
            CertificateProblem::WrongName(names.collect())
        }
        other => {
            let said = other.to_string();
            if said.contains("CaUsedAsEndEntity") {
                CertificateProblem::IsAuthority
            } else {
                CertificateProblem::Other(clean(&said))
            }
        }
    }
}

/// A name of a certificate without the kind that TLS writes around it: `DnsName("a.example")`.
fn bare(name: &str) -> &str {
    let quoted = name
        .split_once('"')
        .and_then(|(_, rest)| rest.rsplit_once('"'));
    quoted.map_or(name, |(name, _)| name)
}

impl CertificateProblem {
    fn hints(&self, host: &str) -> Vec<String> {
        const ROOTS: &str = "`roots = [\"ca.pem\"]` under `[tls]` in promo.toml";
        vec![match self {
            Self::UnknownAuthority => format!(
                "if {host} has an authority of its own, name that authority's certificate: {ROOTS}"
            ),
            Self::IsAuthority => format!(
                "give {host} a certificate for its name that the authority signed (`basicConstraints=CA:FALSE`), and \
                 name the authority's: {ROOTS}"
            ),
            Self::WrongName(_) => {
                format!(
                    "name the registry as its certificate does, or let the certificate name {host}"
                )
            }
            Self::Expired => {
                format!("let {host} have a new certificate, or set the clock of this machine")
            }
            Self::NotYetValid => {
                "set the clock of this machine, or of the one that made it".to_owned()
            }
            Self::WantsOurs => format!(
                "write `client-certificate` and `client-key` under `{}` in promo.toml",
                promo_core::setting::registry_table(host)
            ),
            Self::Revoked | Self::Other(_) => format!("let {host} have another certificate"),
        }]
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAuthority => f.write_str("no authority that is trusted here signed it"),
            Self::IsAuthority => f.write_str(
                "it is the certificate of an authority, which no server may show as its own",
            ),
            Self::WrongName(names) if names.is_empty() => f.write_str("it is for another name"),
            Self::WrongName(names) => {
                let told: Vec<&str> = names.iter().take(MAX_NAMES).map(String::as_str).collect();
                write!(f, "it is for {}", told.join(", "))?;
                match names.len().saturating_sub(MAX_NAMES) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            Self::Expired => f.write_str("it has expired"),
            Self::NotYetValid => f.write_str("it is not valid yet"),
            Self::Revoked => f.write_str("it was withdrawn"),
            Self::WantsOurs => {
                f.write_str("the host wants another certificate of ours, or any at all")
            }
            Self::Other(said) => f.write_str(said),
        }
    }
}

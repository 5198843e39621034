//! The stable codes of this crate with what they mean, from which the reference is generated.

use promo_core::Code;

use super::Error;

/// A code and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeDescription {
    /// The code.
    pub code: Code,
    /// What happened, in a few words.
    pub title: &'static str,
    /// What it means and what to do.
    pub explanation: &'static str,
}

const fn describe(
    code: &'static str,
    title: &'static str,
    explanation: &'static str,
) -> CodeDescription {
    CodeDescription {
        code: Code::new(code),
        title,
        explanation,
    }
}

pub(super) const CODES: &[CodeDescription] = &[
    describe(
        "PROMO-R001",
        "Not found",
        "The registry answered 404 to an operation that needs the repository or the content to be there, such as opening an upload.",
    ),
    describe(
        "PROMO-R002",
        "Not authenticated",
        "The registry answered 401: there are no credentials for it, or it doesn't accept them, or it withdrew a token that it had just given.",
    ),
    describe(
        "PROMO-R003",
        "Forbidden",
        "The registry answered 403: the account is known but may not do this.",
    ),
    describe(
        "PROMO-R004",
        "Rate limited",
        "The registry went on answering 429 although promo paused and slowed down. Set `rate` of this registry to what it grants.",
    ),
    describe(
        "PROMO-R005",
        "Registry broken",
        "The registry answered 5xx, also when the request was repeated.",
    ),
    describe(
        "PROMO-R006",
        "Connection failed",
        "The host could not be reached, its certificate was not accepted, or the connection broke.",
    ),
    describe(
        "PROMO-R007",
        "Deadline passed",
        "The host did not answer, or stopped sending, for longer than the deadline.",
    ),
    describe(
        "PROMO-R008",
        "Immutable tag",
        "The registry keeps the tag from being changed. What it points to is not what the plan wants.",
    ),
    describe(
        "PROMO-R009",
        "Refused by the registry",
        "The registry answered 4xx for a reason of its own; its code and message are in the text.",
    ),
    describe(
        "PROMO-R010",
        "Answer too large",
        "The host sent more bytes than are accepted for this kind of answer. Nothing of it was used.",
    ),
    describe(
        "PROMO-R011",
        "Digest mismatch",
        "The bytes, or the digest that the registry names, are not those that were asked for: the content was altered, or the registry is wrong.",
    ),
    describe(
        "PROMO-R012",
        "Size mismatch",
        "A blob is shorter or longer than its descriptor says.",
    ),
    describe(
        "PROMO-R013",
        "Media type mismatch",
        "The Content-Type of a manifest and the mediaType inside it differ. Such a manifest could mean different things to different clients.",
    ),
    describe(
        "PROMO-R014",
        "Malformed answer",
        "The answer is not what OCI Distribution 1.1 prescribes; often an HTML page of a proxy or a login form.",
    ),
    describe(
        "PROMO-R015",
        "Encoded answer",
        "The answer came with a Content-Encoding although promo asks for none: digests are about the bytes as they are.",
    ),
    describe(
        "PROMO-R016",
        "Foreign token realm",
        "The registry sends us to a token server that is not known to belong to it. Credentials were not sent. If it does belong, set token-realm of this registry.",
    ),
    describe(
        "PROMO-R017",
        "Foreign location",
        "A redirect, an upload location or the link to the next page leads where promo doesn't follow: from https to http, into a private network, or to another host.",
    ),
    describe(
        "PROMO-R018",
        "Token refused",
        "The token server of the registry, or Google's where its credentials are used, did not give a token.",
    ),
    describe(
        "PROMO-R019",
        "Credential file unreadable",
        "A file with credentials is not valid.",
    ),
    describe(
        "PROMO-R020",
        "Credential helper failed",
        "A credential helper, or gcloud, has a name that is not allowed, isn't there, failed, was too slow, or said something that can't be understood.",
    ),
    describe(
        "PROMO-R021",
        "Setting not usable",
        "A setting of the transport (a certificate, a proxy, a rate) doesn't fit. Nothing was sent.",
    ),
    describe(
        "PROMO-R022",
        "Source of a blob failed",
        "The bytes of a blob that was being sent could not be read to the end, or were not the right ones. The upload was given up.",
    ),
    describe(
        "PROMO-R023",
        "Fallback tag lost an entry",
        "On a registry without the referrers API somebody else keeps overwriting the tag sha256-<hex> that lists the evidence.",
    ),
    describe(
        "PROMO-R024",
        "Mount across hosts",
        "A blob can only be mounted within one registry.",
    ),
    describe(
        "PROMO-R025",
        "Token ran out",
        "The registry withdrew a token while a blob was being sent. The next upload fetches a new one.",
    ),
    describe(
        "PROMO-R026",
        "Google credentials unusable",
        "The file with Google's application default credentials is not valid, or something that it names can't be read. `gcloud auth application-default login` writes it anew.",
    ),
    describe(
        "PROMO-R027",
        "Google credentials of another kind",
        "The file with Google's application default credentials is of a type that promo doesn't read: it reads authorized_user, service_account, external_account (with a file or a URL) and impersonated_service_account.",
    ),
    describe(
        "PROMO-R034",
        "Pause too long",
        "The registry asks by `Retry-After` for a pause that is longer than is waited (five minutes, unless set otherwise). Requests of that kind to that host fail until it is over; others go on.",
    ),
    describe(
        "PROMO-R035",
        "Host silent",
        "Nothing but passed deadlines and failed connections has come from the host for two minutes. Requests to it fail at once, but for one a minute that finds out whether it is back.",
    ),
    describe(
        "PROMO-R036",
        "Answer broke off",
        "A small answer ended in the middle, also when it was asked for again.",
    ),
    describe(
        "PROMO-R037",
        "Credential source failed",
        "A source of credentials that a program gave which embeds promo failed. Its own error stands behind the message.",
    ),
];

/// Codes that were added when those behind the first ones were taken.
pub(super) const LATER_CODES: &[CodeDescription] = &[
    describe(
        "PROMO-R068",
        "List broken",
        "A list of tags, repositories or referrers can't be read to its end: its link to the next page can't be read, leads to something else, or leads to nothing. What was read of it is not used.",
    ),
    describe(
        "PROMO-R069",
        "Fallback tag taken",
        "The registry has no list of referrers, and under the tag sha256-<hex> that would hold it stands something else: the image itself, an index of its platforms, or no index. It is not overwritten. Signatures in the form `sig` need no such list.",
    ),
    describe(
        "PROMO-R073",
        "Digest not kept",
        "The registry took a manifest by a digest that is not SHA-256, and doesn't show it by that digest. Promote the image by its SHA-256 digest, or to a registry that keeps others.",
    ),
    describe(
        "PROMO-R074",
        "List of referrers refused",
        "The registry has no referrers API, and refuses the list under the tag sha256-HEX in its place: something that is listed there isn't in the repository, or it takes no such list. The image is not put first for that, since the list doesn't need it.",
    ),
];

/// The code of [`Error::PausedTooLong`].
pub(super) const PAUSED_TOO_LONG: Code = Code::new("PROMO-R034");
/// The code of [`Error::Silent`].
pub(super) const SILENT: Code = Code::new("PROMO-R035");

/// The code of an error.
pub(super) const fn code_of(error: &Error) -> Code {
    Code::new(match error {
        Error::NotFound { .. } => "PROMO-R001",
        Error::Unauthenticated { .. } => "PROMO-R002",
        Error::Forbidden { .. } => "PROMO-R003",
        Error::RateLimited { .. } => "PROMO-R004",
        Error::Unavailable { .. } => "PROMO-R005",
        Error::Connection { .. } => "PROMO-R006",
        Error::Deadline { .. } => "PROMO-R007",
        Error::ImmutableTag { .. } => "PROMO-R008",
        Error::Refused { .. } => "PROMO-R009",
        Error::TooLarge { .. } => "PROMO-R010",
        Error::DigestMismatch { .. } => "PROMO-R011",
        Error::SizeMismatch { .. } => "PROMO-R012",
        Error::MediaTypeMismatch { .. } => "PROMO-R013",
        Error::Malformed { .. } => "PROMO-R014",
        Error::ContentEncoding { .. } => "PROMO-R015",
        Error::ForeignRealm { .. } => "PROMO-R016",
        Error::ForeignLocation { .. } => "PROMO-R017",
        Error::TokenRefused { .. } => "PROMO-R018",
        Error::CredentialFile { .. } => "PROMO-R019",
        Error::CredentialHelper { .. } => "PROMO-R020",
        Error::Setting { .. } => "PROMO-R021",
        Error::BlobSource { .. } => "PROMO-R022",
        Error::FallbackTagLost { .. } => "PROMO-R023",
        Error::MountAcrossHosts { .. } => "PROMO-R024",
        Error::TokenExpired { .. } => "PROMO-R025",
        Error::GoogleFile { .. } => "PROMO-R026",
        Error::GoogleFileKind { .. } => "PROMO-R027",
        Error::BrokenList { .. } => "PROMO-R068",
        Error::FallbackTagTaken { .. } => "PROMO-R069",
        Error::DigestNotKept { .. } => "PROMO-R073",
        Error::FallbackTagRefused { .. } => "PROMO-R074",
        Error::PausedTooLong { .. } => "PROMO-R034",
        Error::Silent { .. } => "PROMO-R035",
        Error::BrokeOff { .. } => "PROMO-R036",
        Error::CredentialSource { .. } => "PROMO-R037",
    })
}

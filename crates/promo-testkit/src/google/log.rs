//! What Google's services were asked, for tests to count.

/// One of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum GoogleService {
    /// `/` of the metadata server, by which it is found.
    MetadataRoot,
    /// The token of the machine's account, at the metadata server.
    MetadataToken,
    /// An identity token of the machine's account, at the metadata server.
    MetadataIdentity,
    /// A token for a refresh token.
    Refresh,
    /// A token, or an identity token, for a signed statement.
    Assertion,
    /// A token for a token of somebody else's.
    Exchange,
    /// The token of somebody else's, where a credentials file says that it is.
    Subject,
    /// A token of a service account, for one who may have it.
    Impersonation,
    /// An identity token of a service account, for one who may have it.
    IdentityImpersonation,
    /// Anything else.
    Unknown,
}

/// A request, and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GoogleRequest {
    /// Who was asked.
    pub service: GoogleService,
    /// Its Authorization header.
    pub authorization: Option<String>,
    /// The status of the answer.
    pub status: u16,
}

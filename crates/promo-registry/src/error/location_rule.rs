//! The rules for where a registry may send us, as errors name them. They are applied in `http`.

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
    #[error("a write is only redirected within its host, and one with a body only by 307 and 308")]
    NotARead,
    /// Credentials in the URL.
    #[error("a location may not carry credentials")]
    Credentials,
}

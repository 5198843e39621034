//! The annotations in which cosign keeps what vouches for a layer under `.sig` or `.att`.

pub(crate) const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
pub(crate) const CHAIN: &str = "dev.sigstore.cosign/chain";
pub(crate) const BUNDLE: &str = "dev.sigstore.cosign/bundle";
pub(crate) const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// Those that are verified beside the signature.
pub(super) const VERIFIED: [&str; 4] = [CERTIFICATE, CHAIN, BUNDLE, TIMESTAMP];

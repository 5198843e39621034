//! What goes wrong with keys, signatures and evidence, each with a stable code.
//!
//! At the ports an [`Error`] becomes a [`Failure`], which keeps it as its source. Why a piece of
//! evidence is refused is no error but a result: those codes stand beside its own in [`codes`].

use jiff::Timestamp;
use promo_core::Code;
use promo_core::oci::{Digest, Repository, Tag};
use promo_core::ports::{Failure, FailureKind, ServiceUrl, SignatureFormat};

use crate::{codes, seal};

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no key in a form that is known.
    #[error("the key can't be read: {expected}")]
    KeyFormat {
        /// What was expected.
        expected: &'static str,
    },
    /// It is the other half of a key pair.
    #[error("this is a {found} key, a {needed} key is needed")]
    OtherHalf {
        /// Which half it is.
        found: &'static str,
        /// Which half is needed.
        needed: &'static str,
    },
    /// The key is encrypted and no password was given.
    #[error("the private key is encrypted and no password was given")]
    PasswordMissing,
    /// The password doesn't open the key.
    #[error("the private key can't be decrypted with this password")]
    WrongPassword,
    /// A key of an algorithm whose signatures cosign doesn't accept.
    #[error("keys of the algorithm {algorithm} are not supported")]
    KeyAlgorithm {
        /// The algorithm as far as it is known.
        algorithm: &'static str,
    },
    /// A key could not be made or used.
    #[error("the key could not be used for {operation}")]
    Key {
        /// What it was used for.
        operation: &'static str,
        /// The cause.
        #[source]
        source: Box<sigstore::errors::SigstoreError>,
    },
    /// What was signed could not be put into its form.
    #[error("the {document} could not be written")]
    Encoding {
        /// Which document.
        document: &'static str,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// What the signer made, its own verifier did not accept.
    #[error("the signer's own evidence did not verify: {reason}")]
    SelfCheck {
        /// What the verifier said.
        reason: String,
    },
    /// A form or kind was asked for that this signer doesn't make.
    #[error("this signer does not make the signature format `{}`", format.as_str())]
    FormatNotOffered {
        /// The form.
        format: SignatureFormat,
    },
    /// No form at all, or one twice.
    #[error("signature formats must be named once each, and at least one")]
    Formats,
    /// A kind was asked for that this attester doesn't make.
    #[error("this attester does not make that kind of evidence")]
    KindNotOffered,
    /// The predicate type is no URI.
    #[error("the predicate type `{}` is not an absolute URI", predicate_type.escape_debug())]
    PredicateType {
        /// What was given.
        predicate_type: String,
    },
    /// Something else stands under a tag that is reserved for evidence.
    #[error("the tag {tag} of {repository} holds something that is no evidence: {found}")]
    ForeignTag {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
        /// What stands there.
        found: &'static str,
    },
    /// A shared tag was overwritten by others again and again.
    #[error("the tag {tag} of {repository} was changed by others each time evidence was added")]
    Contended {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
    },
    /// What was put under a shared tag is not there.
    #[error("the registry accepted the tag {tag} of {repository}, and does not show it")]
    TagNotKept {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
    },
    /// More evidence about a digest, in pieces or in bytes, than is read.
    #[error("there is more evidence about {digest} in {repository} than the {limit} that are read")]
    TooMuchEvidence {
        /// The repository.
        repository: Repository,
        /// The digest.
        digest: Digest,
        /// How much is read.
        limit: &'static str,
    },
    /// Evidence to be attached contradicts itself.
    #[error("the evidence can't be attached: {reason}")]
    Inconsistent {
        /// What is wrong.
        reason: &'static str,
    },
    /// The trusted root can't be used.
    #[error("the trusted root can't be used: {reason}")]
    TrustedRoot {
        /// Why.
        reason: String,
    },
    /// What a TUF repository says can't be believed.
    #[error("what the TUF repository {url} says can't be used: {reason}")]
    Repository {
        /// Where it is.
        url: ServiceUrl,
        /// Why.
        reason: String,
    },
    /// The signing configuration can't be used.
    #[error("the signing configuration can't be used: {reason}")]
    SigningConfig {
        /// Why.
        reason: String,
    },
    /// The identity token can't be used, or not yet.
    #[error("the identity token can't be used: {reason}")]
    IdentityToken {
        /// Why, without anything of the token.
        reason: String,
    },
    /// The identity token can't be used any more.
    #[error("the identity token counted until {expired} only")]
    IdentityTokenExpired {
        /// Until when it counted.
        expired: Timestamp,
    },
    /// An authority or a log doesn't do what it is asked.
    #[error("{url} refuses {what} with status {status}{}", said_by(said.as_ref()))]
    ServiceRefused {
        /// What was asked for.
        what: &'static str,
        /// Where.
        url: ServiceUrl,
        /// HTTP status.
        status: u16,
        /// What it says about it, quoted.
        said: Option<String>,
    },
    /// The answer of an authority or a log can't be used.
    #[error("the answer of {url} to {what} can't be used: {reason}")]
    ServiceAnswer {
        /// What was asked for.
        what: &'static str,
        /// Where.
        url: ServiceUrl,
        /// Why.
        reason: String,
    },
    /// A layer under `.sig` or `.att` has no room for what the logs give.
    #[error(
        "layers under .sig and .att need the promise of exactly one log of the first generation"
    )]
    LayerNeedsPromise,
    /// The link key is not an Ed25519 key.
    #[error("the link key is not an Ed25519 key in PKCS#8 (private) or SPKI (public) form")]
    LinkKey,
    /// A link could not be made.
    #[error("the in-toto link could not be made")]
    Link {
        /// The cause.
        #[source]
        source: Box<in_toto::Error>,
    },
    /// A link does not verify.
    #[error("the in-toto link does not verify: {reason}")]
    LinkRefused {
        /// Why.
        reason: &'static str,
    },
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::KeyFormat { .. } | Self::OtherHalf { .. } => codes::KEY_FORMAT,
            Self::PasswordMissing => codes::PASSWORD_MISSING,
            Self::WrongPassword => codes::WRONG_PASSWORD,
            Self::KeyAlgorithm { .. } => codes::KEY_ALGORITHM,
            Self::Key { .. } => codes::KEY,
            Self::Encoding { .. } => codes::ENCODING,
            Self::SelfCheck { .. } => codes::SELF_CHECK,
            Self::FormatNotOffered { .. } | Self::Formats | Self::KindNotOffered => {
                codes::NOT_OFFERED
            }
            Self::PredicateType { .. } => codes::PREDICATE_TYPE,
            Self::ForeignTag { .. } => codes::FOREIGN_TAG,
            Self::Contended { .. } => codes::CONTENDED,
            Self::TooMuchEvidence { .. } => codes::TOO_MUCH_EVIDENCE,
            Self::Inconsistent { .. } => codes::INCONSISTENT,
            Self::TagNotKept { .. } => codes::TAG_NOT_KEPT,
            Self::TrustedRoot { .. } => codes::TRUSTED_ROOT,
            Self::Repository { .. } => codes::REPOSITORY,
            Self::SigningConfig { .. } => codes::SIGNING_CONFIG,
            Self::IdentityToken { .. } => codes::IDENTITY_TOKEN,
            Self::IdentityTokenExpired { .. } => codes::IDENTITY_TOKEN_EXPIRED,
            Self::ServiceRefused { .. } => codes::SERVICE_REFUSED,
            Self::ServiceAnswer { .. } => codes::SERVICE_ANSWER,
            Self::LayerNeedsPromise => codes::LAYER_NEEDS_PROMISE,
            Self::LinkKey => codes::LINK_KEY,
            Self::Link { .. } => codes::LINK,
            Self::LinkRefused { .. } => codes::LINK_REFUSED,
        }
    }

    /// What to do about it, one sentence each.
    pub fn hints(&self) -> &'static [&'static str] {
        match self {
            Self::KeyFormat { .. } => {
                &["Make a key pair with `promo key generate` or `cosign generate-key-pair`."]
            }
            Self::OtherHalf { .. } => &["Name the file of the other half of the key pair."],
            Self::PasswordMissing => &["Set COSIGN_PASSWORD to the password of the key."],
            Self::WrongPassword => {
                &["Check COSIGN_PASSWORD; an empty password is a password, too."]
            }
            Self::KeyAlgorithm { algorithm: "RSA" } => &[
                "An RSA key verifies what others signed with it, but promo signs with none: use a P-256 key.",
            ],
            Self::KeyAlgorithm { algorithm } if algorithm.starts_with("RSA") => {
                &["RSA keys of 2048 to 8192 bits verify, as SubjectPublicKeyInfo in DER."]
            }
            Self::KeyAlgorithm {
                algorithm: "P-384" | "P-521",
            } => &["Use a P-256 key: cosign does not accept signatures by P-384 or P-521 keys."],
            Self::KeyAlgorithm { .. } => &["Use a P-256 key."],
            Self::PredicateType { .. } => {
                &["A predicate type is an absolute URI, such as https://slsa.dev/provenance/v1."]
            }
            Self::ForeignTag { .. } => {
                &["Look at what stands under the tag; promo never overwrites it."]
            }
            Self::Contended { .. } => &["Run it again when no other program signs the same image."],
            Self::TagNotKept { .. } => &[
                "See what takes tags away there: a clean-up rule, a proxy that only answers, or a replica that is behind.",
            ],
            Self::TooMuchEvidence { .. } => &[
                "Remove referrers that are not needed; a list that is not read whole decides nothing.",
            ],
            Self::TrustedRoot { .. } => &[
                "A trusted root is the file trusted_root.json of a sigstore, as `cosign trusted-root create` writes it.",
            ],
            Self::Repository { .. } => &[
                "See whether it is a mirror that is no longer kept, whether its root is the one that its owner handed out, and whether the clock of this machine is right.",
            ],
            Self::SigningConfig { .. } => &[
                "A signing configuration is the file signing_config.json of a sigstore, as `cosign signing-config create` writes it.",
            ],
            Self::IdentityToken { .. } => &[
                "It must be an OpenID Connect token for the audience `sigstore`, or whatever your certificate authority expects.",
            ],
            Self::IdentityTokenExpired { .. } => &[
                "Get a new one right before the run; from a CI system promo gets a new one itself whenever it needs it.",
                "If it has only just been made, see whether the clock of this machine is right.",
            ],
            Self::ServiceRefused {
                what: seal::CERTIFICATE,
                ..
            } => &[
                "See whether the authority knows the issuer of your identity token, and takes tokens for its audience.",
            ],
            Self::LayerNeedsPromise => &["Write bundles only, or sign with a log of Rekor v1."],
            Self::LinkKey => &["Make one with `openssl genpkey -algorithm ed25519 -out link.pem`."],
            _ => &[],
        }
    }

    /// What it means to the one who called a port.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::KeyFormat { .. }
            | Self::OtherHalf { .. }
            | Self::PasswordMissing
            | Self::WrongPassword
            | Self::KeyAlgorithm { .. }
            | Self::Formats
            | Self::PredicateType { .. }
            | Self::TrustedRoot { .. }
            | Self::SigningConfig { .. }
            | Self::Repository { .. }
            | Self::LayerNeedsPromise
            | Self::LinkKey => FailureKind::Configuration,
            Self::FormatNotOffered { .. } | Self::KindNotOffered => FailureKind::Unsupported,
            Self::Key { .. }
            | Self::Encoding { .. }
            | Self::SelfCheck { .. }
            | Self::IdentityToken { .. }
            | Self::IdentityTokenExpired { .. }
            | Self::ServiceRefused { .. }
            | Self::ServiceAnswer { .. }
            | Self::Link { .. }
            | Self::LinkRefused { .. } => FailureKind::Signing,
            Self::ForeignTag { .. } | Self::Contended { .. } | Self::TagNotKept { .. } => {
                FailureKind::Refused
            }
            Self::TooMuchEvidence { .. } => FailureKind::TooLarge,
            Self::Inconsistent { .. } => FailureKind::Malformed,
        }
    }
}

/// What somebody says about it, behind a colon.
fn said_by(said: Option<&String>) -> String {
    said.map(|said| format!(": {said}")).unwrap_or_default()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // The failure speaks with the error's words, so the error's own cause becomes its source.
        let mut failure = Self::new(error.kind(), error.code(), error.to_string());
        for hint in error.hints() {
            failure = failure.with_hint(*hint);
        }
        match error {
            Error::Key { source, .. } => failure.with_source(source),
            Error::Encoding { source, .. } => failure.with_source(source),
            Error::Link { source } => failure.with_source(source),
            Error::ServiceRefused { status, .. } => failure.with_status(status),
            _ => failure,
        }
    }
}

#[cfg(test)]
mod tests;

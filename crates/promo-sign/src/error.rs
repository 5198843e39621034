//! What goes wrong with keys, signatures and evidence, each with a stable code.
//!
//! At the ports an [`Error`] becomes a [`Failure`], which keeps it as its source. Why a piece of
//! evidence is refused is no error but a result: those codes are in [`crate::refusal`].

use promo_core::Code;
use promo_core::oci::{Digest, Repository, Tag};
use promo_core::ports::{Failure, FailureKind, SignatureFormat};

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
        Code::new(match self {
            Self::KeyFormat { .. } => "PROMO-S001",
            Self::PasswordMissing => "PROMO-S002",
            Self::WrongPassword => "PROMO-S003",
            Self::KeyAlgorithm { .. } => "PROMO-S004",
            Self::Key { .. } => "PROMO-S005",
            Self::Encoding { .. } => "PROMO-S006",
            Self::SelfCheck { .. } => "PROMO-S007",
            Self::FormatNotOffered { .. } | Self::Formats | Self::KindNotOffered => "PROMO-S008",
            Self::PredicateType { .. } => "PROMO-S009",
            Self::ForeignTag { .. } => "PROMO-S020",
            Self::Contended { .. } => "PROMO-S021",
            Self::TooMuchEvidence { .. } => "PROMO-S022",
            Self::Inconsistent { .. } => "PROMO-S023",
            Self::TagNotKept { .. } => "PROMO-S024",
            Self::LinkKey => "PROMO-S030",
            Self::Link { .. } => "PROMO-S031",
            Self::LinkRefused { .. } => "PROMO-S032",
        })
    }

    /// What to do about it, one sentence each.
    pub fn hints(&self) -> &'static [&'static str] {
        match self {
            Self::KeyFormat { .. } => {
                &["Make a key pair with `promo key generate` or `cosign generate-key-pair`."]
            }
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
            Self::LinkKey => &["Make one with `openssl genpkey -algorithm ed25519 -out link.pem`."],
            _ => &[],
        }
    }

    /// What it means to the one who called a port.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::KeyFormat { .. }
            | Self::PasswordMissing
            | Self::WrongPassword
            | Self::KeyAlgorithm { .. }
            | Self::Formats
            | Self::PredicateType { .. }
            | Self::LinkKey => FailureKind::Configuration,
            Self::FormatNotOffered { .. } | Self::KindNotOffered => FailureKind::Unsupported,
            Self::Key { .. }
            | Self::Encoding { .. }
            | Self::SelfCheck { .. }
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
            _ => failure,
        }
    }
}

/// What a code means, for the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeEntry {
    /// The code.
    pub code: Code,
    /// In a few words.
    pub title: &'static str,
    /// When it comes and what to do.
    pub explanation: &'static str,
}

const fn entry(code: &'static str, title: &'static str, explanation: &'static str) -> CodeEntry {
    CodeEntry {
        code: Code::new(code),
        title,
        explanation,
    }
}

/// All codes of this crate, in their order.
pub const CODES: &[CodeEntry] = &[
    entry(
        "PROMO-S001",
        "key can't be read",
        "The file is no PEM key of a known form: PKCS#8, SEC1 (EC PRIVATE KEY), cosign's encrypted key, or a public key as SPKI.",
    ),
    entry(
        "PROMO-S002",
        "password missing",
        "The private key is encrypted. Its password is taken from COSIGN_PASSWORD.",
    ),
    entry(
        "PROMO-S003",
        "wrong password",
        "The private key can't be decrypted with the password given, or it is damaged.",
    ),
    entry(
        "PROMO-S004",
        "key algorithm not supported",
        "Only P-256 and Ed25519 keys make signatures that cosign accepts in every form that promo writes. RSA keys of 2048 to 8192 bits verify what others signed (PKCS#1 v1.5 with SHA-256, as cosign signs with them), but promo signs with none. P-384 and P-521 are refused.",
    ),
    entry(
        "PROMO-S005",
        "key failed",
        "The cryptographic library could not make or use the key.",
    ),
    entry(
        "PROMO-S006",
        "document can't be written",
        "A signed document could not be serialised. This is a defect.",
    ),
    entry(
        "PROMO-S007",
        "own evidence does not verify",
        "Whatever promo signs it verifies before anything is pushed. What it made was not accepted, so nothing was pushed.",
    ),
    entry(
        "PROMO-S008",
        "format not offered",
        "A signature format or a kind of evidence was asked for that the signer or attester does not make.",
    ),
    entry(
        "PROMO-S009",
        "predicate type not a URI",
        "The type of an attestation's predicate must be an absolute URI.",
    ),
    entry(
        "PROMO-S010",
        "malformed evidence",
        "Evidence that claims an accepted key can't be understood.",
    ),
    entry(
        "PROMO-S011",
        "bad signature",
        "Evidence claims an accepted key, but its signature is not by that key.",
    ),
    entry(
        "PROMO-S012",
        "evidence about another digest",
        "The signature is good, but it speaks of another image.",
    ),
    entry(
        "PROMO-S013",
        "evidence names another image",
        "The signature is good and about this digest, but it names another repository than the one asked for.",
    ),
    entry(
        "PROMO-S014",
        "evidence names no image",
        "The signature is good and about this digest, but names no repository, and a name was required.",
    ),
    entry(
        "PROMO-S015",
        "not a statement",
        "What is signed is not an in-toto statement of a known version, or not a container image signature.",
    ),
    entry(
        "PROMO-S016",
        "form of signature not supported",
        "Evidence that claims an accepted key signs the bytes of the image directly instead of a statement; this form can't be judged here.",
    ),
    entry(
        "PROMO-S020",
        "tag holds something else",
        "Under a tag that is reserved for evidence (sha256-….sig or .att) stands an index or an image that is no evidence. It is never overwritten.",
    ),
    entry(
        "PROMO-S021",
        "evidence tag contended",
        "Another program changed the same evidence tag again and again while promo added to it.",
    ),
    entry(
        "PROMO-S022",
        "too much evidence",
        "More than 1,000 manifests refer to the image, or stand as layers under one of its evidence tags, or their blobs are together larger than 64 MiB. What is not read whole decides nothing.",
    ),
    entry(
        "PROMO-S023",
        "inconsistent evidence",
        "A piece of evidence to be attached does not fit its own descriptors or the image it is for.",
    ),
    entry(
        "PROMO-S024",
        "evidence tag not kept",
        "The registry answered that it took a tag of evidence (sha256-….sig or .att), and shows nothing under it, twice. Nothing was published.",
    ),
    entry(
        "PROMO-S030",
        "link key can't be used",
        "in-toto links are signed with Ed25519 keys.",
    ),
    entry(
        "PROMO-S031",
        "link can't be made",
        "The in-toto library could not write or sign the link.",
    ),
    entry(
        "PROMO-S032",
        "link refused",
        "A link is malformed or not signed by the key given.",
    ),
    entry(
        "PROMO-S033",
        "envelope of several signatures",
        "Evidence that claims an accepted key has an envelope with no or with several signatures. A bundle has exactly one, and no other form can be judged here.",
    ),
];

#[cfg(test)]
mod tests;

//! in-toto statements: what bundles and `.att` layers sign.

use promo_core::identity::Identity;
use promo_core::oci::{Digest, DigestAlgorithm};
use promo_core::ports::{EvidenceKind, SignatureFormat};
use sigstore_types::{Digest as DigestSet, Sha256Hash, Sha512Hash, Statement, Subject};

use crate::refusal::{self, Refusal};
use crate::{Error, json};

/// The predicate type of an image signature, as cosign writes it.
pub const SIGNATURE_PREDICATE_TYPE: &str = "https://sigstore.dev/cosign/sign/v1";

/// The payload type of an envelope that holds a statement.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// cosign 3.1 still attests with this older version; the fields are the same.
const STATEMENT_V0_1: &str = "https://in-toto.io/Statement/v0.1";

/// Writes a statement about one subject.
pub(crate) fn write(
    identity: &Identity,
    digest: &Digest,
    predicate_type: &str,
    predicate: serde_json::Value,
) -> Result<Vec<u8>, Error> {
    let subject = Subject::new(identity.as_str(), digest_set(digest));
    let statement = Statement::new(vec![subject], predicate_type, predicate);
    serde_json::to_vec(&statement).map_err(|source| Error::Encoding {
        document: "statement",
        source,
    })
}

/// What a statement says about a digest, once its signature is known to be good.
#[derive(Debug)]
pub(crate) struct SignedStatement {
    pub(crate) predicate_type: String,
    pub(crate) predicate: serde_json::Value,
    /// The names under which it speaks of the digest, those that are not empty.
    pub(crate) names: Vec<String>,
}

/// Reads a statement whose signature is good: it must be of a known version and have `digest` among
/// its subjects.
pub(crate) fn read(
    payload_type: &str,
    payload: &[u8],
    digest: &Digest,
) -> Result<SignedStatement, Refusal> {
    if payload_type != PAYLOAD_TYPE {
        return Err(Refusal::new(
            refusal::STATEMENT,
            format!("the payload's type is `{}`", payload_type.escape_debug()),
        ));
    }
    let Some(statement) = json::parse::<Statement>(payload) else {
        return Err(Refusal::new(
            refusal::MALFORMED,
            "what is signed is not an in-toto statement",
        ));
    };
    if !matches!(
        statement.type_.as_str(),
        Statement::TYPE_V1 | STATEMENT_V0_1
    ) {
        return Err(Refusal::new(
            refusal::STATEMENT,
            format!(
                "the statement's type is `{}`",
                statement.type_.escape_debug()
            ),
        ));
    }
    let about: Vec<Subject> = statement
        .subject
        .into_iter()
        .filter(|subject| has_digest(&subject.digest, digest))
        .collect();
    if about.is_empty() {
        return Err(Refusal::new(
            refusal::DIGEST,
            "none of the statement's subjects has this digest",
        ));
    }
    Ok(SignedStatement {
        predicate_type: statement.predicate_type,
        predicate: statement.predicate,
        names: about
            .into_iter()
            .map(|subject| subject.name)
            .filter(|name| !name.is_empty())
            .collect(),
    })
}

/// What a statement that nobody vouches for claims to be. An image signature is assumed where that
/// can't be learned, so that a signature policy sees it.
pub(crate) fn claimed_kind(payload: &[u8], otherwise: EvidenceKind) -> EvidenceKind {
    json::parse::<Statement>(payload).map_or(otherwise, |statement| kind(statement.predicate_type))
}

/// The kind of evidence that a bundle with this predicate type is.
pub(crate) fn kind(predicate_type: String) -> EvidenceKind {
    if predicate_type == SIGNATURE_PREDICATE_TYPE {
        EvidenceKind::Signature {
            format: SignatureFormat::Bundle,
        }
    } else {
        EvidenceKind::Attestation { predicate_type }
    }
}

fn digest_set(digest: &Digest) -> DigestSet {
    let mut set = DigestSet::default();
    // The fixed sizes are known by the algorithm, so neither conversion can fail.
    match digest.algorithm() {
        DigestAlgorithm::Sha512 => set.sha512 = Sha512Hash::from_hex(&digest.hex()).ok(),
        _ => set.sha256 = Sha256Hash::from_hex(&digest.hex()).ok(),
    }
    set
}

/// Whether a set of digests contains this one; what it says by other algorithms isn't looked at.
fn has_digest(set: &DigestSet, digest: &Digest) -> bool {
    let found = match digest.algorithm() {
        DigestAlgorithm::Sha256 => set.sha256.as_ref().map(Sha256Hash::to_hex),
        DigestAlgorithm::Sha512 => set.sha512.as_ref().map(Sha512Hash::to_hex),
        _ => None,
    };
    found.is_some_and(|hex| hex == digest.hex())
}

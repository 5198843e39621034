//! in-toto statements: what bundles and `.att` layers sign.

mod subjects;

use promo_core::identity::Identity;
use promo_core::oci::{Digest, DigestAlgorithm};
use promo_core::ports::{EvidenceKind, SignatureFormat};
use promo_core::predicate::PROMOTION_PREDICATE_TYPE;
use promo_core::quoted;
use serde::Deserialize;
use serde_json::value::RawValue;
use sigstore_types::{Digest as DigestSet, Sha256Hash, Sha512Hash, Statement, Subject};

use crate::json::{self, Text};
use crate::refusal::Refusal;
use crate::{Error, codes};

/// The predicate type of an image signature, as cosign writes it.
pub const SIGNATURE_PREDICATE_TYPE: &str = "https://sigstore.dev/cosign/sign/v1";

/// The payload type of an envelope that holds a statement.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// cosign 3.1 still attests with this older version; the fields are the same.
const STATEMENT_V0_1: &str = "https://in-toto.io/Statement/v0.1";

/// A predicate type is a URI; a longer one is none.
const MAX_PREDICATE_TYPE: usize = 2000;

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
    /// When a promotion's own record says it was made.
    pub(crate) timestamp: Option<jiff::Timestamp>,
    /// The names under which it speaks of the digest, those that are not empty.
    pub(crate) names: Vec<String>,
}

/// The parts of a statement, as they are written.
#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(rename = "_type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    subject: &'a RawValue,
    #[serde(rename = "predicateType", borrow)]
    predicate_type: Text<'a>,
    #[serde(default, borrow)]
    predicate: Option<&'a RawValue>,
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
            codes::STATEMENT,
            format!("the payload's type is {}", quoted(payload_type)),
        ));
    }
    let malformed = || {
        Refusal::new(
            codes::MALFORMED,
            "what is signed is not an in-toto statement",
        )
    };
    let statement = json::parse_outline::<Outline<'_>>(payload)
        .filter(|statement| statement.predicate_type.0.len() <= MAX_PREDICATE_TYPE)
        .ok_or_else(malformed)?;
    if !matches!(&*statement.kind.0, Statement::TYPE_V1 | STATEMENT_V0_1) {
        return Err(Refusal::new(
            codes::STATEMENT,
            format!("the statement's type is {}", quoted(&statement.kind.0)),
        ));
    }
    let about = subjects::about(statement.subject, digest).ok_or_else(malformed)?;
    if about.subjects == 0 {
        return Err(Refusal::new(
            codes::DIGEST,
            "none of the statement's subjects has this digest",
        ));
    }
    let predicate_type = statement.predicate_type.0.into_owned();
    Ok(SignedStatement {
        timestamp: statement
            .predicate
            .filter(|_| predicate_type == PROMOTION_PREDICATE_TYPE)
            .and_then(promotion_time),
        predicate_type,
        names: about.names,
    })
}

/// The time that a promotion's own record gives.
fn promotion_time(predicate: &RawValue) -> Option<jiff::Timestamp> {
    #[derive(Deserialize)]
    struct Promotion<'a> {
        #[serde(borrow)]
        timestamp: Text<'a>,
    }
    let promotion: Promotion<'_> = json::part(predicate)?;
    promotion.timestamp.0.parse().ok()
}

/// What a statement that nobody vouches for claims to be. An image signature is assumed where that
/// can't be learned, so that a signature policy sees it.
pub(crate) fn claimed_kind(payload: &[u8], otherwise: EvidenceKind) -> EvidenceKind {
    json::parse_outline::<Outline<'_>>(payload)
        .map(|statement| statement.predicate_type.0)
        .filter(|predicate_type| predicate_type.len() <= MAX_PREDICATE_TYPE)
        .map_or(otherwise, |predicate_type| {
            kind(predicate_type.into_owned())
        })
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
        DigestAlgorithm::Sha256 => set.sha256 = Sha256Hash::from_hex(&digest.hex()).ok(),
    }
    set
}

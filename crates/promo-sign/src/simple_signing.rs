//! The payload of a `.sig` layer: "simple signing", as cosign writes it.
//!
//! The exact bytes are what is signed, so the order of the fields below is part of the format.

use bytes::Bytes;
use promo_core::identity::Identity;
use promo_core::oci::{Descriptor, Digest, MediaType};
use promo_core::ports::EvidenceBlob;
use promo_core::{Code, quoted};
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::{Error, codes, json};

/// The annotation of the layer that holds the signature in base64.
pub(crate) const SIGNATURE_ANNOTATION: &str = "dev.cosignproject.cosign/signature";

/// The annotation of a layer under `.att` that repeats what it attests.
pub(crate) const PREDICATE_TYPE_ANNOTATION: &str = "predicateType";

const TYPE: &str = "cosign container image signature";

#[derive(Serialize)]
struct Payload {
    critical: Critical,
    optional: (),
}

#[derive(Serialize, Deserialize)]
struct Critical {
    identity: Named,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Serialize, Deserialize)]
struct Named {
    #[serde(rename = "docker-reference")]
    docker_reference: String,
}

#[derive(Serialize, Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    docker_manifest_digest: String,
}

/// The part of a payload that is read.
#[derive(Deserialize)]
struct Found {
    critical: Critical,
}

/// Writes the payload that says `identity` and `digest`.
pub(crate) fn write(identity: &Identity, digest: &Digest) -> Result<Vec<u8>, Error> {
    let payload = Payload {
        critical: Critical {
            identity: Named {
                docker_reference: identity.as_str().to_owned(),
            },
            image: Image {
                docker_manifest_digest: digest.to_string(),
            },
            kind: TYPE.to_owned(),
        },
        optional: (),
    };
    serde_json::to_vec(&payload).map_err(|source| Error::Encoding {
        document: "signature payload",
        source,
    })
}

/// A signed payload as a layer.
pub(crate) fn layer(payload: Bytes, signature: &[u8]) -> EvidenceBlob {
    let mut descriptor = Descriptor::of(MediaType::SIMPLE_SIGNING, &payload);
    descriptor.annotations.insert(
        SIGNATURE_ANNOTATION.to_owned(),
        crate::bundle::base64(signature),
    );
    EvidenceBlob {
        descriptor,
        bytes: payload,
    }
}

/// What a payload speaks of, once its signature is known to be good.
#[derive(Debug)]
pub(crate) struct SignedReference {
    /// The docker-reference; empty if it names nothing.
    pub(crate) name: String,
}

/// Reads a payload whose signature is good: it must be an image signature about `digest`.
pub(crate) fn read(bytes: &[u8], digest: &Digest) -> Result<SignedReference, Refusal> {
    let refused = |code: Code, message: String| Err(Refusal::new(code, message));
    let Some(payload) = json::parse_outline::<Found>(bytes) else {
        return refused(
            codes::MALFORMED,
            "what is signed is not a simple-signing payload".to_owned(),
        );
    };
    let critical = payload.critical;
    if critical.kind != TYPE {
        return refused(
            codes::STATEMENT,
            format!("the payload's type is {}", quoted(&critical.kind)),
        );
    }
    if critical.image.docker_manifest_digest != digest.to_string() {
        let found = critical.image.docker_manifest_digest;
        return refused(
            codes::DIGEST,
            format!("it signs the digest {}", quoted(&found)),
        );
    }
    Ok(SignedReference {
        name: critical.identity.docker_reference,
    })
}

//! A transparency log of the test's own: entries of Rekor v1 and v2 in a tree of two leaves, as they stand in bundles and layers.

use promo_core::oci::Digest;
use promo_sign::SigningKey;
use serde_json::{Value, json};

use crate::recorded::base64;

/// When its entries were taken in.
pub(crate) const TAKEN: i64 = 1_780_000_000;

pub(crate) struct Log {
    key: SigningKey,
}

/// What is signed, as entries say it.
pub(crate) struct Logged<'a> {
    pub(crate) payload: &'a [u8],
    /// What the signature is over.
    pub(crate) signed: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) key_pem: &'a str,
    pub(crate) spki: &'a [u8],
}

impl Log {
    pub(crate) fn new() -> Self {
        let key = SigningKey::generate().unwrap();
        Self { key }
    }

    fn id(&self) -> Digest {
        Digest::sha256_of(self.key.public_key().spki())
    }

    /// The id as facts have it.
    pub(crate) fn hex(&self) -> String {
        self.id().to_string().replacen("sha256:", "", 1)
    }

    /// As it stands in a trusted root.
    pub(crate) fn trusted(&self) -> Value {
        json!({
            "baseUrl": "https://log.promo.example",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": base64(self.key.public_key().spki()),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": { "start": "2026-01-01T00:00:00Z" },
            },
            "logId": { "keyId": base64(self.id().as_bytes()) },
        })
    }

    /// Rekor v1: a promise and a proof.
    pub(crate) fn dsse_v1(&self, logged: &Logged<'_>) -> Value {
        let hash = |bytes: &[u8]| {
            let value = Digest::sha256_of(bytes).to_string();
            json!({ "algorithm": "sha256", "value": value.replacen("sha256:", "", 1) })
        };
        let body = json!({
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": hash(b"the envelope as it was sent"),
                "payloadHash": hash(logged.payload),
                "signatures": [{
                    "signature": base64(logged.signature),
                    "verifier": base64(logged.key_pem.as_bytes()),
                }],
            },
        });
        self.v1("dsse", &body)
    }

    /// The same of a signature over bytes.
    pub(crate) fn hashed_v1(&self, logged: &Logged<'_>) -> Value {
        let digest = Digest::sha256_of(logged.signed).to_string();
        let body = json!({
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": {
                    "hash": { "algorithm": "sha256", "value": digest.replacen("sha256:", "", 1) },
                },
                "signature": {
                    "content": base64(logged.signature),
                    "publicKey": { "content": base64(logged.key_pem.as_bytes()) },
                },
            },
        });
        self.v1("hashedrekord", &body)
    }

    /// Rekor v2: a proof.
    pub(crate) fn hashed_v2(&self, logged: &Logged<'_>) -> Value {
        let body = json!({
            "apiVersion": "0.0.2",
            "kind": "hashedrekord",
            "spec": { "hashedRekordV002": {
                "data": {
                    "algorithm": "SHA2_256",
                    "digest": base64(Digest::sha256_of(logged.signed).as_bytes()),
                },
                "signature": {
                    "content": base64(logged.signature),
                    "verifier": {
                        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                        "publicKey": { "rawBytes": base64(logged.spki) },
                    },
                },
            } },
        });
        let body = body.to_string();
        json!({
            "logIndex": "1",
            "logId": { "keyId": base64(self.id().as_bytes()) },
            "kindVersion": { "kind": "hashedrekord", "version": "0.0.2" },
            "inclusionProof": self.proof(body.as_bytes()),
            "canonicalizedBody": base64(body.as_bytes()),
        })
    }

    fn v1(&self, kind: &str, body: &Value) -> Value {
        let body = body.to_string();
        let encoded = base64(body.as_bytes());
        let promised = format!(
            r#"{{"body":{encoded},"integratedTime":{TAKEN},"logID":"{}","logIndex":7}}"#,
            self.hex()
        );
        let promise = self.key.sign(promised.as_bytes()).unwrap();
        json!({
            "logIndex": "7",
            "logId": { "keyId": base64(self.id().as_bytes()) },
            "kindVersion": { "kind": kind, "version": "0.0.1" },
            "integratedTime": TAKEN.to_string(),
            "inclusionPromise": { "signedEntryTimestamp": base64(&promise) },
            "inclusionProof": self.proof(body.as_bytes()),
            "canonicalizedBody": encoded,
        })
    }

    /// The second of two leaves.
    fn proof(&self, body: &[u8]) -> Value {
        let leaf = |body: &[u8]| Digest::sha256_of(&[&[0], body].concat());
        let first = leaf(b"the first leaf");
        let both = [&[1], first.as_bytes(), leaf(body).as_bytes()].concat();
        let root = Digest::sha256_of(&both);
        let root = base64(root.as_bytes());
        let head = format!("log.promo.example\n2\n{}\n", root.as_str().unwrap());
        let signature = self.key.sign(head.as_bytes()).unwrap();
        let signature = [&self.id().as_bytes()[..4], &signature].concat();
        let signature = base64(&signature);
        let signature = signature.as_str().unwrap();
        json!({
            "logIndex": "1",
            "rootHash": root,
            "treeSize": "2",
            "hashes": [base64(first.as_bytes())],
            "checkpoint": { "envelope": format!("{head}\n\u{2014} log.promo.example {signature}\n") },
        })
    }
}

/// What cosign keeps of an entry beside a layer.
pub(crate) fn kept(entry: &Value) -> String {
    let id = crate::recorded::base64_of(&entry["logId"]["keyId"]);
    let id: [u8; 32] = id.try_into().unwrap();
    let id = Digest::from_sha256(id).to_string();
    let number = |name: &str| entry[name].as_str().unwrap().parse::<i64>().unwrap();
    json!({
        "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        "Payload": {
            "body": entry["canonicalizedBody"],
            "integratedTime": number("integratedTime"),
            "logIndex": number("logIndex"),
            "logID": id.replacen("sha256:", "", 1),
        },
    })
    .to_string()
}

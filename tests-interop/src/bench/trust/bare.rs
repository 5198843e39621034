//! The bare loop: entries that a key has signed go into a log, so many at once, and nothing is made of the answers. It is what the log
//! allows whoever signs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::digest::sha256;
use crate::http::Client;
use crate::sigstore_stack::{Log, Sigstore};
use xtask::error::{Error, Result};

/// Enters so many signatures, and returns how long that took.
pub(super) fn enter(
    sigstore: &Sigstore,
    log: Log,
    count: usize,
    at_once: usize,
) -> Result<Duration> {
    let maker = Maker::new(log)?;
    let bodies: Vec<String> = (0..count)
        .map(|number| maker.entry(number).map(|entry| entry.to_string()))
        .collect::<Result<_>>()?;
    let (address, path) = match log {
        Log::One | Log::OneAlone => (sigstore.rekor_1(), "/api/v1/log/entries"),
        Log::Two => (sigstore.rekor_2(), "/api/v2/log/entries"),
    };
    let client = Client::new(address.trim_start_matches("http://"), None);
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    let ended: Vec<Result<()>> = std::thread::scope(|scope| {
        let work = || -> Result<()> {
            while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = client.post_json(path, body)?;
                if !matches!(answer.status, 200 | 201) {
                    let status = answer.status;
                    return Err(Error::unmet(format!("the log answered {status}")));
                }
                answer.read_to_end()?;
            }
            Ok(())
        };
        let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        let ended = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended
            .map(|ended| ended.unwrap_or_else(|_| Err(Error::unmet("a thread panicked"))))
            .collect()
    });
    let took = began.elapsed();
    ended.into_iter().collect::<Result<()>>()?;
    Ok(took)
}

/// Makes entries of one log.
struct Maker {
    log: Log,
    key: EcdsaKeyPair,
    public: Vec<u8>,
}

impl Maker {
    fn new(log: Log) -> Result<Self> {
        let failed = |_| Error::unmet("a key could not be made");
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(failed)?;
        let public = key.public_key().as_der().map_err(failed)?;
        Ok(Self {
            log,
            public: public.as_ref().to_vec(),
            key,
        })
    }

    fn entry(&self, number: usize) -> Result<Value> {
        let content = format!("entry {number}");
        let signature = self.key.sign(&SystemRandom::new(), content.as_bytes());
        let signature = signature.map_err(|_| Error::unmet("an entry could not be signed"))?;
        let digest = Sha256::digest(&content);
        let signature = STANDARD.encode(signature);
        Ok(match self.log {
            Log::One | Log::OneAlone => {
                let pem = format!(
                    "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
                    STANDARD.encode(&self.public)
                );
                let named = sha256(content.as_bytes());
                let hash = named.trim_start_matches("sha256:");
                json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
                    "data": {"hash": {"algorithm": "sha256", "value": hash}},
                    "signature": {"content": signature, "publicKey": {"content": STANDARD.encode(pem)}},
                }})
            }
            Log::Two => json!({"hashedRekordRequestV002": {
                "digest": STANDARD.encode(digest),
                "signature": {"content": signature, "verifier": {
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "publicKey": {"rawBytes": STANDARD.encode(&self.public)},
                }},
            }}),
        })
    }
}

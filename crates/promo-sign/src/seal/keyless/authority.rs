//! Asks an authority (Fulcio, interface version 2) for a certificate: a request for the key, signed by it, and the identity token.
//!
//! The request says nothing of who asks: that the authority reads from the token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use promo_core::ports::{Clock, Failure, ServiceRequest, ServiceUrl, Services};
use serde::{Deserialize, Serialize};
use sigstore_types::DerCertificate;
use x509_cert::der::asn1::{BitString, SetOfVec};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::name::RdnSequence;
use x509_cert::request::{CertReq, CertReqInfo, Version};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use zeroize::Zeroizing;

use super::IdentityToken;
use super::certificate::Certified;
use super::refusal::{refused, unusable};
use crate::key::pem;
use crate::keyless::certificate_facts;
use crate::{Error, SigningKey, json};

/// What an authority is asked for, as errors say it.
pub(crate) const CERTIFICATE: &str = "a certificate";
/// The most bytes of an answer: a chain of certificates has some five thousand.
const MAX_ANSWER: u64 = 256 * 1024;
/// The most certificates of a chain.
const MAX_CHAIN: usize = 16;
/// ecdsa-with-SHA256 (RFC 5758, section 3.2).
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    credentials: Credentials<'a>,
    /// PEM, in base64 as protobuf's JSON has bytes.
    certificate_signing_request: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credentials<'a> {
    oidc_identity_token: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    signed_certificate_embedded_sct: Option<Signed>,
    #[serde(default)]
    signed_certificate_detached_sct: Option<Signed>,
}

#[derive(Deserialize)]
struct Signed {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

/// A new key with a certificate for whoever the token is of.
pub(super) async fn ask(
    authority: &ServiceUrl,
    token: &IdentityToken,
    services: &dyn Services,
    clock: &dyn Clock,
) -> Result<Certified, Failure> {
    let key = SigningKey::generate()?;
    let url = authority.below("api/v2/signingCert");
    let body = body(token, &signed_request(&key)?)?;
    let request = ServiceRequest::post(url, CERTIFICATE, MAX_ANSWER, "application/json", body)
        .with_secret(token.expose());
    let answer = services.ask(&request).await?;
    if !answer.is_success() {
        return Err(refused(&request, &answer).into());
    }
    let malformed = |reason: &str| unusable(&request, reason);
    let answer: Answer = json::parse(&answer.body)
        .ok_or_else(|| malformed("it is not the JSON of a certificate"))?;
    let signed = match answer {
        Answer {
            signed_certificate_embedded_sct: Some(signed),
            ..
        } => signed,
        Answer {
            signed_certificate_detached_sct: Some(_),
            ..
        } => {
            return Err(malformed(
                "its certificate has the timestamp of its log beside it, where bundles have no room for that",
            )
            .into());
        }
        _ => return Err(malformed("it has no certificate").into()),
    };
    let (certificate, chain) = chain(&signed).map_err(malformed)?;
    let facts = certificate_facts(&certificate).map_err(|refusal| malformed(&refusal.message))?;
    if !is_for(&certificate, &key) {
        return Err(malformed("its certificate is for another key").into());
    }
    Ok(Certified::new(key, certificate, chain, facts, clock.now()))
}

/// The body of the request, which is wiped when it has been sent.
fn body(token: &IdentityToken, signed_request: &str) -> Result<Bytes, Error> {
    let request = Request {
        credentials: Credentials {
            oidc_identity_token: token.expose(),
        },
        certificate_signing_request: STANDARD.encode(signed_request),
    };
    let body = serde_json::to_vec(&request).map_err(|source| Error::Encoding {
        document: "request for a certificate",
        source,
    })?;
    Ok(Bytes::from_owner(Zeroizing::new(body)))
}

/// A request (PKCS #10) without a name, which shows by its signature who has the key.
fn signed_request(key: &SigningKey) -> Result<String, Error> {
    let failed = |_| Error::SelfCheck {
        reason: "the request for a certificate can't be written".to_owned(),
    };
    let info = CertReqInfo {
        version: Version::V1,
        subject: RdnSequence::default(),
        public_key: SubjectPublicKeyInfoOwned::from_der(key.public_key().spki()).map_err(failed)?,
        attributes: SetOfVec::new(),
    };
    let signature = key.sign(&info.to_der().map_err(failed)?)?;
    let request = CertReq {
        info,
        algorithm: AlgorithmIdentifierOwned {
            oid: ECDSA_WITH_SHA256,
            parameters: None,
        },
        signature: BitString::from_bytes(&signature).map_err(failed)?,
    };
    let der = request.to_der().map_err(failed)?;
    Ok(pem::encode("CERTIFICATE REQUEST", &der).as_str().to_owned())
}

/// The certificate, and those that lead from it to the authority's root.
fn chain(signed: &Signed) -> Result<(DerCertificate, Vec<DerCertificate>), &'static str> {
    if signed.chain.certificates.len() > MAX_CHAIN {
        return Err("its chain has more certificates than are read");
    }
    let mut certificates = Vec::new();
    for text in &signed.chain.certificates {
        let certificate = DerCertificate::from_pem(text);
        certificates.push(certificate.map_err(|_| "a certificate of it is no PEM")?);
    }
    let mut certificates = certificates.into_iter();
    let first = certificates.next().ok_or("its chain has no certificate")?;
    Ok((first, certificates.collect()))
}

fn is_for(certificate: &DerCertificate, key: &SigningKey) -> bool {
    let certificate = x509_cert::Certificate::from_der(certificate.as_bytes());
    let spki = certificate.map(|found| found.tbs_certificate.subject_public_key_info.to_der());
    matches!(spki, Ok(Ok(spki)) if spki == key.public_key().spki())
}

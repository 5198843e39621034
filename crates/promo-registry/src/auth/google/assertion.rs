//! The signed statement by which a service account asks for a token (RFC 7523): a JWT, signed with its RSA key. It is
//! only made here; `exchange` sends it.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::auth::Secret;

/// How long a statement may be used, in seconds.
const LIFE: i64 = 3600;

/// The private key of a service account.
#[derive(Clone)]
pub(super) struct SigningKey(Arc<RsaKeyPair>);

/// Who asks whom for what.
pub(super) struct Statement<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    pub(super) wanted: Wanted<'a>,
    pub(super) key_id: Option<&'a str>,
}

/// What is to be given for a statement.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// An access token with this scope.
    Access(&'a str),
    /// An identity token for this audience.
    Identity(&'a str),
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_audience: Option<&'a str>,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

impl SigningKey {
    /// Reads an RSA key in PEM: PKCS #8, or PKCS #1 as old tools write it.
    pub(super) fn from_pem(pem: &Secret) -> Option<Self> {
        let der = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).ok()?;
        let der = Zeroizing::new(der);
        let pair = match &*der {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return None,
        };
        Some(Self(Arc::new(pair.ok()?)))
    }

    /// The statement, signed. None if the key can't sign.
    pub(super) fn sign(&self, statement: &Statement<'_>, now: Timestamp) -> Option<Secret> {
        let header = Header {
            alg: "RS256",
            typ: "JWT",
            kid: statement.key_id,
        };
        let (scope, target_audience) = match statement.wanted {
            Wanted::Access(scope) => (Some(scope), None),
            Wanted::Identity(audience) => (None, Some(audience)),
        };
        let claims = Claims {
            iss: statement.issuer,
            scope,
            target_audience,
            aud: statement.audience,
            iat: now.as_second(),
            exp: now.as_second().checked_add(LIFE)?,
        };
        let mut text = format!("{}.{}", encode(&header)?, encode(&claims)?);
        let mut signature = vec![0; self.0.public_modulus_len()];
        let random = SystemRandom::new();
        self.0
            .sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)
            .ok()?;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(&signature, &mut text);
        Some(Secret::new(text))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey([secret])")
    }
}

fn encode(part: &impl Serialize) -> Option<String> {
    let json = serde_json::to_vec(part).ok()?;
    Some(URL_SAFE_NO_PAD.encode(json))
}

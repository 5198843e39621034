//! Tokens as distribution reads them: JWTs signed with ES256, with the signer's certificate in the header. Whoever has the
//! account gets what was asked for of pull and push, and never `delete`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::{LIFE, Result};

/// How long after its end distribution still takes a token: what is issued says so much less.
const LEEWAY: u64 = 60;

/// From repositories to what may be done there.
type Scopes = BTreeMap<String, BTreeSet<String>>;

pub(crate) struct Tokens {
    key: EcdsaKeyPair,
    certificate: String,
    realm: String,
    issued: Mutex<BTreeMap<String, (Instant, Scopes)>>,
}

impl Tokens {
    pub(crate) fn new(folder: &Path, address: &str, encrypted: bool) -> Result<Self> {
        let certificate = CertificateDer::from_pem_file(folder.join("tokens.pem"))?;
        let key = PrivatePkcs8KeyDer::from_pem_file(folder.join("tokens.key"))?;
        let scheme = if encrypted { "https" } else { "http" };
        Ok(Self {
            key: EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                key.secret_pkcs8_der(),
            )?,
            certificate: STANDARD.encode(certificate),
            realm: format!("{scheme}://{address}/token"),
            issued: Mutex::default(),
        })
    }

    /// What is said to somebody without the right token.
    pub(crate) fn challenge(&self, repository: Option<&str>, actions: &str) -> String {
        let scope = repository.map(|name| format!(",scope=\"repository:{name}:{actions}\""));
        format!(
            "Bearer realm=\"{}\",service=\"interop\"{}",
            self.realm,
            scope.unwrap_or_default()
        )
    }

    /// A token for the scopes that a query asks for.
    pub(crate) fn issue(&self, query: &str) -> Result<Value> {
        let scopes = granted(query);
        let token = self.sign(&scopes)?;
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.insert(token.clone(), (Instant::now() + LIFE, scopes));
        Ok(json!({ "token": token, "expires_in": LIFE.as_secs() }))
    }

    /// Whether a token is good for this, now.
    pub(crate) fn allows(&self, token: &str, repository: Option<&str>, action: &str) -> bool {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((end, scopes)) = issued.get(token) else {
            return false;
        };
        let allowed = |name| {
            scopes
                .get(name)
                .is_some_and(|actions| actions.contains(action))
        };
        Instant::now() < *end && repository.is_none_or(allowed)
    }

    fn sign(&self, scopes: &Scopes) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let access: Vec<Value> = scopes
            .iter()
            .map(
                |(name, actions)| json!({ "type": "repository", "name": name, "actions": actions }),
            )
            .collect();
        let header = json!({ "typ": "JWT", "alg": "ES256", "x5c": [self.certificate] });
        let claims = json!({
            "iss": "interop", "sub": crate::USER, "aud": "interop", "access": access,
            "jti": now.as_nanos().to_string(),
            "iat": now.as_secs() - LEEWAY, "nbf": now.as_secs() - LEEWAY,
            "exp": now.as_secs() + LIFE.as_secs() - LEEWAY,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// `scope=repository:NAME:ACTIONS`, as often as it is there, several in one divided by spaces.
fn granted(query: &str) -> Scopes {
    let mut scopes = Scopes::new();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if key != "scope" {
            continue;
        }
        for scope in value.split(' ') {
            let Some((name, actions)) = scope
                .strip_prefix("repository:")
                .and_then(|scope| scope.rsplit_once(':'))
            else {
                continue;
            };
            let known = |action: &&str| ["pull", "push"].contains(action);
            let actions = actions.split(',').filter(known).map(str::to_owned);
            scopes.entry(name.to_owned()).or_default().extend(actions);
        }
    }
    scopes
}

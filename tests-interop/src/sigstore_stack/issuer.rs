//! An issuer of identity tokens (OpenID Connect) on loopback: it publishes its key, and makes tokens of whatever it is
//! asked to say. Nobody logs in.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use xtask::error::{Error, Result};

/// The audience that Fulcio wants.
const AUDIENCE: &str = "sigstore";
const KEY_ID: &str = "1";
/// How long a token is good for.
const LIFETIME: Duration = Duration::from_secs(600);
/// How long one request may take, so that a silent client doesn't keep the others.
const DEADLINE: Duration = Duration::from_secs(5);

/// An issuer; it stops answering when this is dropped.
pub(crate) struct Issuer {
    url: String,
    address: SocketAddr,
    key: EcdsaKeyPair,
    is_over: Arc<AtomicBool>,
    answering: Option<JoinHandle<()>>,
}

impl Issuer {
    /// Starts one with a new key.
    pub(crate) fn start() -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| Error::unmet("no key for an issuer of tokens"))?;
        let bound = TcpListener::bind("127.0.0.1:0");
        let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(|source| Error::Connection {
            address: "127.0.0.1:0".to_owned(),
            source,
        })?;
        let url = format!("http://{address}");
        let documents = Documents::new(&url, &key);
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let answering = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Acquire) {
                    return;
                }
                // Who goes away before the answer needs none.
                drop(stream.and_then(|stream| documents.answer(stream)));
            }
        });
        Ok(Self {
            url,
            address,
            key,
            is_over,
            answering: Some(answering),
        })
    }

    /// Who it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A token for `subject` that makes these claims beside those that every token makes.
    pub(crate) fn token(&self, subject: &str, claims: &Value) -> Result<String> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_err(|_| Error::unmet("the clock stands before 1970"))?;
        let mut said = json!({
            "iss": self.url,
            "sub": subject,
            "aud": AUDIENCE,
            "iat": now.as_secs(),
            "nbf": now.as_secs(),
            "exp": (now + LIFETIME).as_secs(),
        });
        if let (Some(said), Some(claims)) = (said.as_object_mut(), claims.as_object()) {
            said.extend(claims.clone());
        }
        let head = json!({"alg": "ES256", "kid": KEY_ID, "typ": "JWT"});
        let signed = format!("{}.{}", encoded(&head), encoded(&said));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| Error::unmet("a token could not be signed"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // A connection wakes the thread, which then sees that it is over.
        drop(TcpStream::connect(self.address));
        drop(self.answering.take().map(JoinHandle::join));
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// What it publishes.
struct Documents {
    discovery: String,
    keys: String,
}

impl Documents {
    fn new(url: &str, key: &EcdsaKeyPair) -> Self {
        // An uncompressed point: 4, then both coordinates.
        let point = key.public_key().as_ref();
        let coordinates = point.get(1..).unwrap_or_default();
        let (x, y) = coordinates.split_at(coordinates.len() / 2);
        let key = json!({
            "kty": "EC",
            "crv": "P-256",
            "alg": "ES256",
            "use": "sig",
            "kid": KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(x),
            "y": URL_SAFE_NO_PAD.encode(y),
        });
        let discovery = json!({
            "issuer": url,
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        Self {
            discovery: discovery.to_string(),
            keys: json!({ "keys": [key] }).to_string(),
        }
    }

    fn answer(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(DEADLINE))?;
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while reader.read_line(&mut head)? > 2 {}
        let path = head.split(' ').nth(1).unwrap_or_default();
        let (status, body) = match path {
            "/.well-known/openid-configuration" => ("200 OK", self.discovery.as_str()),
            "/keys" => ("200 OK", self.keys.as_str()),
            _ => ("404 Not Found", "{}"),
        };
        write!(
            reader.get_mut(),
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    }
}

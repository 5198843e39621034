//! Services that answer as a test tells them, with an authority of their own, and what they were asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use promo_core::ports::{Clock, Failure, ServiceAnswer, ServiceMethod, ServiceRequest, Services};
use promo_sign::{IdentityToken, IdentityTokens, KeylessSealer, SigningServices, TrustedRoot};
use rcgen::{
    CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, Issuer, KeyPair, PublicKeyData,
    SanType, SignatureAlgorithm,
};
use serde_json::{Value, json};

/// Who signs here.
pub(crate) const SUBJECT: &str = "https://ci.example/release";
/// Who vouches for that.
pub(crate) const ISSUER: &str = "https://oidc.example";

/// A clock that a test turns.
#[derive(Debug)]
pub(crate) struct TurnedClock(Mutex<Timestamp>);

impl TurnedClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new("2026-12-01T12:00:00Z".parse().unwrap())))
    }

    pub(crate) fn turn(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Tokens that count for five minutes each, and how many were asked for.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) clock: Arc<TurnedClock>,
    pub(crate) given: Mutex<u32>,
}

#[async_trait]
impl IdentityTokens for Tokens {
    async fn token(&self) -> Result<IdentityToken, Failure> {
        let mut given = self.given.lock().unwrap();
        *given += 1;
        let now = self.clock.now();
        let claims =
            json!({"iss": ISSUER, "sub": format!("token-{given}"), "exp": now.as_second() + 300});
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}.c2ln", part(json!({"alg": "ES256"})), part(claims));
        Ok(IdentityToken::parse(&text, now)?)
    }
}

/// What an authority does.
#[derive(Debug, Clone)]
pub(crate) enum Authority {
    /// It gives certificates for this many seconds.
    Gives(i64),
    /// It gives certificates for a key of its own.
    OtherKey,
    /// It answers this.
    Answers(u16, Value),
}

/// An answer of a log or a timestamp authority.
pub(crate) type Told = (u16, Option<&'static str>, Value);

/// Services that answer as they are told.
#[derive(Debug)]
pub(crate) struct ToldServices {
    pub(crate) authority: Mutex<Authority>,
    /// The answers to all other requests, in their order.
    pub(crate) others: Mutex<VecDeque<Told>>,
    pub(crate) asked: Mutex<Vec<(ServiceMethod, String, String)>>,
    clock: Arc<TurnedClock>,
}

impl ToldServices {
    pub(crate) fn urls(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(_, url, _)| url.clone()).collect()
    }

    fn certificate(&self, request: &ServiceRequest) -> (u16, Value) {
        let authority = self.authority.lock().unwrap().clone();
        let seconds = match authority {
            Authority::Answers(status, body) => return (status, body),
            Authority::Gives(seconds) => seconds,
            Authority::OtherKey => 600,
        };
        let asked: Value = serde_json::from_slice(request.body()).unwrap();
        let request = asked["certificateSigningRequest"].as_str().unwrap();
        let pem = String::from_utf8(STANDARD.decode(request).unwrap()).unwrap();
        let key = match authority {
            Authority::OtherKey => Point(KeyPair::generate().unwrap().der_bytes().to_vec()),
            _ => Point::of_request(&pem),
        };
        let chain = issued(&key, self.clock.now(), seconds);
        let body = json!({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}});
        (200, body)
    }
}

#[async_trait]
impl Services for ToldServices {
    async fn ask(&self, request: &ServiceRequest) -> Result<ServiceAnswer, Failure> {
        let url = request.url().to_string();
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let is_certificate = url.ends_with("/api/v2/signingCert");
        let mut asked = self.asked.lock().unwrap();
        asked.push((request.method(), url, body));
        drop(asked);
        let (status, location, body) = if is_certificate {
            let (status, body) = self.certificate(request);
            (status, None, body)
        } else {
            self.others.lock().unwrap().pop_front().unwrap()
        };
        Ok(ServiceAnswer {
            status,
            location: location.map(str::to_owned),
            body: body.to_string().into(),
        })
    }
}

/// Everything that a test needs.
pub(crate) struct Bench {
    pub(crate) clock: Arc<TurnedClock>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) services: Arc<ToldServices>,
    pub(crate) sealer: KeylessSealer,
}

impl Bench {
    /// With one log of this generation, and no timestamp authority unless the log has no time.
    pub(crate) fn new(generation: u32) -> Self {
        let clock = TurnedClock::new();
        let tokens = Arc::new(Tokens {
            clock: Arc::clone(&clock),
            given: Mutex::new(0),
        });
        let services = Arc::new(ToldServices {
            authority: Mutex::new(Authority::Gives(600)),
            others: Mutex::default(),
            asked: Mutex::default(),
            clock: Arc::clone(&clock),
        });
        let chosen = SigningServices::from_json(&config(generation), clock.now()).unwrap();
        let root = TrustedRoot::public().unwrap();
        let sealer = KeylessSealer::new(
            chosen,
            Arc::new(root),
            Arc::clone(&tokens) as _,
            Arc::clone(&services) as _,
            Arc::clone(&clock) as _,
        );
        Self {
            clock,
            tokens,
            services,
            sealer,
        }
    }

    pub(crate) fn authority(&self, authority: Authority) {
        *self.services.authority.lock().unwrap() = authority;
    }

    pub(crate) fn others(&self, told: impl IntoIterator<Item = Told>) {
        self.services.others.lock().unwrap().extend(told);
    }
}

fn config(generation: u32) -> Vec<u8> {
    let service = |host: &str, version: u32| {
        json!({
            "url": format!("https://{host}.example"),
            "majorApiVersion": version,
            "validFor": {"start": "2026-01-01T00:00:00Z"},
        })
    };
    let times = if generation == 1 {
        vec![]
    } else {
        vec![service("times", 1)]
    };
    let config = json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service("authority", 1)],
        "rekorTlogUrls": [service("log", generation)],
        "tsaUrls": times,
    });
    config.to_string().into_bytes()
}

/// The public half of a P-256 key.
struct Point(Vec<u8>);

impl Point {
    /// The key of a request: the only one of its bit strings that begins so.
    fn of_request(pem: &str) -> Self {
        let body: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
        let der = STANDARD.decode(body).unwrap();
        let mark = [0x03, 0x42, 0x00, 0x04];
        let at = der.windows(4).position(|window| window == mark).unwrap();
        Self(der[at + 3..at + 68].to_vec())
    }
}

impl PublicKeyData for Point {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

/// A certificate as Fulcio's are, and the one of its authority.
fn issued(key: &Point, now: Timestamp, seconds: i64) -> Vec<String> {
    let authority = KeyPair::generate().unwrap();
    let root = CertificateParams::default()
        .self_signed(&authority)
        .unwrap();
    let issuer = Issuer::new(CertificateParams::default(), authority);
    let mut leaf = CertificateParams::default();
    let at = |seconds: i64| {
        let time = now.as_second() + seconds;
        rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(time.unsigned_abs())
    };
    leaf.not_before = at(0);
    leaf.not_after = at(seconds);
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    leaf.subject_alt_names = vec![SanType::URI(SUBJECT.try_into().unwrap())];
    // A UTF8String.
    let length = u8::try_from(ISSUER.len()).unwrap();
    let vouching = [&[0x0c, length], ISSUER.as_bytes()].concat();
    let oid = &[1, 3, 6, 1, 4, 1, 57264, 1, 8];
    leaf.custom_extensions = vec![CustomExtension::from_oid_content(oid, vouching)];
    let leaf = leaf.signed_by(key, &issuer).unwrap();
    vec![leaf.pem(), root.pem()]
}

//! From a request to the answer of the service that it is for: what is shown is checked, and a token given for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::files::{
    AUDIENCE, CLIENT_ID, CLIENT_SECRET, DELEGATE, EMAIL, KEY_ID, REFRESH_TOKEN, SUBJECT_TOKEN,
    SUBJECT_TYPE, TARGET, identity_token,
};
use super::{GoogleRequest, GoogleService, GoogleSwitches, Shared, lock};

const LIMIT: usize = 64 * 1024;
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// How far the clock of who signs may be off, in seconds.
const MOST_SKEW: u64 = 300;
const FLAVOR: &str = "metadata-flavor";

type Form = BTreeMap<String, String>;

/// Answers a request, and writes it into the log.
pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LIMIT).await.unwrap_or_default();
    let form: Form = url::form_urlencoded::parse(&body).into_owned().collect();
    let service = service_of(&parts, &form);
    let mut switches = lock(&shared.switches);
    let (status, document) = if switches.failures > 0 {
        switches.failures -= 1;
        (StatusCode::INTERNAL_SERVER_ERROR, json!({}))
    } else if switches.redirect.is_some() {
        (StatusCode::FOUND, json!({}))
    } else {
        let desk = Desk {
            shared: &shared,
            parts: &parts,
            form: &form,
            body: &body,
        };
        desk.answer(service, &mut switches)
    };
    let authorization = parts.headers.get(AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    lock(&shared.log).push(GoogleRequest {
        service,
        authorization: authorization.map(str::to_owned),
        status: status.as_u16(),
    });
    respond(service, status, &document, &switches)
}

fn service_of(parts: &Parts, form: &Form) -> GoogleService {
    let grant = form.get("grant_type").map(String::as_str);
    match (&parts.method, parts.uri.path(), grant) {
        (&Method::GET, "/", _) => GoogleService::MetadataRoot,
        (&Method::GET, "/computeMetadata/v1/instance/service-accounts/default/token", _) => {
            GoogleService::MetadataToken
        }
        (&Method::GET, "/computeMetadata/v1/instance/service-accounts/default/identity", _) => {
            GoogleService::MetadataIdentity
        }
        (&Method::GET, "/subject", _) => GoogleService::Subject,
        (&Method::POST, "/token", Some("refresh_token")) => GoogleService::Refresh,
        (&Method::POST, "/token", Some("urn:ietf:params:oauth:grant-type:jwt-bearer")) => {
            GoogleService::Assertion
        }
        (&Method::POST, "/v1/token", Some("urn:ietf:params:oauth:grant-type:token-exchange")) => {
            GoogleService::Exchange
        }
        (&Method::POST, path, _) => {
            match path.strip_prefix('/').and_then(|it| it.split_once(':')) {
                Some((TARGET, "generateAccessToken")) => GoogleService::Impersonation,
                Some((TARGET, "generateIdToken")) => GoogleService::IdentityImpersonation,
                _ => GoogleService::Unknown,
            }
        }
        _ => GoogleService::Unknown,
    }
}

fn respond(
    service: GoogleService,
    status: StatusCode,
    document: &Value,
    switches: &GoogleSwitches,
) -> Response<Body> {
    let text = match document {
        Value::String(text) => text.clone(),
        document => document.to_string(),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let location = switches.redirect.as_deref().map(HeaderValue::from_str);
    if let Some(Ok(location)) = location {
        headers.insert(LOCATION, location);
    }
    let is_metadata = matches!(
        service,
        GoogleService::MetadataRoot
            | GoogleService::MetadataToken
            | GoogleService::MetadataIdentity
    );
    if is_metadata && switches.metadata_flavor {
        headers.insert(FLAVOR, HeaderValue::from_static("Google"));
    }
    response
}

/// One request at the desk of a service.
struct Desk<'a> {
    shared: &'a Shared,
    parts: &'a Parts,
    form: &'a Form,
    body: &'a [u8],
}

impl Desk<'_> {
    fn answer(&self, service: GoogleService, switches: &mut GoogleSwitches) -> (StatusCode, Value) {
        if switches.revoked {
            let said = format!("revoked: {}", String::from_utf8_lossy(self.body));
            let document = json!({"error": "invalid_grant", "error_description": said});
            return (StatusCode::BAD_REQUEST, document);
        }
        let is_good = match service {
            GoogleService::MetadataRoot => return (StatusCode::OK, json!({})),
            GoogleService::MetadataToken | GoogleService::MetadataIdentity => {
                match self.header(FLAVOR) {
                    Some("Google") if !switches.machine_account => {
                        return (StatusCode::NOT_FOUND, json!({}));
                    }
                    flavor => flavor == Some("Google"),
                }
            }
            GoogleService::Refresh => self.is_refresh(),
            GoogleService::Assertion => self.is_assertion(switches).unwrap_or_default(),
            GoogleService::Exchange => self.is_exchange(),
            GoogleService::Subject => {
                let shown = self.header(AUTHORIZATION.as_str());
                if shown == Some("Bearer subject-header-s3cr3t") {
                    return (StatusCode::OK, json!({"value": SUBJECT_TOKEN}));
                }
                false
            }
            GoogleService::Impersonation => {
                self.is_impersonation(&json!({"scope": [SCOPE], "lifetime": "3600s"}))
            }
            GoogleService::IdentityImpersonation => {
                let audience = self.audience(service);
                self.is_impersonation(&json!({"audience": audience, "includeEmail": true}))
            }
            GoogleService::Unknown => return (StatusCode::NOT_FOUND, json!({})),
        };
        if !is_good {
            return (StatusCode::BAD_REQUEST, json!({"error": "invalid_request"}));
        }
        let document = match (self.audience(service), service) {
            (Some(audience), GoogleService::MetadataIdentity) => identity_token(&audience).into(),
            (Some(audience), GoogleService::IdentityImpersonation) => {
                json!({"token": identity_token(&audience)})
            }
            (Some(audience), _) => json!({"id_token": identity_token(&audience)}),
            (None, _) => self.token(service, switches),
        };
        (StatusCode::OK, document)
    }

    /// For whom an identity token is asked for; none if it is an access token.
    fn audience(&self, service: GoogleService) -> Option<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match service {
            GoogleService::MetadataIdentity => {
                let query = self.parts.uri.query().unwrap_or_default();
                let query: Form = url::form_urlencoded::parse(query.as_bytes())
                    .into_owned()
                    .collect();
                let is_full = query.get("format").is_some_and(|format| format == "full");
                query.get("audience").filter(|_| is_full).cloned()
            }
            GoogleService::Assertion => {
                let statement = self.shared.key().check(self.form.get("assertion")?)?;
                statement.claims.get("target_audience").and_then(text)
            }
            GoogleService::IdentityImpersonation => {
                let asked: Value = serde_json::from_slice(self.body).ok()?;
                asked.get("audience").and_then(text)
            }
            _ => None,
        }
    }

    fn is_refresh(&self) -> bool {
        self.says("client_id", CLIENT_ID)
            && self.says("client_secret", CLIENT_SECRET)
            && self.says("refresh_token", REFRESH_TOKEN)
    }

    fn is_assertion(&self, switches: &GoogleSwitches) -> Option<bool> {
        let statement = self.shared.key().check(self.form.get("assertion")?)?;
        let from = statement.claims.get("iat")?.as_i64()?;
        let mut claims = json!({
            "iss": EMAIL,
            "aud": self.shared.url("/token"),
            "iat": from,
            "exp": from.checked_add(3600)?,
        });
        let (field, value) = match self.audience(GoogleService::Assertion) {
            Some(audience) => ("target_audience", audience),
            None => ("scope", SCOPE.to_owned()),
        };
        claims
            .as_object_mut()?
            .insert(field.to_owned(), value.into());
        let is_new = from.abs_diff(switches.now.as_second()) <= MOST_SKEW;
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": KEY_ID});
        Some(is_new && statement.header == header && statement.claims == claims)
    }

    fn is_exchange(&self) -> bool {
        let access_token = "urn:ietf:params:oauth:token-type:access_token";
        self.says("audience", AUDIENCE)
            && self.says("scope", SCOPE)
            && self.says("requested_token_type", access_token)
            && self.says("subject_token", SUBJECT_TOKEN)
            && self.says("subject_token_type", SUBJECT_TYPE)
    }

    /// With the token that was handed out last; the delegates are those of the file for it, or none.
    fn is_impersonation(&self, wanted: &Value) -> bool {
        let issued = lock(&self.shared.issued);
        let shown = self.header(AUTHORIZATION.as_str());
        let expected = issued.last().map(|token| format!("Bearer {token}"));
        let mut asked: Value = serde_json::from_slice(self.body).unwrap_or_default();
        let delegates = asked.as_object_mut().and_then(|it| it.remove("delegates"));
        expected.is_some()
            && shown == expected.as_deref()
            && asked == *wanted
            && delegates.is_none_or(|delegates| delegates == json!([DELEGATE]))
    }

    fn token(&self, service: GoogleService, switches: &mut GoogleSwitches) -> Value {
        let token = switches.next_token();
        lock(&self.shared.issued).push(token.clone());
        let padding = "x".repeat(switches.padding);
        if service == GoogleService::Impersonation {
            let end = switches.now + switches.lifetime;
            return json!({"accessToken": token, "expireTime": end.to_string(), "padding": padding});
        }
        json!({
            "access_token": token,
            "expires_in": switches.lifetime.as_secs(),
            "token_type": "Bearer",
            "padding": padding,
        })
    }

    fn says(&self, field: &str, value: &str) -> bool {
        self.form.get(field).is_some_and(|found| found == value)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }
}

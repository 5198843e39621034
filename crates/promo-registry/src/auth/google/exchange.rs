//! From a credentials file to an access token: the requests of OAuth 2 and of IAM that each type of file takes. What
//! the file says is checked already; how requests travel is in `services`.

use std::path::Path;

use ::http::header::{AUTHORIZATION, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderValue, Method};
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use super::GoogleCredentialFile;
use super::assertion::{Statement, Wanted};
use super::file::{Account, External, Impersonation, OwnAccount, ServiceKey, TokenLocation};
use super::services::{Question, Services};
use super::token::AccessToken;
use crate::Error;
use crate::auth::token::{basic, bearer};
use crate::auth::{Credential, Secret};

/// What the token is wanted for: everything that the account may do.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The fields of a form that are secrets.
const SECRETS: [&str; 4] = [
    "client_secret",
    "refresh_token",
    "assertion",
    "subject_token",
];
/// The most that is read of a file with somebody else's token.
const MAX_SUBJECT: u64 = 64 << 10;

/// A token for the account of a file.
pub(super) async fn token(
    file: &GoogleCredentialFile,
    services: &Services,
) -> Result<AccessToken, Error> {
    let way = FileWay { file, services };
    let token = way.before_impersonation().await?;
    match file.account.impersonation() {
        Some(target) => way.impersonate(target, &token.text).await,
        None => Ok(token),
    }
}

/// The way to a token that a file opens.
pub(super) struct FileWay<'a> {
    pub(super) file: &'a GoogleCredentialFile,
    pub(super) services: &'a Services,
}

#[derive(Serialize)]
struct Impersonate<'a> {
    scope: [&'a str; 1],
    lifetime: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    delegates: &'a [String],
}

impl FileWay<'_> {
    /// The token of who may act as the account of the file, or is it.
    pub(super) async fn before_impersonation(&self) -> Result<AccessToken, Error> {
        match &self.file.account {
            Account::Own(own) | Account::Impersonated(own, _) => self.own(own).await,
            Account::External(external) => self.external(external).await,
        }
    }

    async fn own(&self, own: &OwnAccount) -> Result<AccessToken, Error> {
        match own {
            OwnAccount::User {
                client_id,
                client_secret,
                refresh_token,
                token_url,
            } => {
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", client_id),
                    ("client_secret", client_secret.expose()),
                    ("refresh_token", refresh_token.expose()),
                ];
                let question = self.form(token_url, &form, None);
                self.services.token(&question).await
            }
            OwnAccount::Service(service) => {
                let question = self.statement(service, Wanted::Access(SCOPE))?;
                self.services.token(&question).await
            }
        }
    }

    /// The question of a service account for something, with its signed statement.
    pub(super) fn statement<'a>(
        &self,
        service: &'a ServiceKey,
        wanted: Wanted<'_>,
    ) -> Result<Question<'a>, Error> {
        let statement = Statement {
            issuer: &service.email,
            audience: service.token_url.as_str(),
            wanted,
            key_id: service.key_id.as_deref(),
        };
        let signed = service.key.sign(&statement, self.services.now());
        let signed = signed.ok_or_else(|| self.file.wrong("its key can't sign"))?;
        let form = [("grant_type", JWT_BEARER), ("assertion", signed.expose())];
        Ok(self.form(&service.token_url, &form, None))
    }

    async fn external(&self, external: &External) -> Result<AccessToken, Error> {
        let subject = self.subject(external).await?;
        let form = [
            ("grant_type", TOKEN_EXCHANGE),
            ("audience", &external.audience),
            ("scope", SCOPE),
            ("requested_token_type", ACCESS_TOKEN),
            ("subject_token", subject.expose()),
            ("subject_token_type", &external.subject_type),
        ];
        let client = external.client.clone();
        let client =
            client.and_then(|(user, password)| basic(&Credential::Basic { user, password }));
        let question = self.form(&external.token_url, &form, client);
        self.services.token(&question).await
    }

    /// The token of the other identity provider. It is read anew each time, because the provider replaces it.
    async fn subject(&self, external: &External) -> Result<Secret, Error> {
        let subject = &external.subject;
        let text = match &subject.location {
            TokenLocation::File(path) => {
                let deadline = self.services.sender.deadlines.request;
                let read = tokio::time::timeout(deadline, read_file(path)).await;
                let text = read.ok().and_then(Result::ok);
                text.ok_or_else(|| {
                    self.file
                        .wrong("the file with the subject token can't be read")
                })?
            }
            TokenLocation::Url(url, headers) => {
                for value in headers.values().filter_map(|value| value.to_str().ok()) {
                    self.services.sender.sent.secret(value);
                }
                let question = Question {
                    method: Method::GET,
                    url,
                    headers: headers.clone(),
                    body: None,
                    what: "the subject token",
                };
                Zeroizing::new(self.services.body(&question).await?.to_vec())
            }
        };
        subject_token(&text, subject.field.as_deref())
            .ok_or_else(|| self.file.wrong("there is no subject token where it says"))
    }

    /// The token of a service account, for an identity that may act as it.
    async fn impersonate(
        &self,
        target: &Impersonation,
        token: &Secret,
    ) -> Result<AccessToken, Error> {
        let asked = Impersonate {
            scope: [SCOPE],
            lifetime: "3600s",
            delegates: &target.delegates,
        };
        let body = serde_json::to_vec(&asked)
            .map_err(|_| self.file.wrong("the delegates can't be written"))?;
        let question = Question {
            method: Method::POST,
            url: &target.url,
            headers: headers("application/json", bearer(token)),
            body: Some(body.into()),
            what: "a token of the service account",
        };
        self.services.token(&question).await
    }

    fn form<'a>(
        &self,
        url: &'a Url,
        pairs: &[(&str, &str)],
        authorization: Option<HeaderValue>,
    ) -> Question<'a> {
        for (_, value) in pairs.iter().filter(|(name, _)| SECRETS.contains(name)) {
            self.services.sender.sent.secret(value);
        }
        Question {
            method: Method::POST,
            url,
            headers: headers("application/x-www-form-urlencoded", authorization),
            body: Some(form(pairs)),
            what: "a token for the credentials file",
        }
    }
}

/// A form, wiped when it has been sent.
fn form(pairs: &[(&str, &str)]) -> Bytes {
    let mut form = Serializer::new(String::new());
    form.extend_pairs(pairs);
    Bytes::from_owner(Zeroizing::new(form.finish().into_bytes()))
}

pub(super) fn headers(content_type: &'static str, authorization: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(authorization) = authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
    headers
}

async fn read_file(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::new());
    let file = tokio::fs::File::open(path).await?;
    file.take(MAX_SUBJECT + 1).read_to_end(&mut text).await?;
    if text.len() as u64 > MAX_SUBJECT {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

/// The token in a text: all of it, or a field of a JSON document.
fn subject_token(text: &[u8], field: Option<&str>) -> Option<Secret> {
    let token = match field {
        None => std::str::from_utf8(text).ok().map(Secret::new)?,
        Some(field) => {
            let mut document: Value = serde_json::from_slice(text).ok()?;
            match document.get_mut(field)?.take() {
                Value::String(token) => Secret::new(token),
                _ => return None,
            }
        }
    };
    let trimmed = token.expose().trim();
    (!trimmed.is_empty()).then(|| Secret::new(trimmed))
}

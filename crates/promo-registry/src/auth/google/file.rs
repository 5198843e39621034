//! Google's application default credentials file: from its JSON to checked values. Nothing is sent here, and no error
//! repeats anything of the file.
//!
//! The types are those that Google documents under AIP-4110; what takes a program or Amazon's signatures is refused.

mod raw;

use std::path::PathBuf;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use self::raw::{RawFile, RawSource};
use super::assertion::SigningKey;
use crate::Error;
use crate::auth::Secret;
use crate::auth::realm::is_loopback;

/// The application default credentials file of Google, read and checked. Its Debug shows no secret.
#[derive(Debug, Clone)]
pub struct GoogleCredentialFile {
    /// How it is called in errors.
    name: String,
    pub(super) account: Account,
}

/// Whose credentials they are.
#[derive(Debug, Clone)]
pub(super) enum Account {
    Own(OwnAccount),
    External(Box<External>),
    Impersonated(OwnAccount, Impersonation),
}

/// An account of Google's.
#[derive(Debug, Clone)]
pub(super) enum OwnAccount {
    /// A person who logged in.
    User {
        client_id: String,
        client_secret: Secret,
        refresh_token: Secret,
        token_url: Url,
    },
    Service(ServiceKey),
}

/// A service account with its key.
#[derive(Debug, Clone)]
pub(super) struct ServiceKey {
    pub(super) email: String,
    pub(super) key: SigningKey,
    pub(super) key_id: Option<String>,
    pub(super) token_url: Url,
}

/// An identity of somebody else's, which Google trusts.
#[derive(Debug, Clone)]
pub(super) struct External {
    pub(super) audience: String,
    pub(super) subject_type: String,
    pub(super) subject: Subject,
    pub(super) token_url: Url,
    pub(super) client: Option<(String, Secret)>,
    pub(super) impersonation: Option<Impersonation>,
}

/// Where the token of that identity is.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) location: TokenLocation,
    /// The field of a JSON document that holds it; none if it is the whole text.
    pub(super) field: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) enum TokenLocation {
    File(PathBuf),
    /// The values of the headers may be secrets.
    Url(Url, HeaderMap),
}

/// The service account whose token is wanted in the end.
#[derive(Debug, Clone)]
pub(super) struct Impersonation {
    pub(super) url: Url,
    pub(super) delegates: Vec<String>,
}

/// Where tokens are given unless the file says otherwise.
const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";

impl Account {
    /// The service account that is acted as, if one is.
    pub(super) fn impersonation(&self) -> Option<&Impersonation> {
        match self {
            Self::Own(_) => None,
            Self::External(external) => external.impersonation.as_ref(),
            Self::Impersonated(_, target) => Some(target),
        }
    }
}

impl GoogleCredentialFile {
    /// How it is called in errors.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reads the file. `name` is how it is called in errors. Fails with `PROMO-R026` if it is not valid, and with
    /// `PROMO-R027` if it is of a type that isn't read.
    pub fn parse(name: &str, content: &[u8]) -> Result<Self, Error> {
        let reader = Reader { file: name };
        let raw: RawFile = serde_json::from_slice(content).map_err(|error| {
            // The message of serde_json may repeat what stands there.
            let (line, column) = (error.line(), error.column());
            reader.wrong(&format!("line {line}, column {column} is not as expected"))
        })?;
        Ok(Self {
            name: name.to_owned(),
            account: reader.account(raw)?,
        })
    }

    /// The error for something that the file names and that can't be used.
    pub(super) fn wrong(&self, reason: &str) -> Error {
        Reader { file: &self.name }.wrong(reason)
    }
}

/// A URL that secrets may be sent to: https, or on this machine. The error says what it is instead.
pub(super) fn secure_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "no URL")?;
    if !url.has_host() || !url.username().is_empty() || url.password().is_some() {
        return Err("no URL of a host alone");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("no https URL"),
    }
}

/// Checks what stands in a file.
struct Reader<'a> {
    file: &'a str,
}

impl Reader<'_> {
    fn account(&self, raw: RawFile) -> Result<Account, Error> {
        match raw.kind.as_deref() {
            Some("external_account") => self.external(raw).map(Box::new).map(Account::External),
            Some("impersonated_service_account") => {
                let impersonation = Impersonation {
                    url: self.url(
                        raw.service_account_impersonation_url.as_deref(),
                        "service_account_impersonation_url",
                    )?,
                    delegates: raw.delegates.unwrap_or_default(),
                };
                let source = self.given(raw.source_credentials, "source_credentials")?;
                Ok(Account::Impersonated(self.own(*source)?, impersonation))
            }
            _ => self.own(raw).map(Account::Own),
        }
    }

    fn own(&self, raw: RawFile) -> Result<OwnAccount, Error> {
        let token_url = raw.token_uri.as_deref().unwrap_or(TOKEN_URL);
        let token_url = self.url(Some(token_url), "token_uri")?;
        match raw.kind.as_deref() {
            Some("authorized_user") => Ok(OwnAccount::User {
                client_id: self.text(raw.client_id, "client_id")?,
                client_secret: self.secret(raw.client_secret, "client_secret")?,
                refresh_token: self.secret(raw.refresh_token, "refresh_token")?,
                token_url,
            }),
            Some("service_account") => {
                let pem = self.secret(raw.private_key, "private_key")?;
                Ok(OwnAccount::Service(ServiceKey {
                    email: self.text(raw.client_email, "client_email")?,
                    key: SigningKey::from_pem(&pem)
                        .ok_or_else(|| self.wrong("`private_key` is no RSA key in PEM"))?,
                    key_id: raw.private_key_id.filter(|id| !id.is_empty()),
                    token_url,
                }))
            }
            Some(_) => Err(self.unsupported("its `type` is not one that is read")),
            None => Err(self.wrong("it has no `type`")),
        }
    }

    fn external(&self, raw: RawFile) -> Result<External, Error> {
        let source = self.given(raw.credential_source, "credential_source")?;
        let impersonation = raw.service_account_impersonation_url.as_deref();
        let impersonation = impersonation
            .filter(|url| !url.is_empty())
            .map(|url| self.url(Some(url), "service_account_impersonation_url"))
            .transpose()?;
        Ok(External {
            audience: self.text(raw.audience, "audience")?,
            subject_type: self.text(raw.subject_token_type, "subject_token_type")?,
            subject: self.subject(source)?,
            token_url: self.url(raw.token_url.as_deref(), "token_url")?,
            client: raw.client_id.filter(|id| !id.is_empty()).map(|id| {
                let secret = raw.client_secret.unwrap_or_else(|| Secret::new(""));
                (id, secret)
            }),
            impersonation: impersonation.map(|url| Impersonation {
                url,
                delegates: Vec::new(),
            }),
        })
    }

    fn subject(&self, source: RawSource) -> Result<Subject, Error> {
        if source.executable.is_some() {
            return Err(self.unsupported("they are made by a program"));
        }
        if source.environment_id.is_some() {
            return Err(self.unsupported("they are those of another cloud, by signed requests"));
        }
        let format = source.format.unwrap_or_default();
        let field = match format.kind.as_deref() {
            None | Some("" | "text") => None,
            Some("json") => {
                Some(self.text(format.subject_token_field_name, "subject_token_field_name")?)
            }
            Some(_) => return Err(self.unsupported("the `format` is neither text nor json")),
        };
        let location = match (source.file, source.url) {
            (Some(file), None) if !file.is_empty() => TokenLocation::File(PathBuf::from(file)),
            (None, Some(url)) => {
                let headers = source.headers.unwrap_or_default();
                TokenLocation::Url(self.url(Some(&url), "url")?, self.headers(headers)?)
            }
            _ => {
                return Err(self.unsupported("`credential_source` is neither a `file` nor a `url`"));
            }
        };
        Ok(Subject { location, field })
    }

    fn headers(&self, raw: impl IntoIterator<Item = (String, Secret)>) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in raw {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_str(value.expose());
            let (Ok(name), Ok(mut value)) = (name, value) else {
                return Err(self.wrong("one of the `headers` is no header"));
            };
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// A URL that secrets may be sent to.
    fn url(&self, text: Option<&str>, field: &str) -> Result<Url, Error> {
        let text = self.given(text, field)?;
        secure_url(text).map_err(|problem| self.wrong(&format!("`{field}` is {problem}")))
    }

    fn text(&self, text: Option<String>, field: &str) -> Result<String, Error> {
        self.given(text.filter(|text| !text.is_empty()), field)
    }

    fn secret(&self, secret: Option<Secret>, field: &str) -> Result<Secret, Error> {
        self.given(secret.filter(|secret| !secret.expose().is_empty()), field)
    }

    fn given<T>(&self, value: Option<T>, field: &str) -> Result<T, Error> {
        value.ok_or_else(|| self.wrong(&format!("it has no `{field}`")))
    }

    fn wrong(&self, reason: &str) -> Error {
        Error::GoogleFile {
            file: self.file.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn unsupported(&self, reason: &str) -> Error {
        Error::GoogleFileKind {
            file: self.file.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

//! Identity tokens of Google's: JWTs that say to somebody else, the audience, which service account we are. They come from the
//! places that access tokens come from.
//!
//! What fails is an error here, and no other way is gone: whoever signs must not be somebody else than was meant.

use std::sync::Arc;

use ::http::Method;
use promo_core::ports::{Failure, FailureKind};
use serde::{Deserialize, Serialize};
use url::Url;

use super::assertion::Wanted;
use super::exchange::{FileWay, headers};
use super::file::{Account, Impersonation, OwnAccount, secure_url};
use super::services::{Question, Services};
use super::way::Way;
use super::{GoogleCredentialFile, GoogleSettings};
use crate::auth::Secret;
use crate::auth::token::bearer;
use crate::codes::NO_IDENTITY;
use crate::http::{Sender, authority};
use crate::{Caps, Error};

/// Where tokens of service accounts are given to those who may act as them.
const IAM: &str = "https://iamcredentials.googleapis.com/";
/// How a file's URL for access tokens ends, and that for identity tokens in its place.
const ACCESS: &str = ":generateAccessToken";
const IDENTITY: &str = ":generateIdToken";

/// A service account, by its e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    email: String,
    iam: Url,
}

/// What gives identity tokens of Google's. Its Debug shows no secret.
#[derive(Debug)]
pub struct GoogleIdentity {
    ways: Vec<Way>,
    account: Option<Impersonation>,
    services: Services,
}

/// Why there is no identity token.
#[derive(Debug)]
pub(super) enum NoIdentity {
    /// The credentials are of a kind that has none of its own: file and reason.
    OfKind(String, &'static str),
    Error(Error),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    audience: &'a str,
    include_email: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    delegates: &'a [String],
}

/// The answer of a token service, and that of an impersonation.
#[derive(Deserialize)]
struct Document {
    id_token: Option<Secret>,
    token: Option<Secret>,
}

impl ServiceAccount {
    /// The account with this e-mail address, or unique id. Fails with `PROMO-R021` if it is neither.
    pub fn parse(email: &str) -> Result<Self, Error> {
        let wrong = || Error::setting("the service account", "it is no e-mail address");
        // It becomes part of a path.
        let is_allowed = |c: u8| c.is_ascii_alphanumeric() || b"@.-_".contains(&c);
        if email.is_empty() || email.starts_with('.') || !email.bytes().all(is_allowed) {
            return Err(wrong());
        }
        Ok(Self {
            email: email.to_owned(),
            iam: Url::parse(IAM).map_err(|_| wrong())?,
        })
    }

    /// The same where Google's IAM is reached by another URL than its public one. Fails with `PROMO-R021` if that is no https
    /// URL.
    pub fn at(mut self, iam: &str) -> Result<Self, Error> {
        let wrong = |problem: &str| Error::setting("the URL of IAM", format!("it is {problem}"));
        self.iam = secure_url(iam).map_err(wrong)?;
        Ok(self)
    }

    /// Its e-mail address, or unique id.
    pub fn as_str(&self) -> &str {
        &self.email
    }

    fn impersonation(&self) -> Impersonation {
        let mut url = self.iam.clone();
        let root = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!(
            "{root}/v1/projects/-/serviceAccounts/{}{IDENTITY}",
            self.email
        ));
        Impersonation {
            url,
            delegates: Vec::new(),
        }
    }
}

impl GoogleIdentity {
    pub(crate) fn new(
        settings: &GoogleSettings,
        account: Option<&ServiceAccount>,
        sender: Arc<Sender>,
        caps: Caps,
    ) -> Result<Self, Error> {
        Ok(Self {
            ways: Way::of(settings)?,
            account: account.map(ServiceAccount::impersonation),
            services: Services { sender, caps },
        })
    }

    /// An identity token for an audience: that of the credentials' own account, or of the service account that was named. None
    /// if there are no credentials of Google's.
    ///
    /// # Errors
    ///
    /// `PROMO-R078` if the credentials have none of their own; else what keeps them from giving one, such as `PROMO-R018`.
    pub async fn token(&self, audience: &str) -> Result<Option<Secret>, Failure> {
        let token = match &self.account {
            None => self.own(audience).await,
            Some(account) => self.named(account, audience).await,
        };
        token.map_err(|problem| match problem {
            NoIdentity::Error(error) => self.services.sender.told(error),
            NoIdentity::OfKind(file, reason) => Failure::new(
                FailureKind::Configuration,
                NO_IDENTITY,
                format!("the Google credentials in {file} give no identity token: {reason}"),
            )
            .with_hint(
                "name the service account whose identity is wanted; the credentials need the role \
                 `roles/iam.serviceAccountOpenIdTokenCreator` on it",
            ),
        })
    }

    async fn own(&self, audience: &str) -> Result<Option<Secret>, NoIdentity> {
        for way in &self.ways {
            if let Some(token) = way.identity(&self.services, audience).await? {
                return Ok(Some(token));
            }
        }
        Ok(None)
    }

    async fn named(
        &self,
        account: &Impersonation,
        audience: &str,
    ) -> Result<Option<Secret>, NoIdentity> {
        for way in &self.ways {
            if let Some(token) = way.token(&self.services).await? {
                let token = impersonated(&self.services, account, &token.text, audience).await?;
                return Ok(Some(token));
            }
        }
        Ok(None)
    }
}

/// The identity token of the account of a file.
pub(super) async fn of_file(
    file: &GoogleCredentialFile,
    services: &Services,
    audience: &str,
) -> Result<Secret, NoIdentity> {
    let none = |reason| NoIdentity::OfKind(file.name().to_owned(), reason);
    let way = FileWay { file, services };
    if let Account::Own(own) = &file.account {
        return match own {
            OwnAccount::User { .. } => Err(none(
                "they are a person's, whose identity tokens are for Google's own programs only",
            )),
            OwnAccount::Service(service) => {
                let question = way.statement(service, Wanted::Identity(audience))?;
                let body = services.body(&question).await?;
                Ok(read(&body, &question, |document| document.id_token)?)
            }
        };
    }
    let Some(target) = file.account.impersonation() else {
        return Err(none(
            "they are those of another identity provider, and name no service account",
        ));
    };
    let mut target = target.clone();
    let path = target.url.path().strip_suffix(ACCESS);
    let path = path.map(|path| format!("{path}{IDENTITY}"));
    let path = path.ok_or_else(|| {
        file.wrong("its `service_account_impersonation_url` doesn't end in `:generateAccessToken`")
    })?;
    target.url.set_path(&path);
    let token = way.before_impersonation().await?;
    Ok(impersonated(services, &target, &token.text, audience).await?)
}

/// The identity token in the answer of a metadata server, which is nothing else.
pub(super) fn of_machine(body: &[u8]) -> Result<Secret, NoIdentity> {
    let text = std::str::from_utf8(body).unwrap_or_default().trim();
    if text.is_empty() {
        let what = "an identity token of the machine's account";
        return Err(Error::malformed("the metadata server", what, "it is no token").into());
    }
    Ok(Secret::new(text))
}

/// The identity token of a service account, for who may act as it.
async fn impersonated(
    services: &Services,
    target: &Impersonation,
    token: &Secret,
    audience: &str,
) -> Result<Secret, Error> {
    let asked = Asked {
        audience,
        include_email: true,
        delegates: &target.delegates,
    };
    let what = "an identity token of the service account";
    let body = serde_json::to_vec(&asked)
        .map_err(|_| Error::setting(what, "its audience can't be written"))?;
    let question = Question {
        method: Method::POST,
        url: &target.url,
        headers: headers("application/json", bearer(token)),
        body: Some(body.into()),
        what,
    };
    let body = services.body(&question).await?;
    read(&body, &question, |document| document.token)
}

fn read(
    body: &[u8],
    question: &Question<'_>,
    field: impl FnOnce(Document) -> Option<Secret>,
) -> Result<Secret, Error> {
    let document: Option<Document> = serde_json::from_slice(body).ok();
    let token = document.and_then(field);
    let token = token.filter(|token| !token.expose().is_empty());
    token.ok_or_else(|| {
        let reason = "it holds no identity token";
        Error::malformed(&authority(question.url), question.what, reason)
    })
}

impl From<Error> for NoIdentity {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

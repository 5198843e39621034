//! Tokens from the metadata server of a machine of Google's: those of the account that the machine runs as.
//!
//! It is spoken to over plain http and never through a proxy. Whatever answers without its header is not a
//! metadata server, and is as good as nothing.

use std::net::Ipv4Addr;
use std::sync::OnceLock;
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, Method, StatusCode};
use bytes::Bytes;
use url::Url;

use super::MetadataServer;
use super::services::{Question, Services};
use super::token::AccessToken;
use crate::Error;
use crate::http::{Answer, Clients, Pool};

/// Where every machine of Google's has one.
const WELL_KNOWN: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// How long it is looked for.
const LOOK_DEADLINE: Duration = Duration::from_secs(2);
/// What it gives of the machine's account: an access token, and identity tokens.
const TOKEN: &str = "computeMetadata/v1/instance/service-accounts/default/token";
const IDENTITY: &str = "computeMetadata/v1/instance/service-accounts/default/identity";
/// The header that both sides send, so that no other server is taken for a metadata server, and no other client for
/// ours.
const FLAVOR: &str = "Metadata-Flavor";
const GOOGLE: &str = "Google";

/// A metadata server.
#[derive(Debug)]
pub(super) struct Metadata {
    root: Url,
    token: Url,
    identity: Url,
    /// Whether it is there, once that is known.
    is_there: OnceLock<bool>,
}

impl Metadata {
    /// The server that a setting means; none if it means none.
    pub(super) fn at(server: &MetadataServer) -> Result<Option<Self>, Error> {
        match server {
            MetadataServer::Off => Ok(None),
            MetadataServer::Look => Self::looked_for(&WELL_KNOWN.to_string()).map(Some),
            MetadataServer::Named(address) => {
                let named = Self::looked_for(address)?;
                Ok(Some(Self {
                    is_there: OnceLock::from(true),
                    ..named
                }))
            }
        }
    }

    /// The server at `HOST[:PORT]`, if there is one.
    pub(super) fn looked_for(address: &str) -> Result<Self, Error> {
        let urls = Url::parse(&format!("http://{address}/"))
            .and_then(|root| Ok((root.join(TOKEN)?, root.join(IDENTITY)?, root)));
        match urls {
            Ok((token, identity, root)) if is_bare(&root) => Ok(Self {
                root,
                token,
                identity,
                is_there: OnceLock::new(),
            }),
            _ => Err(Error::setting(
                "the metadata server",
                "it is written HOST or HOST:PORT",
            )),
        }
    }

    /// A token; none if there is no metadata server, or no account at it.
    pub(super) async fn token(&self, services: &Services) -> Result<Option<AccessToken>, Error> {
        let question = question(&self.token, "a token of the machine's account");
        let body = self.ask(services, &question).await?;
        body.map(|body| services.read(&body, &question)).transpose()
    }

    /// An identity token for an audience; none if there is no metadata server, or no account at it.
    pub(super) async fn identity(
        &self,
        services: &Services,
        audience: &str,
    ) -> Result<Option<Bytes>, Error> {
        let mut url = self.identity.clone();
        url.query_pairs_mut()
            .append_pair("audience", audience)
            .append_pair("format", "full");
        let question = question(&url, "an identity token of the machine's account");
        self.ask(services, &question).await
    }

    /// Asks for something of the machine's account.
    async fn ask(
        &self,
        services: &Services,
        question: &Question<'_>,
    ) -> Result<Option<Bytes>, Error> {
        let pool = Clients::direct();
        let is_there = match self.is_there.get() {
            Some(known) => *known,
            None => self.look(services, &pool).await,
        };
        if !is_there {
            return Ok(None);
        }
        let answer = services.ask(&pool, question).await?;
        if !has_flavor(&answer) || answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !answer.status().is_success() {
            return Err(services.refused(answer).await);
        }
        answer.bytes(services.caps.token).await.map(Some)
    }

    /// Looks for it, once: a machine that isn't Google's is not to lose time.
    async fn look(&self, services: &Services, pool: &Pool) -> bool {
        let question = question(&self.root, "whether it is a metadata server");
        let asked = services.ask_once(pool, &question, 1);
        let answer = tokio::time::timeout(LOOK_DEADLINE, asked).await;
        let found = answer.is_ok_and(|answer| answer.is_ok_and(|answer| has_flavor(&answer)));
        *self.is_there.get_or_init(|| found)
    }
}

fn is_bare(root: &Url) -> bool {
    let is_plain = root.username().is_empty() && root.password().is_none();
    is_plain && root.path() == "/" && root.query().is_none() && root.fragment().is_none()
}

fn question<'a>(url: &'a Url, what: &'a str) -> Question<'a> {
    let mut headers = HeaderMap::new();
    headers.insert(FLAVOR, HeaderValue::from_static(GOOGLE));
    Question {
        method: Method::GET,
        url,
        headers,
        body: None,
        what,
    }
}

fn has_flavor(answer: &Answer) -> bool {
    answer.header(FLAVOR) == Some(GOOGLE)
}

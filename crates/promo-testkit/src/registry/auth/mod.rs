//! Who may do what: nobody is asked, basic authentication, or bearer tokens from the registry's own `/token`.

mod challenge;
mod credentials;
mod endpoint;
mod tokens;

use std::collections::BTreeMap;
use std::time::Duration;

pub use self::tokens::{TokenGrant, Tokens};

pub(super) use self::challenge::{RegistryAddress, authorize, challenge_mount};
pub(super) use self::endpoint::answer as answer_token;

use self::credentials::{Access, Secret, User};
use self::tokens::Scopes;

/// How callers show who they are, and who they may be.
#[derive(Clone, Debug)]
pub struct Auth {
    scheme: Scheme,
    users: BTreeMap<String, User>,
    refresh_tokens: Vec<(String, Secret)>,
    anonymous_pull: bool,
    realm: Option<String>,
    service: Option<String>,
    expires_in: Duration,
    token_uses: Option<u32>,
    form: TokenForm,
}

/// What tokens look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenForm {
    /// Random texts.
    Opaque,
    /// JSON Web Tokens that name what they allow, as Docker's token specification has them.
    Web,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Open,
    Basic,
    Bearer,
}

impl Auth {
    /// Everybody may do everything, credentials are not looked at.
    pub fn none() -> Self {
        Self::new(Scheme::Open)
    }

    /// Basic authentication with a user and a password.
    pub fn basic(user: &str, password: &str) -> Self {
        Self::new(Scheme::Basic).user(user, password)
    }

    /// Bearer tokens, which `/token` of this registry issues to the users that are added, for the scopes they may have.
    pub fn bearer() -> Self {
        Self::new(Scheme::Bearer)
    }

    fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            users: BTreeMap::new(),
            refresh_tokens: Vec::new(),
            anonymous_pull: false,
            realm: None,
            service: None,
            expires_in: Duration::from_secs(300),
            token_uses: None,
            form: TokenForm::Opaque,
        }
    }

    /// Adds a user who may pull, push and delete everywhere.
    #[must_use]
    pub fn user(self, name: &str, password: &str) -> Self {
        self.add(name, password, Access::Everything)
    }

    /// Adds a user who may only pull.
    #[must_use]
    pub fn reader(self, name: &str, password: &str) -> Self {
        self.add(name, password, Access::Pull)
    }

    /// Adds a refresh token (an identity token in Docker's configuration) of a user, for POST to `/token`.
    #[must_use]
    pub fn refresh_token(mut self, user: &str, token: &str) -> Self {
        self.refresh_tokens
            .push((user.to_owned(), Secret::new(token)));
        self
    }

    /// Lets everybody pull; for tokens, `/token` answers also without credentials.
    #[must_use]
    pub fn anonymous_pull(mut self) -> Self {
        self.anonymous_pull = true;
        self
    }

    /// Names this URL as the token realm instead of the registry's own `/token`.
    #[must_use]
    pub fn realm(mut self, url: &str) -> Self {
        self.realm = Some(url.to_owned());
        self
    }

    /// Names this service in challenges instead of the host.
    #[must_use]
    pub fn service(mut self, service: &str) -> Self {
        self.service = Some(service.to_owned());
        self
    }

    /// How long a token is good for; the default is 300 seconds.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires_in = lifetime;
        self
    }

    /// Lets each token be used for this many requests, then it is unknown: a 401 in the middle, at an exact place.
    #[must_use]
    pub fn token_uses(mut self, uses: u32) -> Self {
        self.token_uses = Some(uses);
        self
    }

    /// Makes tokens JSON Web Tokens that name what they allow, as those of Docker's token specification do; else they
    /// say nothing of themselves.
    #[must_use]
    pub fn web_tokens(mut self) -> Self {
        self.form = TokenForm::Web;
        self
    }

    fn add(mut self, name: &str, password: &str, access: Access) -> Self {
        let user = User {
            password: Secret::new(password),
            access,
        };
        self.users.insert(name.to_owned(), user);
        self
    }

    /// The user whom these credentials belong to.
    fn login(&self, name: &str, password: &str) -> Option<&User> {
        self.users
            .get(name)
            .filter(|user| user.password.is(password))
    }
}

/// Who asks, and what they may do.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) user: Option<String>,
    rights: Rights,
}

#[derive(Clone, Debug)]
enum Rights {
    Access(Access),
    Scopes(Scopes),
}

impl Caller {
    /// Whether the caller may pull from a repository.
    pub(super) fn may_pull(&self, repository: &str) -> bool {
        self.may(&format!("repository:{repository}"), "pull")
    }

    fn may(&self, resource: &str, action: &str) -> bool {
        match &self.rights {
            Rights::Access(access) => access.allows(action),
            Rights::Scopes(scopes) => scopes
                .get(resource)
                .is_some_and(|actions| actions.contains(action)),
        }
    }
}

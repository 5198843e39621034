//! From a request to its caller, or to the challenge or refusal that it is answered with.

use http::StatusCode;
use http::request::Parts;

use super::credentials::{Access, Credentials};
use super::{Auth, Caller, Rights, Scheme, Tokens};
use crate::registry::reply::{ErrorCode, Failure};
use crate::registry::route::{Operation, Query, Target};

/// Where a registry is, as challenges name it.
#[derive(Clone, Copy, Debug)]
pub(in crate::registry) struct RegistryAddress<'a> {
    pub(in crate::registry) url: &'a str,
    pub(in crate::registry) host: &'a str,
}

/// What a request needs.
struct Need {
    /// `repository:NAME`, or `registry:catalog`; none where any caller with credentials will do.
    resource: Option<String>,
    action: &'static str,
    /// The scopes that a challenge asks for.
    scope: String,
}

/// Finds out who asks, and refuses what they may not do.
pub(in crate::registry) fn authorize(
    auth: &Auth,
    tokens: &Tokens,
    address: RegistryAddress<'_>,
    parts: &Parts,
    target: &Target,
    query: &Query,
) -> Result<Caller, Failure> {
    let need = Need::of(target, query);
    let caller = match auth.scheme {
        Scheme::Open => {
            return Ok(Caller {
                user: None,
                rights: Rights::Access(Access::Everything),
            });
        }
        Scheme::Basic => basic_caller(auth, parts),
        Scheme::Bearer => bearer_caller(auth, tokens, address, parts, &need)?,
    };
    let Some(caller) = caller else {
        return Err(challenge(auth, address, &need, None));
    };
    let allowed = match &need.resource {
        Some(resource) => caller.may(resource, need.action),
        None => caller.user.is_some() || auth.scheme == Scheme::Bearer,
    };
    match (allowed, auth.scheme, &caller.user) {
        (true, _, _) => Ok(caller),
        (false, Scheme::Basic, Some(_)) => Err(Failure::new(
            StatusCode::FORBIDDEN,
            ErrorCode::Denied,
            "this user may not do that",
        )),
        (false, Scheme::Bearer, _) => {
            Err(challenge(auth, address, &need, Some("insufficient_scope")))
        }
        (false, _, _) => Err(challenge(auth, address, &need, None)),
    }
}

/// The challenge for a mount that lacks pull on its source.
pub(in crate::registry) fn challenge_mount(
    auth: &Auth,
    address: RegistryAddress<'_>,
    target: &Target,
    query: &Query,
) -> Failure {
    challenge(
        auth,
        address,
        &Need::of(target, query),
        Some("insufficient_scope"),
    )
}

impl Need {
    fn of(target: &Target, query: &Query) -> Self {
        let (action, actions) = match target.operation {
            Operation::Base | Operation::Token | Operation::Unknown => ("", ""),
            Operation::Catalog => ("*", "*"),
            Operation::ManifestHead
            | Operation::ManifestGet
            | Operation::BlobHead
            | Operation::BlobGet
            | Operation::TagList
            | Operation::Referrers => ("pull", "pull"),
            // As distribution sees it, giving an upload up is a deletion, too.
            Operation::ManifestDelete | Operation::BlobDelete | Operation::UploadCancel => {
                ("delete", "delete")
            }
            Operation::ManifestPut
            | Operation::UploadStart
            | Operation::BlobPost
            | Operation::Mount
            | Operation::BlobPatch
            | Operation::BlobPut
            | Operation::UploadStatus => ("push", "pull,push"),
        };
        let resource = match (&target.repository, target.operation) {
            (_, Operation::Catalog) => Some("registry:catalog".to_owned()),
            (Some(name), _) => Some(format!("repository:{name}")),
            (None, _) => None,
        };
        let mut scope = resource
            .as_ref()
            .map(|resource| format!("{resource}:{actions}"))
            .unwrap_or_default();
        if let (Operation::Mount, Some(source)) = (target.operation, query.get("from")) {
            scope = format!("{scope} repository:{source}:pull");
        }
        Self {
            resource,
            action,
            scope,
        }
    }
}

/// `None` without valid credentials, unless everybody may pull and none were sent.
fn basic_caller(auth: &Auth, parts: &Parts) -> Option<Caller> {
    match Credentials::read(parts) {
        Credentials::Basic { user, password } => {
            let access = auth.login(&user, &password)?.access;
            Some(Caller {
                user: Some(user),
                rights: Rights::Access(access),
            })
        }
        Credentials::None if auth.anonymous_pull => Some(Caller {
            user: None,
            rights: Rights::Access(Access::Pull),
        }),
        _ => None,
    }
}

/// `None` without a token.
fn bearer_caller(
    auth: &Auth,
    tokens: &Tokens,
    address: RegistryAddress<'_>,
    parts: &Parts,
    need: &Need,
) -> Result<Option<Caller>, Failure> {
    let Credentials::Bearer(token) = Credentials::read(parts) else {
        return Ok(None);
    };
    match tokens.redeem(&token) {
        Some((user, scopes)) => Ok(Some(Caller {
            user,
            rights: Rights::Scopes(scopes),
        })),
        None => Err(challenge(auth, address, need, Some("invalid_token"))),
    }
}

fn challenge(
    auth: &Auth,
    address: RegistryAddress<'_>,
    need: &Need,
    error: Option<&str>,
) -> Failure {
    let service = auth.service.as_deref().unwrap_or(address.host);
    let mut header = match auth.scheme {
        Scheme::Bearer => {
            let own = format!("{}/token", address.url);
            format!(
                "Bearer realm=\"{}\",service=\"{service}\"",
                auth.realm.as_deref().unwrap_or(&own)
            )
        }
        Scheme::Basic | Scheme::Open => format!("Basic realm=\"{service}\""),
    };
    if auth.scheme == Scheme::Bearer && !need.scope.is_empty() {
        header = format!("{header},scope=\"{}\"", need.scope);
    }
    if let Some(error) = error {
        header = format!("{header},error=\"{error}\"");
    }
    let message = "authentication required";
    Failure::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, message)
        .header("www-authenticate", header)
}

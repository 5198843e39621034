//! Keyless signing as settings: whether, with which sigstore, and where identity tokens come from. Nothing is read here.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use promo_registry::auth::ServiceAccount;

use super::origin::row_of;
use super::resolver::wrong;
use super::{IdentityPlaces, Origin, Resolver, Row, Setting, SigningOverrides, keys};
use crate::error::Result;
use crate::identity_token::{IdentityTokenSource, NamedSource, TokenCommand};

/// Where identity tokens come from, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TokenPlace(IdentityTokenSource);

const AUTO: &str = "auto";

impl FromStr for TokenPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == AUTO {
            return Ok(Self(IdentityTokenSource::Auto));
        }
        let mut named = NamedSource::ALL.into_iter();
        if let Some(named) = named.find(|named| named.as_str() == text) {
            return Ok(Self(IdentityTokenSource::Named(named)));
        }
        let expected = || {
            let names = NamedSource::ALL.map(|named| format!("`{}`", named.as_str()));
            format!(
                "`{AUTO}`, {}, `account:EMAIL`, `file:PATH` or `command:PROGRAM ARGUMENT…`",
                names.join(", ")
            )
        };
        let source = match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => IdentityTokenSource::File(path.into()),
            Some(("account", email)) => {
                let account = ServiceAccount::parse(email).map_err(|error| error.to_string())?;
                IdentityTokenSource::GoogleAccount(account)
            }
            Some(("command", words)) => {
                let words = words.split_whitespace().map(str::to_owned);
                let command = TokenCommand::new(words).map_err(|error| error.to_string())?;
                IdentityTokenSource::Command(command)
            }
            _ => return Err(expected()),
        };
        Ok(Self(source))
    }
}

/// As it is written, but for the arguments of a program.
impl fmt::Display for TokenPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            IdentityTokenSource::Auto => f.write_str(AUTO),
            IdentityTokenSource::Named(named) => f.write_str(named.as_str()),
            IdentityTokenSource::GoogleAccount(account) => {
                write!(f, "account:{}", account.as_str())
            }
            IdentityTokenSource::File(path) => write!(f, "file:{}", path.display()),
            // Its arguments may be secrets.
            IdentityTokenSource::Command(command) => write!(f, "command:{} …", command.program()),
        }
    }
}

/// The documents of a sigstore of one's own.
#[derive(Debug, Clone)]
pub struct OwnSigstore {
    signing_config: Setting<PathBuf>,
    trusted_root: Setting<PathBuf>,
}

impl OwnSigstore {
    /// The file that names its services.
    pub fn signing_config(&self) -> &Path {
        &self.signing_config.value
    }

    /// The file with its authorities and logs.
    pub fn trusted_root(&self) -> &Path {
        &self.trusted_root.value
    }
}

/// How keyless signing is done.
#[derive(Debug, Clone)]
pub struct KeylessSettings {
    origin: Origin,
    own: Option<OwnSigstore>,
    source: Setting<TokenPlace>,
    places: IdentityPlaces,
}

impl KeylessSettings {
    /// What is said about it, if it is asked for.
    pub(super) fn resolve(given: &SigningOverrides, resolver: &Resolver) -> Result<Option<Self>> {
        let wanted = resolver.pick(&keys::KEYLESS, given.keyless.then_some(true), |content| {
            content.sign.keyless
        })?;
        let Some(Setting {
            value: true,
            origin,
        }) = wanted
        else {
            return Ok(None);
        };
        let config = resolver.pick(
            &keys::SIGNING_CONFIG,
            given.signing_config.clone(),
            |content| content.sign.signing_config.clone(),
        )?;
        let root = resolver.pick(&keys::TRUSTED_ROOT, given.trusted_root.clone(), |content| {
            content.sign.trusted_root.clone()
        })?;
        let own = match (config, root) {
            (None, None) => None,
            (Some(signing_config), Some(trusted_root)) => Some(OwnSigstore {
                signing_config,
                trusted_root,
            }),
            (Some(alone), None) => {
                return Err(half(&keys::SIGNING_CONFIG, &alone, &keys::TRUSTED_ROOT));
            }
            (None, Some(alone)) => {
                return Err(half(&keys::TRUSTED_ROOT, &alone, &keys::SIGNING_CONFIG));
            }
        };
        Ok(Some(Self {
            origin,
            own,
            source: source(given, resolver)?,
            places: IdentityPlaces::find(resolver.environment()),
        }))
    }

    /// Keyless signing as this service account of Google's, in the public sigstore.
    pub fn of_account(account: ServiceAccount, places: IdentityPlaces) -> Self {
        Self {
            origin: Origin::Default,
            own: None,
            source: Setting::unsaid(TokenPlace(IdentityTokenSource::GoogleAccount(account))),
            places,
        }
    }

    /// The sigstore of one's own, if it isn't the public one.
    pub fn own_sigstore(&self) -> Option<&OwnSigstore> {
        self.own.as_ref()
    }

    /// Where identity tokens come from.
    pub fn token_source(&self) -> &IdentityTokenSource {
        &self.source.value.0
    }

    /// The places where the environment says that there are some.
    pub fn places(&self) -> &IdentityPlaces {
        &self.places
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }
}

pub(super) fn rows(keyless: Option<&KeylessSettings>) -> Vec<Row> {
    let wanted = match keyless {
        Some(settings) => Setting::new(true, settings.origin.clone()),
        None => Setting::unsaid(false),
    };
    let own = keyless.and_then(KeylessSettings::own_sigstore);
    let (config, root) = own
        .map(|own| (&own.signing_config, &own.trusted_root))
        .unzip();
    let shown = |path: &PathBuf| path.display().to_string();
    let source = keyless.map(|settings| &settings.source);
    vec![
        wanted.row(keys::KEYLESS.name, wanted.value.to_string()),
        row_of(config, keys::SIGNING_CONFIG.name, shown),
        row_of(root, keys::TRUSTED_ROOT.name, shown),
        row_of(source, keys::IDENTITY_TOKEN.name, TokenPlace::to_string),
    ]
}

fn source(given: &SigningOverrides, resolver: &Resolver) -> Result<Setting<TokenPlace>> {
    let key = &keys::IDENTITY_TOKEN;
    let typed = given.identity_token.as_ref();
    let typed = typed.map(|text| resolver.typed(key, text));
    let picked = resolver.pick(key, typed.transpose()?, |content| {
        content.sign.identity_token.clone()
    })?;
    let Some(Setting { value, origin }) = picked else {
        return Ok(Setting::default());
    };
    let place = value.0;
    let is_program = matches!(place.0, IdentityTokenSource::Command(_));
    if is_program && matches!(origin, Origin::File(_)) {
        // The file may be that of a change which nobody has reviewed yet, and the program would be run on it.
        let expected = format!(
            "no program: that is named for the call or by {}, and never by a promo.toml",
            key.variable
        );
        return Err(wrong(key, &place.to_string(), &origin, expected));
    }
    Ok(Setting::new(place, origin))
}

/// One document alone may be of another sigstore than the public one.
fn half(
    key: &'static keys::Key,
    alone: &Setting<PathBuf>,
    other: &keys::Key,
) -> crate::error::Error {
    let shown = alone.value.display().to_string();
    let expected = format!("`{}` beside it, of the same sigstore", other.name);
    wrong(key, &shown, &alone.origin, expected)
}

impl TokenPlace {
    /// The same with a path that is relative to `folder`.
    pub(super) fn made_whole(self, folder: &Path) -> Self {
        match self.0 {
            IdentityTokenSource::File(path) => Self(IdentityTokenSource::File(folder.join(path))),
            other => Self(other),
        }
    }
}

#[cfg(test)]
mod tests;

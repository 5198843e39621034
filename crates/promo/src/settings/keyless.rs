//! Keyless signing as settings: whether, with which sigstore, and where identity tokens come from. Nothing is read here.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use promo_core::ports::ServiceUrl;
use promo_core::trust::Pattern;
use promo_registry::auth::ServiceAccount;
use promo_sign::SigstoreRepository;

use super::file::Sign;
use super::origin::row_of;
use super::resolver::wrong;
use super::{IdentityPlaces, Origin, Resolver, Row, Setting, SigningOverrides, keys};
use crate::error::Result;
use crate::identity_token::{IdentityTokenSource, NamedSource, TokenCommand};
use crate::public_files;
use crate::trust::TrustDocument;
use crate::tuf::{self, RepositoryUrl};

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

/// Where the documents of the sigstore that signs are.
#[derive(Debug, Clone)]
pub enum SigstoreSource {
    /// In the TUF repository of the public sigstore.
    Public,
    /// In this one.
    Repository(OwnRepository),
    /// In files.
    Documents(OwnSigstore),
}

impl SigstoreSource {
    /// The trust in whoever holds certificates of this sigstore for an identity by an issuer.
    ///
    /// # Errors
    ///
    /// `PROMO-X004`, `PROMO-X012`, `PROMO-X039`: its file can't be used.
    pub fn trust_in_holder(&self, issuer: Pattern, subject: Pattern) -> Result<TrustDocument> {
        let document = TrustDocument::in_holder(issuer, subject);
        Ok(match self {
            Self::Documents(own) => {
                document.with_root(public_files::trusted_root(own.trusted_root())?)
            }
            Self::Public => document.with_repository(SigstoreRepository::public()?),
            Self::Repository(own) => document.with_repository(own.repository()?),
        })
    }
}

/// A TUF repository that settings name.
#[derive(Debug, Clone)]
pub struct OwnRepository {
    url: Setting<RepositoryUrl>,
    root: Option<Setting<PathBuf>>,
}

impl OwnRepository {
    /// The repository, with its root.
    ///
    /// # Errors
    ///
    /// `PROMO-X004`, `PROMO-X012`, `PROMO-X039`: the root can't be used.
    pub fn repository(&self) -> Result<SigstoreRepository> {
        tuf::repository(self.url().clone(), self.root())
    }

    /// Where it is.
    pub fn url(&self) -> &ServiceUrl {
        &self.url.value.0
    }

    /// The file with the root by which it is believed; without it, it is a mirror of the public sigstore's.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_ref().map(|root| root.value.as_path())
    }
}

/// How keyless signing is done.
#[derive(Debug, Clone)]
pub struct KeylessSettings {
    origin: Origin,
    sigstore: SigstoreSource,
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
        Ok(Some(Self {
            origin,
            sigstore: sigstore(given, resolver)?,
            source: source(given, resolver)?,
            places: IdentityPlaces::find(resolver.environment()),
        }))
    }

    /// Keyless signing as this service account of Google's, in the public sigstore.
    pub fn of_account(account: ServiceAccount, places: IdentityPlaces) -> Self {
        Self {
            origin: Origin::Default,
            sigstore: SigstoreSource::Public,
            source: Setting::unsaid(TokenPlace(IdentityTokenSource::GoogleAccount(account))),
            places,
        }
    }

    /// Where the documents of the sigstore are.
    pub fn sigstore(&self) -> &SigstoreSource {
        &self.sigstore
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
    let (repository, tuf_root) = match keyless.map(KeylessSettings::sigstore) {
        Some(SigstoreSource::Repository(own)) => (Some(&own.url), own.root.as_ref()),
        _ => (None, None),
    };
    let (config, root) = match keyless.map(KeylessSettings::sigstore) {
        Some(SigstoreSource::Documents(own)) => {
            (Some(&own.signing_config), Some(&own.trusted_root))
        }
        _ => (None, None),
    };
    let shown = |path: &PathBuf| path.display().to_string();
    let source = keyless.map(|settings| &settings.source);
    vec![
        wanted.row(keys::KEYLESS.name, wanted.value.to_string()),
        row_of(
            repository,
            keys::TUF_REPOSITORY.name,
            RepositoryUrl::to_string,
        ),
        row_of(tuf_root, keys::TUF_ROOT.name, shown),
        row_of(config, keys::SIGNING_CONFIG.name, shown),
        row_of(root, keys::TRUSTED_ROOT.name, shown),
        row_of(source, keys::IDENTITY_TOKEN.name, TokenPlace::to_string),
    ]
}

/// Where the documents are, of which each says the same: in one place.
fn sigstore(given: &SigningOverrides, resolver: &Resolver) -> Result<SigstoreSource> {
    let path = |key, typed: &Option<PathBuf>, of_file: fn(&Sign) -> &Option<PathBuf>| {
        resolver.pick(key, typed.clone(), |content| of_file(&content.sign).clone())
    };
    let config = path(&keys::SIGNING_CONFIG, &given.signing_config, |sign| {
        &sign.signing_config
    })?;
    let trusted_root = path(&keys::TRUSTED_ROOT, &given.trusted_root, |sign| {
        &sign.trusted_root
    })?;
    let root = path(&keys::TUF_ROOT, &given.tuf_root, |sign| &sign.tuf_root)?;
    let url = repository_url(given, resolver)?;
    if let (Some(url), Some(config)) = (&url, config.as_ref().or(trusted_root.as_ref())) {
        let expected = format!(
            "no `{}` or `{}` beside it ({}): both say which sigstore signs",
            keys::SIGNING_CONFIG.name,
            keys::TRUSTED_ROOT.name,
            config.origin
        );
        let shown = url.value.to_string();
        return Err(wrong(&keys::TUF_REPOSITORY, &shown, &url.origin, expected));
    }
    match (url, root, config, trusted_root) {
        (Some(url), root, ..) => Ok(SigstoreSource::Repository(OwnRepository { url, root })),
        (None, Some(alone), ..) => Err(half(&keys::TUF_ROOT, &alone, &keys::TUF_REPOSITORY)),
        (None, None, None, None) => Ok(SigstoreSource::Public),
        (None, None, Some(signing_config), Some(trusted_root)) => {
            Ok(SigstoreSource::Documents(OwnSigstore {
                signing_config,
                trusted_root,
            }))
        }
        (None, None, Some(alone), None) => {
            Err(half(&keys::SIGNING_CONFIG, &alone, &keys::TRUSTED_ROOT))
        }
        (None, None, None, Some(alone)) => {
            Err(half(&keys::TRUSTED_ROOT, &alone, &keys::SIGNING_CONFIG))
        }
    }
}

fn repository_url(
    given: &SigningOverrides,
    resolver: &Resolver,
) -> Result<Option<Setting<RepositoryUrl>>> {
    let key = &keys::TUF_REPOSITORY;
    let typed = given.tuf_repository.as_ref();
    let typed = typed.map(|text| resolver.typed(key, text));
    let picked = resolver.pick(key, typed.transpose()?, |content| {
        content.sign.tuf_repository.clone()
    })?;
    Ok(picked.map(|Setting { value, origin }| Setting::new(value.0, origin)))
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

//! promo.toml: its shape, where it is found, and what is wrong in it.
//!
//! Unknown keys are errors. Paths in it are relative to its folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use promo_core::oci::{RegistryHost, RegistryPath};
use promo_core::plan::NamePattern;
use promo_registry::HttpVersion;
use promo_registry::inventory::InventoryMethod;
use serde::Deserialize;

use super::carry::ArtifactType;
use super::give_up::Span;
use super::keyless::TokenPlace;
use super::signing::{FormatName, Placement};
use super::staging::{CarriedType, PolicyName, SignedName};
use super::value::Text;
use super::{Environment, Key};
use crate::error::{Error, Result};
use crate::files;
use crate::tuf::RepositoryUrl;

/// The name of the file, in a project and for a user.
const NAME: &str = "promo.toml";

/// A file that was read.
#[derive(Debug)]
pub(super) struct SettingsFile {
    /// Where it stands.
    pub(super) path: PathBuf,
    /// What stands in it, paths made whole.
    pub(super) content: Content,
}

/// What may stand in a promo.toml.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Content {
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["table", "json", "yaml"])))]
    pub(super) output: Option<String>,
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["text", "json"])))]
    pub(super) log_format: Option<String>,
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["auto", "always", "never"])))]
    pub(super) color: Option<String>,
    pub(super) manifest: Option<PathBuf>,
    pub(super) thin_manifest_dir: Option<PathBuf>,
    pub(super) allow_tag_moves: Option<PathBuf>,
    pub(super) authfile: Option<PathBuf>,
    pub(super) give_up: Option<Text<Span>>,
    pub(super) carry: Option<Vec<Text<ArtifactType>>>,
    pub(super) identity: Vec<Identity>,
    pub(super) tags: Vec<Tags>,
    pub(super) registry: BTreeMap<RegistryHost, Registry>,
    pub(super) sign: Sign,
    pub(super) verify: Verify,
    pub(super) attest: Attest,
    pub(super) tls: Tls,
}

/// `[[identity]]`
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    #[serde(rename = "match")]
    pub(super) registry: RegistryPath,
    pub(super) name: RegistryPath,
}

/// `[[tags]]`
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Tags {
    #[serde(rename = "match")]
    pub(super) tag: Text<NamePattern>,
    pub(super) image: Option<Text<NamePattern>>,
    pub(super) mutable: bool,
}

/// `[registry."HOST"]`
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Registry {
    pub(super) plain_http: Option<bool>,
    pub(super) http_version: Option<VersionName>,
    pub(super) token_realm: Option<RegistryHost>,
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub(super) rate: Option<f64>,
    pub(super) concurrency: Option<std::num::NonZeroU16>,
    pub(super) inventory: Option<Inventory>,
    pub(super) google_credentials: Option<bool>,
    pub(super) client_certificate: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
}

/// How an inventory is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum Inventory {
    Cheapest,
    BulkList,
    TagList,
    HeadOnly,
}

impl From<Inventory> for InventoryMethod {
    fn from(inventory: Inventory) -> Self {
        match inventory {
            Inventory::Cheapest => Self::Cheapest,
            Inventory::BulkList => Self::BulkList,
            Inventory::TagList => Self::TagList,
            Inventory::HeadOnly => Self::HeadOnly,
        }
    }
}

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) enum VersionName {
    #[serde(rename = "auto")]
    Auto,
    #[serde(rename = "1.1")]
    Http1,
    #[serde(rename = "2")]
    Http2,
}

impl From<VersionName> for HttpVersion {
    fn from(name: VersionName) -> Self {
        match name {
            VersionName::Auto => Self::Auto,
            VersionName::Http1 => Self::Http1,
            VersionName::Http2 => Self::Http2,
        }
    }
}

/// `[sign]`
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Sign {
    pub(super) key: Option<PathBuf>,
    pub(super) keyless: Option<bool>,
    pub(super) tuf_repository: Option<Text<RepositoryUrl>>,
    pub(super) tuf_root: Option<PathBuf>,
    pub(super) signing_config: Option<PathBuf>,
    pub(super) trusted_root: Option<PathBuf>,
    pub(super) identity_token: Option<Text<TokenPlace>>,
    pub(super) formats: Option<Vec<Text<FormatName>>>,
    pub(super) evidence: Option<Text<Placement>>,
    pub(super) recursive: Option<bool>,
}

/// `[verify]`
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Verify {
    pub(super) trust: Option<PathBuf>,
    pub(super) staging_keys: Option<Vec<PathBuf>>,
    pub(super) staging_signatures: Option<Text<PolicyName>>,
    pub(super) staging_names: Option<Vec<Text<SignedName>>>,
    pub(super) staging_attestations: Option<Vec<Text<CarriedType>>>,
}

/// `[attest]`
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Attest {
    pub(super) predicate_type: Option<String>,
    pub(super) builder_id: Option<String>,
}

/// `[tls]`
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Tls {
    pub(super) roots: Option<Vec<PathBuf>>,
}

/// The project's file: the one that was named, else the nearest from the current folder up to the root of
/// its git work tree. Without git only the current folder is looked at: a file further up is nobody's promise.
pub(super) fn project(
    environment: &Environment,
    named: Option<&Path>,
) -> Result<Option<SettingsFile>> {
    let named = named
        .map(Path::to_owned)
        .or_else(|| environment.path("PROMO_CONFIG"));
    if let Some(path) = named {
        return read(&path).map(Some);
    }
    let folder = environment.directory();
    let root = folder
        .ancestors()
        .find(|folder| folder.join(".git").exists());
    for candidate in folder.ancestors() {
        let path = candidate.join(NAME);
        if path.is_file() {
            return read(&path).map(Some);
        }
        if root.is_none_or(|root| root == candidate) {
            break;
        }
    }
    Ok(None)
}

/// The user's file.
pub(super) fn user(environment: &Environment) -> Result<Option<SettingsFile>> {
    let path = environment
        .config_home()
        .map(|folder| folder.join("promo").join(NAME))
        .filter(|path| path.is_file());
    path.map(|path| read(&path)).transpose()
}

fn read(path: &Path) -> Result<SettingsFile> {
    let text = files::read_text(path, &files::SETTINGS)?;
    let mut content: Content =
        toml::from_str(&text).map_err(|error| mistake(path, &text, &error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    content.make_whole(folder);
    Ok(SettingsFile {
        path: path.to_owned(),
        content,
    })
}

impl Content {
    /// What is said about how a frontend talks.
    pub(super) fn console(&self, key: &Key) -> Option<String> {
        match key.name {
            "output" => self.output.clone(),
            "log-format" => self.log_format.clone(),
            "color" => self.color.clone(),
            _ => None,
        }
    }

    /// Paths are relative to the folder of the file.
    fn make_whole(&mut self, folder: &Path) {
        let single = [
            &mut self.manifest,
            &mut self.thin_manifest_dir,
            &mut self.allow_tag_moves,
            &mut self.authfile,
            &mut self.sign.key,
            &mut self.sign.tuf_root,
            &mut self.sign.signing_config,
            &mut self.sign.trusted_root,
            &mut self.verify.trust,
        ];
        let of_hosts = self
            .registry
            .values_mut()
            .flat_map(|host| [&mut host.client_certificate, &mut host.client_key]);
        let lists = [&mut self.verify.staging_keys, &mut self.tls.roots];
        let paths = single.into_iter().chain(of_hosts).flatten();
        for path in paths.chain(lists.into_iter().flatten().flatten()) {
            *path = folder.join(&*path);
        }
        let place = &mut self.sign.identity_token;
        *place = place
            .take()
            .map(|Text(place)| Text(place.made_whole(folder)));
    }
}

fn mistake(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let start = error.span().map_or(0, |span| span.start);
    let (line, column) = files::place(text, start);
    Error::SettingsFile {
        path: path.to_owned(),
        line,
        column,
        message: error.message().to_owned(),
    }
}

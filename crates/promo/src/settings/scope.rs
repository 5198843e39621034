//! Which promoter manifests, which part of them, and which public names they have.

use std::path::{Path, PathBuf};

use promo_core::identity::{IdentityRule, IdentityRules};
use promo_core::plan::{MutableTags, TagRule};

use super::origin::row_of;
use super::{Environment, Origin, Resolver, Row, ScopeOverrides, Setting, keys};
use crate::error::{Error, Result};
use crate::git::Since;
use crate::tree::TreeSource;

/// Which promoter manifests, and which part of them.
#[derive(Debug, Clone, Default)]
pub struct ScopeSettings {
    tree: Option<Setting<TreeSource>>,
    tag_moves: Option<Setting<PathBuf>>,
    mutable_tags: Setting<MutableTags>,
    identities: Setting<IdentityRules>,
    identity_rows: Vec<String>,
    /// Only images whose name matches one of these, if there are any.
    pub images: Vec<String>,
    /// Only destinations that match one of these, if there are any.
    pub destinations: Vec<String>,
    /// Since when changes count, if not all that is wanted counts.
    pub since: Option<Since>,
    /// Whether one edge that is blocked stops all.
    pub fail_fast: bool,
}

impl ScopeSettings {
    /// From flags, environment and files.
    pub fn resolve(given: &ScopeOverrides, resolver: &Resolver) -> Result<Self> {
        let tag_moves = resolver.pick(
            &keys::ALLOW_TAG_MOVES,
            given.allow_tag_moves.clone(),
            |content| content.allow_tag_moves.clone(),
        )?;
        let (identities, identity_rows) = identities(resolver);
        Ok(Self {
            tree: tree(given, resolver)?,
            tag_moves,
            mutable_tags: mutable_tags(resolver),
            identities,
            identity_rows,
            images: given.images.clone(),
            destinations: given.destinations.clone(),
            since: given.since.clone(),
            fail_fast: given.fail_fast,
        })
    }

    /// The same with other promoter manifests.
    #[must_use]
    pub fn with_tree(mut self, tree: TreeSource) -> Self {
        self.tree = Some(Setting::unsaid(tree));
        self
    }

    /// The same with other public names.
    #[must_use]
    pub fn with_identities(mut self, identities: IdentityRules) -> Self {
        self.identities = Setting::unsaid(identities);
        self.identity_rows.clear();
        self
    }

    /// The promoter manifests; an error if nothing names them.
    pub fn tree(&self) -> Result<&TreeSource> {
        self.tree
            .as_ref()
            .map(|tree| &tree.value)
            .ok_or(Error::NoTree)
    }

    /// The file of tags that may move.
    pub fn tag_moves(&self) -> Option<&Path> {
        self.tag_moves
            .as_ref()
            .map(|setting| setting.value.as_path())
    }

    /// The tags that may move without a listed move.
    pub fn mutable_tags(&self) -> &MutableTags {
        &self.mutable_tags.value
    }

    /// The public names.
    pub fn identities(&self) -> &IdentityRules {
        &self.identities.value
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let path = |tree: &TreeSource| tree.path().display().to_string();
        let (plain, thin) = match &self.tree {
            Some(tree) if matches!(tree.value, TreeSource::Plain(_)) => (Some(tree), None),
            other => (None, other.as_ref()),
        };
        let mut rows = vec![
            row_of(plain, keys::MANIFEST.name, path),
            row_of(thin, keys::THIN_MANIFEST_DIR.name, path),
            row_of(
                self.tag_moves.as_ref(),
                keys::ALLOW_TAG_MOVES.name,
                |path| path.display().to_string(),
            ),
        ];
        let rules = self.mutable_tags.value.rules().iter();
        rows.extend(rules.map(|rule| self.mutable_tags.row("[[tags]]", rule.to_string())));
        rows.extend(
            self.identity_rows
                .iter()
                .map(|rule| self.identities.row("[[identity]]", rule.clone())),
        );
        rows
    }
}

/// The place that ranks highest and names a tree; one that names two is wrong.
fn tree(given: &ScopeOverrides, resolver: &Resolver) -> Result<Option<Setting<TreeSource>>> {
    let of_call = one_of(
        given.manifest.clone(),
        given.thin_manifest_dir.clone(),
        resolver.given(keys::MANIFEST.name),
        resolver.given(keys::THIN_MANIFEST_DIR.name),
    )?;
    if of_call.is_some() {
        return Ok(of_call);
    }
    let environment: &Environment = resolver.environment();
    let of_variables = one_of(
        environment.path(keys::MANIFEST.variable),
        environment.path(keys::THIN_MANIFEST_DIR.variable),
        Origin::Variable(keys::MANIFEST.variable),
        Origin::Variable(keys::THIN_MANIFEST_DIR.variable),
    )?;
    if of_variables.is_some() {
        return Ok(of_variables);
    }
    for file in resolver.files() {
        let origin = || Origin::File(file.path.clone());
        let content = &file.content;
        let of_file = one_of(
            from_here(content.manifest.as_deref(), resolver.environment()),
            from_here(content.thin_manifest_dir.as_deref(), resolver.environment()),
            origin(),
            origin(),
        )?;
        if of_file.is_some() {
            return Ok(of_file);
        }
    }
    Ok(None)
}

/// The path of a settings file as one would type it here: below the current folder it is relative.
fn from_here(path: Option<&Path>, environment: &Environment) -> Option<PathBuf> {
    let path = path?;
    Some(match path.strip_prefix(environment.directory()) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(below) => below.to_owned(),
        Err(_) => path.to_owned(),
    })
}

fn one_of(
    plain: Option<PathBuf>,
    thin: Option<PathBuf>,
    plain_origin: Origin,
    thin_origin: Origin,
) -> Result<Option<Setting<TreeSource>>> {
    match (plain, thin) {
        (Some(_), Some(_)) => Err(Error::TwoTrees {
            plain: plain_origin.to_string(),
            thin: thin_origin.to_string(),
        }),
        (Some(path), None) => Ok(Some(Setting::new(TreeSource::Plain(path), plain_origin))),
        (None, Some(path)) => Ok(Some(Setting::new(TreeSource::Thin(path), thin_origin))),
        (None, None) => Ok(None),
    }
}

/// The rules about tags of the first file that has any.
fn mutable_tags(resolver: &Resolver) -> Setting<MutableTags> {
    for file in resolver.files() {
        if !file.content.tags.is_empty() {
            let rules = file.content.tags.iter().map(|rule| TagRule {
                tag: rule.tag.0.clone(),
                image: rule.image.as_ref().map(|image| image.0.clone()),
                mutable: rule.mutable,
            });
            let origin = Origin::File(file.path.clone());
            return Setting::new(MutableTags::new(rules.collect()), origin);
        }
    }
    Setting::unsaid(MutableTags::default())
}

/// The rules of the first file that has any: rules of two files would be in no order that anybody wrote.
fn identities(resolver: &Resolver) -> (Setting<IdentityRules>, Vec<String>) {
    for file in resolver.files() {
        if !file.content.identity.is_empty() {
            let rules = file.content.identity.iter();
            let shown = rules
                .clone()
                .map(|rule| format!("{} = {}", rule.registry, rule.name));
            let checked = rules
                .clone()
                .map(|rule| IdentityRule::new(rule.registry.clone(), rule.name.clone()));
            let origin = Origin::File(file.path.clone());
            let setting = Setting::new(IdentityRules::new(checked.collect()), origin);
            return (setting, shown.collect());
        }
    }
    (Setting::unsaid(IdentityRules::default()), Vec::new())
}

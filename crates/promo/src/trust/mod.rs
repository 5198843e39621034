//! The trust document (`trust.toml`): who is trusted, and what each kind of evidence needs, as people write it.
//!
//! It is read here and becomes a [`Trust`], which decides; `raw` has the shape, `checked` the meaning. Paths in it are relative to
//! its folder.

mod checked;
mod raw;
#[cfg(feature = "schema")]
mod schema;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use promo_core::ports::ServiceUrl;
use promo_core::trust::{Judge, Pattern, Trust};
use promo_sign::{EvidenceVerifier, KeyVerifier, PublicKey, SigstoreRepository, TrustedRoot};

#[cfg(feature = "schema")]
pub use schema::schema;

use crate::error::{Error, Result};
use crate::tuf::LateVerifier;
use crate::{files, public_files, tuf};

/// Where the keys and the roots that a document names come from; paths are as the document writes them.
pub trait NamedFiles {
    /// The public key in this file.
    ///
    /// # Errors
    ///
    /// If it can't be used.
    fn public_key(&self, path: &Path) -> Result<PublicKey>;

    /// The trusted root in this file.
    ///
    /// # Errors
    ///
    /// If it can't be used.
    fn trusted_root(&self, path: &Path) -> Result<TrustedRoot>;

    /// The TUF repository at this URL, believed by the root in this file, or by the public sigstore's.
    ///
    /// # Errors
    ///
    /// If the root can't be used.
    fn repository(&self, url: ServiceUrl, root: Option<&Path>) -> Result<SigstoreRepository>;
}

/// The files beside a document.
struct Beside<'a> {
    folder: &'a Path,
}

impl NamedFiles for Beside<'_> {
    fn public_key(&self, path: &Path) -> Result<PublicKey> {
        public_files::public_key(&self.folder.join(path))
    }

    fn trusted_root(&self, path: &Path) -> Result<TrustedRoot> {
        public_files::trusted_root(&self.folder.join(path))
    }

    fn repository(&self, url: ServiceUrl, root: Option<&Path>) -> Result<SigstoreRepository> {
        let root = root.map(|root| self.folder.join(root));
        tuf::repository(url, root.as_deref())
    }
}

/// A trust document that was read, with the keys and roots that it names.
#[derive(Debug, Clone)]
pub struct TrustDocument {
    path: PathBuf,
    trust: Trust,
    keys: Vec<PublicKey>,
    roots: Vec<Arc<TrustedRoot>>,
    repositories: Vec<SigstoreRepository>,
    carried: BTreeSet<String>,
}

impl TrustDocument {
    /// Reads a document and the keys and roots that it names.
    ///
    /// # Errors
    ///
    /// `PROMO-X054` if it isn't one, with the line; `PROMO-X004`, `PROMO-X012`, `PROMO-X039`: a file can't be used.
    pub fn read(path: &Path) -> Result<Self> {
        let text = files::read_text(path, &files::SETTINGS)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(path, &text, &Beside { folder })
    }

    /// The same as a document that trusts whoever holds certificates for an identity by an issuer, and needs one signature by
    /// them. By which roots certificates are verified is to be said besides.
    pub fn in_holder(issuer: Pattern, subject: Pattern) -> Self {
        Self {
            path: PathBuf::new(),
            trust: Trust::in_holder(issuer, subject),
            keys: Vec::new(),
            roots: Vec::new(),
            repositories: Vec::new(),
            carried: BTreeSet::new(),
        }
    }

    /// The same that verifies certificates by this root as well.
    #[must_use]
    pub fn with_root(mut self, root: TrustedRoot) -> Self {
        self.roots.push(Arc::new(root));
        self
    }

    /// The same that verifies certificates by the trusted root of this repository as well.
    #[must_use]
    pub fn with_repository(mut self, repository: SigstoreRepository) -> Self {
        self.repositories.push(repository);
        self
    }

    /// Understands the text of a document that stands at `path`, which is only named in errors.
    ///
    /// # Errors
    ///
    /// `PROMO-X054` if it isn't one, with the line; else what `named` says of the files that it names.
    pub fn parse(path: &Path, text: &str, named: &dyn NamedFiles) -> Result<Self> {
        let raw: raw::Document = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            mistake(path, text, start, error.message().to_owned())
        })?;
        let checked = checked::document(raw, named).map_err(|wrong| match wrong {
            checked::Wrong::At { start, message } => mistake(path, text, start, message),
            checked::Wrong::File(error) => *error,
        })?;
        Ok(Self {
            path: path.to_owned(),
            trust: checked.trust,
            keys: checked.keys,
            roots: checked.roots,
            repositories: checked.repositories,
            carried: checked.carried,
        })
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who is trusted, and what evidence needs.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The predicate types of attestations that are carried from staging.
    pub fn carried(&self) -> &BTreeSet<String> {
        &self.carried
    }

    /// The TUF repositories whose trusted roots it names. Nothing was read of them.
    pub fn repositories(&self) -> &[SigstoreRepository] {
        &self.repositories
    }

    /// A judge by this document alone. What its [`repositories`](Self::repositories) say isn't read, so that it accepts nobody
    /// by them; [`Promoter::judge`](crate::Promoter::judge) reads them.
    pub fn judge(&self) -> Judge {
        let roots = self.roots.iter().cloned();
        let verifier = EvidenceVerifier::new(self.key_verifier(), roots);
        Judge::new(Arc::new(verifier), Arc::new(self.trust.clone()))
    }

    /// A judge by this document and what its repositories say, which is read when there is evidence.
    pub(crate) fn judge_reading(&self, access: tuf::Access) -> Judge {
        let (roots, repositories) = (self.roots.clone(), self.repositories.clone());
        let verifier = LateVerifier::new(self.key_verifier(), roots, repositories, access);
        Judge::new(Arc::new(verifier), Arc::new(self.trust.clone()))
    }

    fn key_verifier(&self) -> KeyVerifier {
        KeyVerifier::new(self.keys.iter().cloned())
    }
}

/// What is wrong in a document, with the place of this byte.
fn mistake(path: &Path, text: &str, start: usize, message: String) -> Error {
    let (line, column) = files::place(text, start);
    Error::TrustDocument {
        path: path.to_owned(),
        line,
        column,
        message,
    }
}

#[cfg(test)]
mod tests;

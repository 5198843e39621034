//! What was said for one call: it wins over everything else. A command fills these from its flags, a program by hand.
//!
//! Texts are parsed where settings are resolved, so that a mistake is told like one in a file.

use std::path::PathBuf;

use crate::git::Since;

/// How registries are reached.
#[derive(Debug, Clone, Default)]
pub struct NetworkOverrides {
    /// The file with registry credentials.
    pub authfile: Option<PathBuf>,
    /// Hosts that are spoken to over plain HTTP, `HOST` or `HOST:PORT`.
    pub insecure_hosts: Vec<String>,
    /// Whether Google's hosts take Google credentials, found as gcrane finds them.
    pub google_credentials: bool,
}

/// Which promoter manifests, and which part of them.
#[derive(Debug, Clone, Default)]
pub struct ScopeOverrides {
    /// A plain promoter manifest.
    pub manifest: Option<PathBuf>,
    /// A tree of thin promoter manifests.
    pub thin_manifest_dir: Option<PathBuf>,
    /// A file of tags that may move.
    pub allow_tag_moves: Option<PathBuf>,
    /// Globs of image names; none selects all.
    pub images: Vec<String>,
    /// Globs of destination repositories; none selects all.
    pub destinations: Vec<String>,
    /// Only what is wanted now and wasn't then.
    pub since: Option<Since>,
    /// Whether one edge that is blocked stops all.
    pub fail_fast: bool,
}

/// How images are signed and attested.
#[derive(Debug, Clone, Default)]
pub struct SigningOverrides {
    /// The private key.
    pub key: Option<PathBuf>,
    /// Whether to sign with certificates instead of a key; nothing was said if false.
    pub keyless: bool,
    /// The URL of a sigstore's TUF repository.
    pub tuf_repository: Option<String>,
    /// The root by which it is believed.
    pub tuf_root: Option<PathBuf>,
    /// The signing configuration of a sigstore.
    pub signing_config: Option<PathBuf>,
    /// The trusted root of the same sigstore.
    pub trusted_root: Option<PathBuf>,
    /// Where identity tokens come from.
    pub identity_token: Option<String>,
    /// Whether nothing is signed or attested: the promise is given up.
    pub no_sign: bool,
    /// Whether the children of indexes are signed as well; nothing was said if false.
    pub recursive: bool,
    /// The forms of signatures, by name.
    pub formats: Option<Vec<String>>,
    /// Where an in-toto link of the promotion is written, and the key that signs it.
    pub link: Option<(PathBuf, PathBuf)>,
}

/// What is asked of staging, and trusted of it.
#[derive(Debug, Clone, Default)]
pub struct StagingOverrides {
    /// The trust document.
    pub trust: Option<PathBuf>,
    /// Public keys whose signatures are accepted.
    pub keys: Vec<PathBuf>,
    /// Whether images must be signed: off, if-present or require.
    pub signatures: Option<String>,
    /// Names that signatures may speak of.
    pub names: Vec<String>,
    /// Predicate types of attestations that are carried.
    pub attestations: Vec<String>,
    /// Types of artifacts that are copied with their images.
    pub carry: Vec<String>,
}

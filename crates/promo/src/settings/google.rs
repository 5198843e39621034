//! Where Google credentials are looked for: the places that gcrane looks at. For which hosts is said by `--compat k8s`
//! and by promo.toml; for others nothing here is read.

use std::path::PathBuf;

use super::Environment;

/// The places, and whether every host of Google's takes credentials from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GooglePlaces {
    /// Whether they are used for Google's hosts that have no settings of their own.
    pub every_google_host: bool,
    /// The application default credentials: the file that a variable names, which must be there then, else the
    /// well-known one if it exists.
    pub default_credentials: Option<PathBuf>,
    /// The metadata server that a variable names; without it the well-known one is looked for.
    pub metadata_server: Option<String>,
    /// The program.
    pub gcloud: Option<PathBuf>,
}

impl GooglePlaces {
    pub(super) fn find(every_google_host: bool, environment: &Environment) -> Self {
        let named = environment.path("GOOGLE_APPLICATION_CREDENTIALS");
        let program = format!("gcloud{}", if cfg!(windows) { ".cmd" } else { "" });
        Self {
            every_google_host,
            default_credentials: named.or_else(|| well_known(environment)),
            metadata_server: environment.text("GCE_METADATA_HOST"),
            gcloud: environment
                .search_path()
                .into_iter()
                .map(|folder| folder.join(&program))
                .find(|path| path.is_file()),
        }
    }
}

/// Where `gcloud auth application-default login` writes.
fn well_known(environment: &Environment) -> Option<PathBuf> {
    let folder = if cfg!(windows) {
        environment.path("APPDATA")?.join("gcloud")
    } else {
        environment.home()?.join(".config/gcloud")
    };
    let file = folder.join("application_default_credentials.json");
    file.is_file().then_some(file)
}

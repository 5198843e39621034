//! Where registry credentials are looked for: the places that skopeo, podman and docker use, in their order.

use std::path::{Path, PathBuf};

use super::value::show_paths;
use super::{Environment, Origin, Row, Setting, keys};

/// Files with credentials, in the order in which they are asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CredentialPlaces {
    /// The files.
    pub paths: Vec<PathBuf>,
    /// Folders in which credential helpers are looked for.
    pub helper_folders: Vec<PathBuf>,
    /// Where docker keeps logins, be the file there or not; none if nobody's home is known.
    docker: Option<PathBuf>,
    origin: Origin,
}

impl CredentialPlaces {
    /// Whether somebody named the file, rather than it was found.
    pub fn is_named(&self) -> bool {
        self.origin != Origin::Default
    }

    /// Where logins are kept that no other file speaks of: the file that was named, else docker's. It may not be there yet.
    pub fn for_logins(&self) -> Option<&Path> {
        let named = self.paths.first().filter(|_| self.is_named());
        named.or(self.docker.as_ref()).map(PathBuf::as_path)
    }

    pub(super) fn row(&self) -> Row {
        let shown = if self.paths.is_empty() {
            "-".to_owned()
        } else {
            show_paths(&self.paths)
        };
        Setting::new((), self.origin.clone()).row(keys::AUTHFILE.name, shown)
    }
}

/// The file that was named, which must be there then, else those that exist.
pub(super) fn find(named: Option<Setting<PathBuf>>, environment: &Environment) -> CredentialPlaces {
    let helper_folders = environment.search_path();
    let variable = environment
        .path("REGISTRY_AUTH_FILE")
        .map(|path| Setting::new(path, Origin::Variable("REGISTRY_AUTH_FILE")));
    if let Some(setting) = named.or(variable) {
        return CredentialPlaces {
            paths: vec![setting.value],
            helper_folders,
            docker: None,
            origin: setting.origin,
        };
    }
    let containers = "containers/auth.json";
    let docker = environment
        .path("DOCKER_CONFIG")
        .or_else(|| Some(environment.home()?.join(".docker")))
        .map(|folder| folder.join("config.json"));
    let places = [
        environment
            .path("XDG_RUNTIME_DIR")
            .map(|folder| folder.join(containers)),
        environment
            .config_home()
            .map(|folder| folder.join(containers)),
        docker.clone(),
    ];
    CredentialPlaces {
        paths: places
            .into_iter()
            .flatten()
            .filter(|path| path.is_file())
            .collect(),
        helper_folders,
        docker,
        origin: Origin::Default,
    }
}

//! The environment, as a value: variables and the current folder. A frontend takes them from its process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use promo_sign::Password;

/// Variables that promo reads besides those of the settings, with what they do.
pub const VARIABLES: [(&str, &str); 25] = [
    (
        "COSIGN_PASSWORD",
        "The password of private keys. It is never shown.",
    ),
    (
        "SIGSTORE_ID_TOKEN",
        "The identity token to sign with, as a job of GitLab has it by `id_tokens`. It is never shown.",
    ),
    (
        "GITHUB_ACTIONS",
        "That this is a job of GitHub Actions, which may have identity tokens.",
    ),
    (
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "Where a job of GitHub Actions asks for identity tokens.",
    ),
    (
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "What it asks with. It is never shown.",
    ),
    (
        "BUILDKITE",
        "That this is a job of Buildkite, whose agent has identity tokens.",
    ),
    (
        "CIRCLECI",
        "That this is a job of CircleCI, whose command has identity tokens.",
    ),
    (
        "PROMO_CONFIG",
        "The promo.toml to read in place of the project's.",
    ),
    (
        "PROMO_TRACE",
        "The file that commands which ask registries write their trace into, as `promo trace` reads it. Where it exists, a file beside it is written.",
    ),
    (
        "REGISTRY_AUTH_FILE",
        "The file with registry credentials, as skopeo and podman read it.",
    ),
    ("DOCKER_CONFIG", "The folder of docker's config.json."),
    (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "The file of Google's application default credentials, for registries that take them.",
    ),
    (
        "GCE_METADATA_HOST",
        "The metadata server that Google credentials come from; without it 169.254.169.254, if it answers.",
    ),
    (
        "XDG_RUNTIME_DIR",
        "Where containers/auth.json is looked for first.",
    ),
    (
        "XDG_CONFIG_HOME",
        "Where promo/promo.toml and containers/auth.json are looked for; ~/.config without it.",
    ),
    (
        "XDG_CACHE_HOME",
        "Where promo/ keeps what TUF repositories said; ~/.cache without it.",
    ),
    ("HOME", "Your home folder."),
    (
        "HTTPS_PROXY",
        "The proxy for https (lower case works, too).",
    ),
    (
        "HTTP_PROXY",
        "The proxy for plain HTTP; only its lower-case form is read when promo runs as a CGI program.",
    ),
    (
        "NO_PROXY",
        "Hosts that are reached without a proxy, separated by commas.",
    ),
    (
        "JOB_TYPE",
        "The type of a Prow job, where `promo cip` promotes only what the job changes.",
    ),
    (
        "PULL_BASE_SHA",
        "The commit that a Prow job's pull requests are based on, for the same.",
    ),
    ("NO_COLOR", "No colour, if it is set to anything."),
    ("CLICOLOR_FORCE", "Colour, even if nobody looks."),
    (
        "PATH",
        "Where git, gcloud, credential helpers and programs that print identity tokens are found.",
    ),
];

/// What a process was started with.
pub struct Environment {
    variables: BTreeMap<String, OsString>,
    directory: PathBuf,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Variables hold secrets.
        f.debug_struct("Environment")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl Environment {
    /// One with this current folder and these variables; those whose name is no UTF-8 are none of ours.
    pub fn new<N: Into<OsString>, V: Into<OsString>>(
        directory: PathBuf,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let named = |(name, value): (N, V)| Some((name.into().into_string().ok()?, value.into()));
        Self {
            variables: variables.into_iter().filter_map(named).collect(),
            directory,
        }
    }

    /// The folder that promo was called in.
    pub fn directory(&self) -> &PathBuf {
        &self.directory
    }

    /// A variable; one that is empty counts as not set.
    pub fn variable(&self, name: &str) -> Option<&OsString> {
        self.variables.get(name).filter(|value| !value.is_empty())
    }

    /// A variable as text; what is no UTF-8 is replaced, and fails later as a wrong value.
    pub fn text(&self, name: &str) -> Option<String> {
        self.variable(name)
            .map(|value| value.to_string_lossy().into_owned())
    }

    /// A variable that holds a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variable(name).map(PathBuf::from)
    }

    /// The password of private keys. An empty one is a password as well.
    pub fn key_password(&self) -> Option<Password> {
        self.variables
            .get("COSIGN_PASSWORD")
            .map(|value| Password::new(value.as_encoded_bytes().to_vec()))
    }

    /// The folders in which programs are looked for. Those that depend on the current folder are passed over: it may
    /// be that of a change which nobody has reviewed yet.
    pub fn search_path(&self) -> Vec<PathBuf> {
        let path = self.variable("PATH");
        path.map(|path| {
            let folders = std::env::split_paths(path);
            folders.filter(|folder| folder.is_absolute()).collect()
        })
        .unwrap_or_default()
    }

    /// The user's folder of settings.
    pub fn config_home(&self) -> Option<PathBuf> {
        self.path("XDG_CONFIG_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| Some(self.home()?.join(".config")))
    }

    /// The folder that promo keeps in what it can read again.
    pub fn cache_folder(&self) -> Option<PathBuf> {
        let of_user = self
            .path("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| Some(self.home()?.join(".cache")));
        Some(of_user?.join("promo"))
    }

    /// The user's home folder.
    pub fn home(&self) -> Option<PathBuf> {
        self.path("HOME").or_else(|| self.path("USERPROFILE"))
    }
}

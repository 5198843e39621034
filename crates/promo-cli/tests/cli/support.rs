//! A folder of its own, a cleared environment, registries, images and keys.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use promo_testkit::image::{BuiltImage, ImageBuilder, IndexBuilder, Layer};
use promo_testkit::registry::{Auth, EmbeddedRegistry, RegistryOptions};
use tokio::process::{Child, Command};

/// The password of all keys in these tests. It must be in no output: every output is searched for it.
pub(crate) const KEY_PASSWORD: &str = "pässword-of-the-key-0815";
/// The password of registries in these tests.
pub(crate) const REGISTRY_PASSWORD: &str = "password-of-the-registry-4711";

/// A folder in which `promo` runs.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
    /// Texts that differ between runs, with what stands for them.
    names: Vec<(String, String)>,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let names = vec![(real.display().to_string(), "DIR".to_owned())];
        Self { folder, names }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Shows `name` in outputs in place of `text`.
    pub(crate) fn rename(&mut self, text: &str, name: &str) {
        self.names.push((text.to_owned(), name.to_owned()));
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_promo"));
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("COLUMNS", "110")
            .env("COSIGN_PASSWORD", KEY_PASSWORD)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().await.unwrap();
        self.output(output)
    }

    /// Runs a script, whose arguments are the command with these arguments.
    #[cfg(unix)]
    pub(crate) async fn shell(&self, script: &str, arguments: &[&str]) -> Output {
        let like = self.command(arguments);
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", script, "sh", env!("CARGO_BIN_EXE_promo")])
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .envs(
                like.as_std()
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stdin(Stdio::null());
        self.output(shell.output().await.unwrap())
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    pub(crate) async fn finish(&self, child: Child) -> Output {
        self.output(child.wait_with_output().await.unwrap())
    }

    pub(crate) fn output(&self, output: std::process::Output) -> Output {
        let text = |bytes: Vec<u8>| {
            let mut text = String::from_utf8(bytes).unwrap();
            for secret in [KEY_PASSWORD, REGISTRY_PASSWORD] {
                assert!(!text.contains(secret), "a secret was printed:\n{text}");
            }
            for (from, to) in &self.names {
                text = text.replace(from, to);
            }
            text
        };
        // What a run took is told last, and differs from run to run.
        let took =
            regex::Regex::new(r"(?m)^\d+ requests? to \d+ hosts?, .* in [0-9.]+ m?s$").unwrap();
        let stderr = text(output.stderr);
        Output {
            stdout: text(output.stdout),
            stderr: took.replace(&stderr, "TRAFFIC").into_owned(),
            code: output.status.code(),
        }
    }

    /// `cosign.key` and `cosign.pub`, made by the command itself.
    pub(crate) async fn keys(&self, prefix: &str) {
        let made = self
            .run(&["key", "generate", "--output-prefix", prefix])
            .await;
        assert_eq!(made.code, Some(0), "{made}");
    }
}

/// What a command printed and how it ended.
#[must_use = "look at it"]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "--- stderr\n{}", self.stderr)?;
        }
        match self.code {
            Some(code) => write!(f, "--- exit {code}"),
            None => write!(f, "--- killed"),
        }
    }
}

impl Output {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in\n{self}"))
    }
}

/// User and password of registries in these tests, as Docker's configuration holds them: in base64.
const REGISTRY_LOGIN: &str = "cm9ib3Q6cGFzc3dvcmQtb2YtdGhlLXJlZ2lzdHJ5LTQ3MTE=";

/// Staging with images, and one production registry.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) staging: EmbeddedRegistry,
    pub(crate) production: EmbeddedRegistry,
    pub(crate) images: Vec<(String, BuiltImage)>,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with_production(Auth::none()).await
    }

    pub(crate) async fn with_production(auth: Auth) -> Self {
        Self::with(Auth::none(), auth).await
    }

    pub(crate) async fn with(staging: Auth, production: Auth) -> Self {
        let start = |auth| EmbeddedRegistry::start(RegistryOptions::default().auth(auth));
        let staging = start(staging).await.unwrap();
        let production = start(production).await.unwrap();
        let mut sandbox = Sandbox::new();
        sandbox.rename(&staging.host(), "STAGING");
        sandbox.rename(&production.host(), "PRODUCTION");
        let app = ImageBuilder::new().layer(Layer::file("app", "app")).build();
        let platform = |name: &str| ImageBuilder::new().platform("linux", name).build();
        let server = IndexBuilder::new()
            .image(platform("amd64"))
            .image(platform("arm64"))
            .build();
        let world = Self {
            sandbox,
            staging,
            production,
            images: vec![("app".to_owned(), app), ("server".to_owned(), server)],
        };
        for (name, image) in &world.images {
            image.push_to(&world.staging.state(), &format!("team/{name}"), "v1");
        }
        world.write_tree(&world.images_yaml());
        world.sandbox.keys("cosign").await;
        world
    }

    /// Logs `robot` in to both registries, as `docker login` does.
    pub(crate) fn log_in(&self) {
        let auth = |host| format!("\"{host}\":{{\"auth\":\"{REGISTRY_LOGIN}\"}}");
        let (staging, production) = (auth(self.staging.host()), auth(self.production.host()));
        let config = format!("{{\"auths\":{{{staging},{production}}}}}");
        self.sandbox.write("home/.docker/config.json", &config);
    }

    /// `app` is to be promoted, `server` would move a tag, and one entry is bad.
    pub(crate) async fn with_blemishes() -> Self {
        let world = Self::start().await;
        world
            .image_of("app")
            .push_to(&world.production.state(), "team/server", "v1");
        let bad = "- name: Bad\n  dmap:\n    \"sha256:00\": [\"v1\"]\n";
        world.write_tree(&format!("{}{bad}", world.images_yaml()));
        world
    }

    /// The thin tree `tree` with these images.
    pub(crate) fn write_tree(&self, images: &str) {
        let registries = format!(
            "registries:\n- name: {}/team\n  src: true\n- name: {}/team\n",
            self.staging.host(),
            self.production.host()
        );
        self.sandbox
            .write("tree/manifests/team/promoter-manifest.yaml", &registries);
        self.sandbox.write("tree/images/team/images.yaml", images);
    }

    pub(crate) fn images_yaml(&self) -> String {
        let entry = |(name, image): &(String, BuiltImage)| {
            format!(
                "- name: {name}\n  dmap:\n    \"{}\": [\"v1\"]\n",
                image.digest()
            )
        };
        self.images.iter().map(entry).collect()
    }

    pub(crate) fn digest(&self, name: &str) -> &str {
        self.image_of(name).digest()
    }

    pub(crate) fn image_of(&self, name: &str) -> &BuiltImage {
        let found = self.images.iter().find(|(known, _)| known == name);
        &found.unwrap().1
    }

    /// Where the tag of an image points in production.
    pub(crate) fn published(&self, name: &str) -> Option<String> {
        let repository = format!("team/{name}");
        self.production.state().tag_digest(&repository, "v1")
    }

    /// How many signatures and attestations production holds about an image.
    pub(crate) fn referrers(&self, name: &str) -> usize {
        let repository = format!("team/{name}");
        self.production
            .state()
            .referrers(&repository, self.digest(name))
            .len()
    }

    pub(crate) fn image(&self, name: &str) -> String {
        format!("{}/team/{name}:v1", self.production.host())
    }

    pub(crate) async fn promote(&self, more: &[&str]) -> Output {
        self.sandbox.run(&promote(more)).await
    }
}

/// The arguments of a confirmed run.
pub(crate) fn promote<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["promote", "--thin-manifest-dir", "tree", "--confirm"];
    arguments.extend(more);
    arguments
}

/// The key that signs.
pub(crate) const KEY: [&str; 2] = ["--key", "cosign.key"];

/// Asks a process to stop, as Ctrl-C does.
pub(crate) async fn interrupt(child: &Child) {
    signal(child, "-INT").await;
}

/// Sends a signal to a process.
pub(crate) async fn signal(child: &Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    let sent = Command::new("kill")
        .args([signal, &id])
        .status()
        .await
        .unwrap();
    assert!(sent.success());
}

/// A file that exists.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// For snapshots: times, keys and digests differ from run to run.
pub(crate) fn filters() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME");
    settings.add_filter("sha256:[0-9a-f]{64}", "KEY");
    settings.add_filter("sha256:[0-9a-f]{12}", "DIGEST");
    settings
}

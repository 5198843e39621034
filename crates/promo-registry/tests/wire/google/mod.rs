//! Google credentials: an embedded registry that takes the tokens of the testkit's Google services.

#![cfg(unix)]

mod failures;
mod identity;
mod tokens;
mod ways;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use promo_core::ports::{Failure, Registry};
use promo_registry::WireRegistry;
use promo_registry::auth::{
    FixedCredentials, GoogleCredentialFile, GoogleSettings, MetadataServer,
};
use promo_testkit::google::{GoogleService, GoogleServices};
use promo_testkit::registry::Auth;
use serde_json::Value;

use crate::support::{Bench, basic, tag};

/// A registry that opens for the access token of Google's services, and for ann.
struct World {
    google: GoogleServices,
    bench: Bench,
}

impl World {
    async fn new() -> Self {
        let google = GoogleServices::start().await.unwrap();
        let auth = Auth::bearer()
            .user("_token", &google.access_token())
            .user("ann", "secret");
        let bench = Bench::auth(auth).await;
        bench.image("app", "v1");
        let now = bench.time.advance(Duration::ZERO);
        google.switch(|it| it.now = now);
        Self { google, bench }
    }

    /// Settings that cover the registry, without any way.
    fn settings(&self) -> GoogleSettings {
        let mut settings = GoogleSettings::default();
        settings.hosts.insert(self.bench.host());
        settings
    }

    fn with_file(&self, file: &Value) -> GoogleSettings {
        let mut settings = self.settings();
        settings.default_credentials = Some(parse(file));
        settings
    }

    fn with_user(&self) -> GoogleSettings {
        self.with_file(&self.google.user_file())
    }

    fn with_metadata(&self) -> GoogleSettings {
        let mut settings = self.settings();
        settings.metadata = MetadataServer::Named(self.google.host());
        settings
    }

    /// With ann's password behind Google's credentials.
    fn wire(&self, settings: GoogleSettings) -> WireRegistry {
        let ann = FixedCredentials::default().with(self.bench.host(), basic("ann", "secret"));
        self.bench
            .builder()
            .credentials(Arc::new(ann))
            .google(settings)
            .build()
            .unwrap()
    }

    async fn read(&self, wire: &WireRegistry, name: &str) -> Result<(), Failure> {
        let repository = self.bench.repository(name);
        let head = wire.head_manifest(&repository, &tag("v1")).await?;
        assert!(head.is_some(), "{name}");
        Ok(())
    }

    /// As whom the registry was last read.
    fn user(&self) -> String {
        let grants = self.bench.registry.tokens().grants();
        grants.last().unwrap().user.clone().unwrap()
    }

    /// What Google's services were asked, and that they said yes.
    fn asked(&self) -> Vec<GoogleService> {
        let log = self.google.log();
        assert!(log.iter().all(|asked| asked.status == 200), "{log:?}");
        log.iter().map(|asked| asked.service).collect()
    }

    /// The codes of the warnings; none may hold a secret.
    fn warnings(&self) -> Vec<String> {
        let warnings = self.bench.events.warnings();
        for (_, message) in &warnings {
            assert!(!message.contains("s3cr3t"), "{message}");
        }
        warnings.into_iter().map(|(code, _)| code).collect()
    }
}

fn parse(file: &Value) -> GoogleCredentialFile {
    GoogleCredentialFile::parse("adc.json", file.to_string().as_bytes()).unwrap()
}

/// Writes a gcloud that appends what it is asked to `asked` and then runs `script`.
fn gcloud(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("gcloud");
    let asked = folder.join("asked");
    let text = format!(
        "#!/bin/sh\necho \"$*\" >> '{}'\n{script}\n",
        asked.display()
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// What a gcloud prints that has this token.
fn printed(token: &str, end: &str) -> String {
    format!(r#"echo '{{"credential":{{"access_token":"{token}","token_expiry":"{end}"}}}}'"#)
}

/// How often gcloud was asked.
fn runs(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("asked")).map_or(0, |asked| asked.lines().count())
}

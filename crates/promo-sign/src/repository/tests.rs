//! A TUF repository of our own, with keys that we turn against it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::Mutex;

use async_trait::async_trait;
use promo_core::Code;
use promo_core::ports::{FailureKind, ServiceAnswer, ServiceRequest};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sigstore_tuf::canonical_json::to_canonical_bytes;
use sigstore_verify::trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;

use super::*;
use crate::{SigningKey, codes};

const URL: &str = "https://tuf.example/of/us/";

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

/// The keys of the roles, and what the files say besides.
struct Repository {
    root: SigningKey,
    online: SigningKey,
    root_version: u64,
    version: u64,
    expires: &'static str,
    target: String,
}

impl Repository {
    fn new() -> Self {
        Self {
            root: SigningKey::generate().unwrap(),
            online: SigningKey::generate().unwrap(),
            root_version: 1,
            version: 1,
            expires: "2026-11-08T00:00:00Z",
            target: SIGSTORE_PRODUCTION_TRUSTED_ROOT.to_owned(),
        }
    }

    /// Its root, signed by these keys.
    fn root_by(&self, signers: &[&SigningKey]) -> Vec<u8> {
        let keys: BTreeMap<String, Value> = [&self.root, &self.online]
            .into_iter()
            .map(|key| (id(key), public(key)))
            .collect();
        let role = |key| json!({"keyids": [id(key)], "threshold": 1});
        let signed = json!({
            "_type": "root", "spec_version": "1.0.31", "version": self.root_version, "expires": "2027-01-01T00:00:00Z",
            "consistent_snapshot": true, "keys": keys,
            "roles": {
                "root": role(&self.root), "timestamp": role(&self.online),
                "snapshot": role(&self.online), "targets": role(&self.root),
            },
        });
        envelope(&signed, signers)
    }

    /// All files of this state.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let version = self.version;
        let metadata = |kind: &str, rest: Value, key: &SigningKey| {
            let mut signed = json!({
                "_type": kind, "spec_version": "1.0.31", "version": version, "expires": self.expires,
            });
            let (Some(signed_fields), Value::Object(rest)) = (signed.as_object_mut(), rest) else {
                unreachable!("both are objects");
            };
            signed_fields.extend(rest);
            envelope(&signed, &[key])
        };
        let hash = hex(&Sha256::digest(&self.target));
        let target = json!({"length": self.target.len(), "hashes": {"sha256": hash}});
        let targets = json!({"targets": {TRUSTED_ROOT: target}});
        let targets = metadata("targets", targets, &self.root);
        let meta = json!({"meta": {"targets.json": {"version": version}}});
        let snapshot = metadata("snapshot", meta, &self.online);
        let meta = json!({"meta": {"snapshot.json": {"version": version}}});
        let timestamp = metadata("timestamp", meta, &self.online);
        BTreeMap::from([
            ("timestamp.json".to_owned(), timestamp),
            (format!("{version}.snapshot.json"), snapshot),
            (format!("{version}.targets.json"), targets),
            (
                format!("targets/{hash}.{TRUSTED_ROOT}"),
                self.target.clone().into_bytes(),
            ),
        ])
    }

    fn repository(&self) -> SigstoreRepository {
        let url = ServiceUrl::parse(URL).unwrap();
        SigstoreRepository::new(url, &self.root_by(&[&self.root])).unwrap()
    }
}

fn id(key: &SigningKey) -> String {
    hex(&Sha256::digest(key.public_key().spki()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn public(key: &SigningKey) -> Value {
    let pem = key.public_key().to_pem();
    json!({"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": {"public": pem}})
}

fn envelope(signed: &Value, signers: &[&SigningKey]) -> Vec<u8> {
    let bytes = to_canonical_bytes(signed).unwrap();
    let signatures: Vec<_> = signers
        .iter()
        .map(|key| json!({"keyid": id(key), "sig": hex(&key.sign(&bytes).unwrap())}))
        .collect();
    serde_json::to_vec(&json!({"signed": signed, "signatures": signatures})).unwrap()
}

/// A host with files, or one that can't be reached.
#[derive(Debug, Default)]
struct Host {
    files: Mutex<Option<BTreeMap<String, Vec<u8>>>>,
    asked: Mutex<Vec<String>>,
}

impl Host {
    fn with(files: BTreeMap<String, Vec<u8>>) -> Arc<Self> {
        Arc::new(Self {
            files: Mutex::new(Some(files)),
            asked: Mutex::default(),
        })
    }

    fn gone() -> Arc<Self> {
        Arc::default()
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

const GONE: Code = codes::SERVICE_REFUSED;

#[async_trait]
impl Services for Host {
    async fn ask(&self, request: &ServiceRequest) -> Result<ServiceAnswer, Failure> {
        let url = request.url().to_string();
        let path = url.strip_prefix(URL).unwrap().to_owned();
        self.asked.lock().unwrap().push(path.clone());
        let files = self.files.lock().unwrap();
        let Some(files) = &*files else {
            return Err(Failure::new(FailureKind::Unavailable, GONE, "gone"));
        };
        let found = files.get(&path);
        assert!(found.is_none_or(|file| file.len() as u64 <= request.cap()));
        Ok(ServiceAnswer {
            status: if found.is_some() { 200 } else { 404 },
            location: None,
            body: found.cloned().unwrap_or_default().into(),
        })
    }
}

/// A cache in memory.
#[derive(Debug, Default)]
struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

impl RepositoryCache for Memory {
    fn load(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap().get(name).cloned())
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut kept = self.0.lock().unwrap();
        kept.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }
}

async fn read(
    repository: &SigstoreRepository,
    host: &Arc<Host>,
    cache: Option<&Arc<Memory>>,
    at: Timestamp,
) -> Result<(TrustedRoot, bool), Failure> {
    let services = Arc::clone(host) as Arc<dyn Services>;
    let cache = cache.map(|cache| Arc::clone(cache) as Arc<dyn RepositoryCache>);
    let mut documents = repository.read(services, cache, at).await?;
    let root = documents.trusted_root().await?;
    Ok((root, documents.missed().is_some()))
}

/// Why it is refused.
async fn refusal(
    repository: &SigstoreRepository,
    host: &Arc<Host>,
    cache: Option<&Arc<Memory>>,
) -> String {
    let failure = read(repository, host, cache, now()).await.unwrap_err();
    assert_eq!(failure.code(), codes::REPOSITORY, "{failure}");
    assert!(!failure.hints().is_empty());
    failure.to_string()
}

#[tokio::test]
async fn documents_are_read_and_asked_for_again_only_if_they_changed() {
    let mut of_us = Repository::new();
    let repository = of_us.repository();
    let host = Host::with(of_us.files());
    let cache = Arc::default();
    read(&repository, &host, Some(&cache), now()).await.unwrap();
    assert_eq!(host.asked().len(), 5);
    read(&repository, &host, Some(&cache), now()).await.unwrap();
    assert_eq!(host.asked(), ["2.root.json", "timestamp.json"]);
    of_us.version = 2;
    of_us.target = of_us.target.replacen('\n', "", 1);
    let host = Host::with(of_us.files());
    read(&repository, &host, Some(&cache), now()).await.unwrap();
    assert_eq!(host.asked().len(), 5);
}

#[tokio::test]
async fn a_root_is_replaced_by_one_that_the_old_one_signed() {
    let of_us = Repository::new();
    let repository = of_us.repository();
    let mut next = Repository::new();
    next.root_version = 2;
    let mut files = next.files();
    let both = next.root_by(&[&of_us.root, &next.root]);
    files.insert("2.root.json".to_owned(), both);
    let host = Host::with(files.clone());
    read(&repository, &host, None, now()).await.unwrap();
    // By itself alone it is somebody else's.
    files.insert("2.root.json".to_owned(), next.root_by(&[&next.root]));
    let said = refusal(&repository, &Host::with(files), None).await;
    assert!(said.contains("threshold not met for role root"), "{said}");
}

#[tokio::test]
async fn what_is_not_signed_as_it_must_be_is_refused() {
    let of_us = Repository::new();
    let repository = of_us.repository();
    let stranger = Repository::new();
    for (name, wanted) in [
        ("timestamp.json", "role timestamp"),
        ("1.snapshot.json", "role snapshot"),
        ("1.targets.json", "role targets"),
    ] {
        let mut files = of_us.files();
        files.insert(name.to_owned(), stranger.files().remove(name).unwrap());
        let said = refusal(&repository, &Host::with(files), None).await;
        assert!(said.contains(wanted), "{name}: {said}");
    }
    let mut files = of_us.files();
    let (_, document) = files
        .iter_mut()
        .find(|(name, _)| name.ends_with(TRUSTED_ROOT))
        .unwrap();
    let changed = of_us.target.replacen("sigstore.dev", "sigstore.bad", 1);
    *document = changed.into_bytes();
    let said = refusal(&repository, &Host::with(files), None).await;
    assert!(said.contains("integrity check failed"), "{said}");
    let mut files = of_us.files();
    files.insert("timestamp.json".to_owned(), b"{}".to_vec());
    refusal(&repository, &Host::with(files), None).await;
}

#[tokio::test]
async fn what_is_expired_or_older_than_before_is_refused() {
    let mut of_us = Repository::new();
    let repository = of_us.repository();
    let old = of_us.files();
    of_us.version = 2;
    let cache = Arc::default();
    let host = Host::with(of_us.files());
    read(&repository, &host, Some(&cache), now()).await.unwrap();
    let said = refusal(&repository, &Host::with(old), Some(&cache)).await;
    assert!(said.contains("rollback detected"), "{said}");
    of_us.version = 3;
    of_us.expires = "2026-10-31T23:59:59Z";
    let said = refusal(&repository, &Host::with(of_us.files()), None).await;
    assert!(said.contains("expired"), "{said}");
}

#[tokio::test]
async fn a_repository_that_is_gone_counts_as_long_as_what_it_said() {
    let of_us = Repository::new();
    let repository = of_us.repository();
    let host = Host::with(of_us.files());
    let cache = Arc::default();
    read(&repository, &host, Some(&cache), now()).await.unwrap();
    let (_, is_kept) = read(&repository, &Host::gone(), Some(&cache), now())
        .await
        .unwrap();
    assert!(is_kept);
    let late = "2026-11-08T00:00:01Z".parse().unwrap();
    for (cache, at) in [(Some(&cache), late), (None, now())] {
        let failure = read(&repository, &Host::gone(), cache, at)
            .await
            .unwrap_err();
        assert_eq!(failure.code(), GONE);
    }
    // Without the document that is needed.
    cache
        .0
        .lock()
        .unwrap()
        .retain(|name, _| !name.contains(TRUSTED_ROOT));
    let failure = read(&repository, &Host::gone(), Some(&cache), now()).await;
    failure.unwrap_err();
}

#[tokio::test]
async fn a_cache_that_somebody_changed_is_not_believed() {
    let of_us = Repository::new();
    let repository = of_us.repository();
    let cache: Arc<Memory> = Arc::default();
    let host = Host::with(of_us.files());
    read(&repository, &host, Some(&cache), now()).await.unwrap();
    let stranger = Repository::new();
    let kept: Vec<String> = cache.0.lock().unwrap().keys().cloned().collect();
    for name in kept {
        let good = cache.0.lock().unwrap().clone();
        let of_stranger = stranger.files().remove(&name);
        let changed = of_stranger.unwrap_or_else(|| b"{}".to_vec());
        cache.keep(&name, &changed).unwrap();
        read(&repository, &host, Some(&cache), now()).await.unwrap();
        *cache.0.lock().unwrap() = good;
    }
}

#[test]
fn a_root_that_is_none_is_refused() {
    let of_us = Repository::new();
    let stranger = SigningKey::generate().unwrap();
    let url = ServiceUrl::parse(URL).unwrap();
    for root in [
        of_us.root_by(&[]),
        of_us.root_by(&[&stranger]),
        of_us.files().remove("timestamp.json").unwrap(),
        b"{}".to_vec(),
        vec![b' '; MAX_REPOSITORY_ROOT + 1],
    ] {
        let error = SigstoreRepository::new(url.clone(), &root).unwrap_err();
        assert_eq!(error.code(), codes::REPOSITORY);
    }
}

#[test]
fn the_public_root_can_be_used() {
    let repository = SigstoreRepository::public().unwrap();
    assert_eq!(repository.url().to_string(), format!("{PUBLIC_URL}/"));
}

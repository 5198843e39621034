//! A registry, a wire registry, and time that tests own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use promo_core::oci::{Descriptor, Digest, ManifestReference, RegistryHost, Repository, Tag};
use promo_core::ports::{BlobStream, Clock, Event, Failure, Observer, Registry, Sleep};
use promo_registry::auth::{Credential, FixedCredentials, Secret};
use promo_registry::{WireRegistry, WireRegistryBuilder};
use promo_testkit::image::{BuiltImage, ImageBuilder, Layer};
use promo_testkit::registry::{Auth, EmbeddedRegistry, RegistryOptions};

/// A clock that stands still but for the sleeping, which takes no time.
#[derive(Debug)]
pub(crate) struct OwnTime {
    now: Mutex<Timestamp>,
    pauses: Mutex<Vec<Duration>>,
}

impl OwnTime {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            now: Mutex::new("2026-01-01T00:00:00Z".parse().unwrap()),
            pauses: Mutex::default(),
        })
    }

    /// Lets time pass, and says what it is then.
    pub(crate) fn advance(&self, by: Duration) -> Timestamp {
        let mut now = self.now.lock().unwrap();
        *now += by;
        *now
    }

    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().unwrap().clone()
    }
}

impl Clock for OwnTime {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
}

#[async_trait]
impl Sleep for OwnTime {
    async fn sleep(&self, pause: Duration) {
        self.pauses.lock().unwrap().push(pause);
        self.advance(pause);
        tokio::task::yield_now().await;
    }
}

/// Keeps all events.
#[derive(Debug, Default)]
pub(crate) struct Events(Mutex<Vec<Event>>);

impl Events {
    pub(crate) fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.0.lock().unwrap().iter().filter(|e| wanted(e)).count()
    }

    /// All of them, in the order in which they were told.
    pub(crate) fn kept(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    /// The warnings: code and message.
    pub(crate) fn warnings(&self) -> Vec<(String, String)> {
        let events = self.0.lock().unwrap();
        let warning = |event: &Event| match event {
            Event::Warning { code, message } => Some((code.to_string(), message.clone())),
            _ => None,
        };
        events.iter().filter_map(warning).collect()
    }
}

impl Observer for Events {
    fn observe(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

pub(crate) struct Bench {
    pub(crate) registry: EmbeddedRegistry,
    pub(crate) time: Arc<OwnTime>,
    pub(crate) events: Arc<Events>,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(RegistryOptions::default()).await
    }

    pub(crate) async fn auth(auth: Auth) -> Self {
        Self::with(RegistryOptions::default().auth(auth)).await
    }

    pub(crate) async fn with(options: RegistryOptions) -> Self {
        Self {
            registry: EmbeddedRegistry::start(options).await.unwrap(),
            time: OwnTime::new(),
            events: Arc::default(),
        }
    }

    pub(crate) fn builder(&self) -> WireRegistryBuilder {
        let time = Arc::clone(&self.time);
        WireRegistry::builder(Arc::clone(&time) as Arc<dyn Clock>, time)
            .observer(Arc::clone(&self.events) as Arc<dyn Observer>)
    }

    /// Anonymous.
    pub(crate) fn wire(&self) -> WireRegistry {
        self.builder().build().unwrap()
    }

    /// As a user with a password.
    pub(crate) fn wire_as(&self, user: &str, password: &str) -> WireRegistry {
        self.wire_with(basic(user, password))
    }

    pub(crate) fn wire_with(&self, credential: Credential) -> WireRegistry {
        let credentials = FixedCredentials::default().with(self.host(), credential);
        self.builder()
            .credentials(Arc::new(credentials))
            .build()
            .unwrap()
    }

    pub(crate) fn host(&self) -> RegistryHost {
        self.registry.host().parse().unwrap()
    }

    pub(crate) fn repository(&self, name: &str) -> Repository {
        format!("{}/{name}", self.registry.host()).parse().unwrap()
    }

    /// Stores an image and says what it is called.
    pub(crate) fn image(&self, name: &str, tag: &str) -> BuiltImage {
        let layer = Layer::file("etc/motd", "hello\n");
        let image = ImageBuilder::new().layer(layer).build();
        image.push_to(&self.registry.state(), name, tag);
        image
    }

    /// Stores a blob and describes it.
    pub(crate) fn blob(&self, name: &str, bytes: &[u8]) -> Descriptor {
        let bytes = bytes.to_vec();
        let descriptor = Descriptor::of("application/octet-stream", &bytes);
        self.registry.state().put_blob(name, bytes);
        descriptor
    }
}

pub(crate) fn basic(user: &str, password: &str) -> Credential {
    Credential::Basic {
        user: user.to_owned(),
        password: Secret::new(password),
    }
}

pub(crate) fn tag(text: &str) -> ManifestReference {
    text.parse::<Tag>().unwrap().into()
}

pub(crate) fn digest(text: &str) -> Digest {
    text.parse().unwrap()
}

/// A stream of these bytes in pieces of this size.
pub(crate) fn pieces(bytes: &[u8], size: usize) -> BlobStream {
    let pieces: Vec<_> = bytes
        .chunks(size)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    stream::iter(pieces).boxed()
}

/// Reads a blob to its end.
pub(crate) async fn download(
    wire: &WireRegistry,
    repository: &Repository,
    blob: &Descriptor,
) -> Result<Vec<u8>, Failure> {
    let stream = wire.get_blob(repository, blob).await?;
    let pieces: Vec<Bytes> = stream.expect("the blob").try_collect().await?;
    Ok(pieces.concat())
}

pub(crate) async fn upload(
    wire: &WireRegistry,
    repository: &Repository,
    bytes: &[u8],
) -> Result<Descriptor, Failure> {
    let blob = Descriptor::of("application/octet-stream", bytes);
    let session = wire.start_upload(repository).await?;
    wire.put_blob(repository, &blob, session, pieces(bytes, 1000))
        .await?;
    Ok(blob)
}

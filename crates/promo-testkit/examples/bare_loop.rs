//! The least that copying takes: `bare_loop copy|inside|look AT_ONCE SOURCE DESTINATION LIST [AUTHORITY]`, without a plan, a
//! look at what stands, a digest that is checked, or a second try. Measurements of the transport compare with it.
//!
//! SOURCE and DESTINATION are URLs of a registry and a path, LIST has a line `NAME TAG DIGEST` for each image, and AUTHORITY is
//! a certificate to be trusted. `inside` mounts, and `look` asks for each tag and does nothing.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Body, Client, Response, StatusCode};
use serde::Deserialize;
use tokio::sync::OnceCell;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// What runs once for all who want it.
type Once = Arc<OnceCell<()>>;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [work, at_once, source, destination, list, authority @ ..] = words.as_slice() else {
        return Err("see the beginning of examples/bare_loop.rs".into());
    };
    let mut client = Client::builder().no_proxy().http1_only();
    for authority in authority {
        let pem = std::fs::read(authority)?;
        client = client.add_root_certificate(reqwest::Certificate::from_pem(&pem)?);
    }
    let copy = Copy {
        client: client.build()?,
        source: Place::parse(source)?,
        destination: Place::parse(destination)?,
        blobs: Mutex::default(),
        homes: Mutex::default(),
    };
    let list = std::fs::read_to_string(list)?;
    let images: Vec<Image<'_>> = list.lines().filter_map(Image::parse).collect();
    stream::iter(images)
        .map(Ok)
        .try_for_each_concurrent(at_once.parse::<usize>()?, |image| {
            let copy = &copy;
            async move {
                match *work {
                    "copy" => copy.image(image, false).await,
                    "inside" => copy.image(image, true).await,
                    "look" => copy.look(image).await,
                    other => Err(format!("{other} is none of copy, inside and look").into()),
                }
            }
        })
        .await
}

#[derive(Clone, Copy)]
struct Image<'a> {
    name: &'a str,
    tag: &'a str,
    digest: &'a str,
}

impl<'a> Image<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.split(' ');
        Some(Self {
            name: words.next()?,
            tag: words.next()?,
            digest: words.next()?,
        })
    }
}

/// What is read of a manifest.
#[derive(Deserialize)]
struct Manifest {
    config: Blob,
    layers: Vec<Blob>,
}

#[derive(Deserialize)]
struct Blob {
    digest: String,
    size: u64,
}

/// A registry and a path in it.
struct Place {
    url: String,
    path: String,
}

impl Place {
    fn parse(url: &str) -> Result<Self> {
        let at = url.rfind('/').ok_or("a place is URL/PATH")?;
        let (url, path) = url.split_at(at);
        Ok(Self {
            url: url.to_owned(),
            path: path.trim_start_matches('/').to_owned(),
        })
    }

    fn repository(&self, name: &str) -> String {
        format!("{}/v2/{}/{name}", self.url, self.path)
    }
}

struct Copy {
    client: Client,
    source: Place,
    destination: Place,
    /// By repository and digest.
    blobs: Mutex<HashMap<(String, String), Once>>,
    /// The repository that got a digest first, from which others mount it.
    homes: Mutex<HashMap<String, (String, Once)>>,
}

impl Copy {
    async fn look(&self, image: Image<'_>) -> Result<()> {
        let to = self.destination.repository(image.name);
        let answer = self.client.head(format!("{to}/manifests/{}", image.tag));
        let answer = answer.header(ACCEPT, MANIFEST).send().await?;
        expect(&answer, StatusCode::OK)
    }

    async fn image(&self, image: Image<'_>, mounts: bool) -> Result<()> {
        let from = self.source.repository(image.name);
        let answer = self
            .client
            .get(format!("{from}/manifests/{}", image.digest));
        let answer = answer.header(ACCEPT, MANIFEST).send().await?;
        expect(&answer, StatusCode::OK)?;
        let manifest = answer.bytes().await?;
        let Manifest { config, layers } = serde_json::from_slice(&manifest)?;
        let blobs = layers.iter().chain([&config]);
        let blobs = blobs.map(|blob| self.once(image.name, &blob.digest, blob.size, mounts));
        future::try_join_all(blobs).await?;
        let to = self.destination.repository(image.name);
        let put = self.client.put(format!("{to}/manifests/{}", image.tag));
        let answer = put
            .header(CONTENT_TYPE, MANIFEST)
            .body(manifest)
            .send()
            .await?;
        expect(&answer, StatusCode::CREATED)
    }

    /// Brings a blob into a repository, unless that was done or is under way: then it waits.
    async fn once(&self, name: &str, digest: &str, length: u64, mounts: bool) -> Result<()> {
        let key = (name.to_owned(), digest.to_owned());
        let once = Arc::clone(lock(&self.blobs).entry(key).or_default());
        let blob = async {
            if mounts {
                return self.mount(&self.source, name, (name, digest)).await;
            }
            let (home, first) = {
                let mut homes = lock(&self.homes);
                let entry = homes.entry(digest.to_owned());
                entry
                    .or_insert_with(|| (name.to_owned(), Once::default()))
                    .clone()
            };
            if home == name {
                let upload = || self.upload(name, digest, length);
                return first.get_or_try_init(upload).await.map(drop);
            }
            let upload = || self.upload(&home, digest, length);
            first.get_or_try_init(upload).await?;
            self.mount(&self.destination, name, (&home, digest)).await
        };
        once.get_or_try_init(|| blob).await.map(drop)
    }

    async fn mount(&self, place: &Place, name: &str, (home, digest): (&str, &str)) -> Result<()> {
        let to = self.destination.repository(name);
        let query = format!("mount={digest}&from={}/{home}", place.path);
        let answer = self.client.post(format!("{to}/blobs/uploads/?{query}"));
        expect(&answer.send().await?, StatusCode::CREATED)
    }

    async fn upload(&self, name: &str, digest: &str, length: u64) -> Result<()> {
        let from = self.source.repository(name);
        let to = self.destination.repository(name);
        let (blob, session) = future::try_join(
            self.client.get(format!("{from}/blobs/{digest}")).send(),
            self.client.post(format!("{to}/blobs/uploads/")).send(),
        )
        .await?;
        expect(&blob, StatusCode::OK)?;
        expect(&session, StatusCode::ACCEPTED)?;
        let location = session.headers().get(LOCATION).ok_or("no Location")?;
        let location = session.url().join(location.to_str()?)?;
        let joint = if location.query().is_some() { '&' } else { '?' };
        let put = self.client.put(format!("{location}{joint}digest={digest}"));
        let answer = put
            .header(CONTENT_LENGTH, length)
            .body(Body::wrap_stream(blob.bytes_stream()))
            .send()
            .await?;
        expect(&answer, StatusCode::CREATED)
    }
}

fn expect(answer: &Response, wanted: StatusCode) -> Result<()> {
    if answer.status() == wanted {
        return Ok(());
    }
    let (status, url) = (answer.status(), answer.url());
    Err(format!("{url} answered {status}, and {wanted} was expected").into())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

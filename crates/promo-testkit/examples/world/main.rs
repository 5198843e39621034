//! Registries for `cargo xtask bench transport`, in a process of their own: an order on each line of standard input, its
//! answer on a line of standard output, until the input ends. Both are JSON; [`Order`] says what there is.
//!
//! `content` fills registries, `told` counts what clients sent.

mod content;
mod told;

use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use promo_testkit::image::BuiltImage;
use promo_testkit::registry::{
    EmbeddedRegistry, Fault, Faults, Gate, Matcher, Quota, RegistryOptions,
};
use promo_testkit::tls::{Authority, Protocols};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// What can be asked for. Registries are numbered from 0.
#[derive(Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case")]
enum Order {
    /// Starts a registry, and says where.
    Registry(Registry),
    /// Puts images into a registry, below a path, and says which.
    Images {
        registry: usize,
        path: String,
        size: content::Size,
    },
    /// Writes a tree of promoter manifests into a folder, fills the first registries with all that it wants, and says how
    /// much that is. The registry behind them is its source. The tree may be so many `times` larger.
    Tree {
        folder: PathBuf,
        hosts: usize,
        #[serde(default = "once")]
        times: u32,
    },
    /// Forgets what a registry has.
    Clear { registry: usize },
    /// Lets a registry fail so many milliseconds from now.
    Fail {
        registry: usize,
        after: u64,
        failure: Failure,
    },
    /// Lets all registries work as they should, and forgets what clients sent: the clock starts.
    Begin,
    /// Says what clients sent since.
    Told,
}

fn once() -> u32 {
    1
}

/// How a registry is.
#[derive(Deserialize)]
struct Registry {
    /// Milliseconds added to each request.
    #[serde(default)]
    latency: u64,
    /// Requests per second.
    quota: Option<u32>,
    /// Bytes per second.
    bandwidth: Option<NonZeroU64>,
    /// Whether lists of tags tell everything.
    #[serde(default)]
    bulk_list: bool,
    /// A file for the authority of all registries, if it is to speak TLS.
    authority: Option<PathBuf>,
}

/// How a registry fails.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Failure {
    /// Connections are refused, for ever.
    Gone,
    /// Requests are never answered.
    Silent,
    /// Requests are answered with 503.
    Unavailable,
}

/// Built images, each with the name of its repository.
type Images = Arc<Vec<(String, BuiltImage)>>;

/// Requests that a quota lets through at once.
const BURST: u32 = 10;

struct World {
    registries: Vec<Option<EmbeddedRegistry>>,
    images: Vec<(content::Size, Images)>,
    gates: Vec<Gate>,
    /// Of all registries that speak TLS.
    authority: Authority,
    began: Instant,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut world = World {
        registries: Vec::new(),
        images: Vec::new(),
        gates: Vec::new(),
        authority: Authority::new()?,
        began: Instant::now(),
    };
    let (lines, mut orders) = tokio::sync::mpsc::channel(1);
    // Standard input has no end that a runtime could wait for.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if lines.blocking_send(line).is_err() {
                break;
            }
        }
    });
    while let Some(line) = orders.recv().await {
        let answer = world.obey(serde_json::from_str(&line?)?).await?;
        writeln!(std::io::stdout(), "{answer}")?;
    }
    Ok(())
}

impl World {
    async fn obey(&mut self, order: Order) -> Result<Value> {
        match order {
            Order::Registry(registry) => self.start(registry).await,
            Order::Images {
                registry,
                path,
                size,
            } => {
                let images = self.built(size);
                let state = self.registry(registry)?.state();
                Ok(content::push(&images, &state, &path))
            }
            Order::Tree {
                folder,
                hosts,
                times,
            } => {
                let (hosts, others) = self.registries.split_at(hosts.min(self.registries.len()));
                let hosts: Vec<&EmbeddedRegistry> = hosts.iter().flatten().collect();
                content::plant(&folder, &hosts, others.iter().flatten().next(), times)
            }
            Order::Clear { registry } => {
                // One that is gone has nothing.
                if let Some(registry) = self.registries.get(registry).and_then(Option::as_ref) {
                    registry.state().clear();
                }
                Ok(Value::Null)
            }
            Order::Fail {
                registry,
                after,
                failure,
            } => {
                self.fail(registry, Duration::from_millis(after), &failure)
                    .await
            }
            Order::Begin => {
                self.gates.clear();
                for registry in self.registries.iter().flatten() {
                    registry.faults().clear();
                    registry.log().clear();
                }
                self.began = Instant::now();
                Ok(Value::Null)
            }
            Order::Told => Ok(self.told()),
        }
    }

    async fn start(&mut self, wanted: Registry) -> Result<Value> {
        let mut options = RegistryOptions::default().switch(|switches| {
            switches.latency = Duration::from_millis(wanted.latency);
            switches.bandwidth = wanted.bandwidth;
            switches.google_listing = wanted.bulk_list;
            switches.quota = wanted.quota.map(|per_second| Quota {
                per_second,
                burst: BURST,
                retry_after: 1,
            });
        });
        if let Some(file) = wanted.authority {
            options = options.tls(self.authority.server(Protocols::Both)?);
            std::fs::write(file, self.authority.pem())?;
        }
        let registry = EmbeddedRegistry::start(options).await?;
        let address = registry.host();
        self.registries.push(Some(registry));
        Ok(json!(address))
    }

    /// The images of a size, built when they are first asked for.
    fn built(&mut self, size: content::Size) -> Images {
        if let Some((_, images)) = self.images.iter().find(|(built, _)| *built == size) {
            return Arc::clone(images);
        }
        let images = Arc::new(content::build(size));
        self.images.push((size, Arc::clone(&images)));
        images
    }

    async fn fail(&mut self, number: usize, after: Duration, failure: &Failure) -> Result<Value> {
        let faults = self.registry(number)?.faults();
        match failure {
            Failure::Gone => {
                let registry = self.registries.get_mut(number).and_then(Option::take);
                if let Some(registry) = registry {
                    registry.shutdown().await;
                }
            }
            Failure::Unavailable => {
                faults.inject(Matcher::any(), Fault::status(503));
            }
            Failure::Silent if after.is_zero() => self.gates.push(faults.pause(Matcher::any())),
            Failure::Silent => {
                tokio::spawn(silence(faults, after));
            }
        }
        Ok(Value::Null)
    }

    fn told(&self) -> Value {
        let told = self.registries.iter().map(|registry| match registry {
            Some(registry) => told::told(&registry.log(), self.began),
            None => Value::Null,
        });
        told.collect()
    }

    fn registry(&self, number: usize) -> Result<&EmbeddedRegistry> {
        let registry = self.registries.get(number).and_then(Option::as_ref);
        registry.ok_or_else(|| format!("there is no registry {number}").into())
    }
}

/// Lets a registry fall silent, until its faults are cleared.
async fn silence(faults: Faults, after: Duration) {
    tokio::time::sleep(after).await;
    let gate = faults.pause(Matcher::any());
    std::future::pending::<()>().await;
    drop(gate);
}

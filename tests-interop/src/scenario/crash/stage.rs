//! The two registries with their images, runs of promo that are left alone, and what a run asked for. Which runs there are is
//! the scenario's affair.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::standing::Standing;
use crate::access_log::{AccessLog, Request};
use crate::containers::Containers;
use crate::cosign::{Cosign, Generation, Keys};
use crate::http::Client;
use crate::interop::Setting;
use crate::login;
use crate::promo::{Promo, Promotion, write_tree};
use crate::push;
use crate::servers::Server;
use crate::ways::{Kind, Registry, Way, Workshop};
use xtask::error::{Error, Result};
use xtask::process;

pub(super) const IMAGES: usize = 24;
/// How long a registry may take to write a line of its log.
const LOGGED: Duration = Duration::from_secs(20);

/// One of the two registries: as promo reaches it, and by plain HTTP for those who look from outside.
pub(super) struct Side {
    pub(super) server: Server,
    pub(super) log: AccessLog,
    beside: Registry,
}

pub(super) struct Stage {
    pub(super) promo: Promo,
    pub(super) staging: Side,
    pub(super) production: Side,
    pub(super) cosign: Cosign,
    pub(super) keys: Keys,
    pub(super) images: Vec<Image>,
    folder: PathBuf,
    authfile: PathBuf,
    containers: Containers,
    marks: Cell<usize>,
}

/// An image in staging.
pub(super) struct Image {
    pub(super) name: String,
    pub(super) digest: String,
    /// The images of an index.
    pub(super) children: Vec<String>,
    pub(super) tags: Vec<&'static str>,
}

/// What a run asked for, of both registries.
pub(super) struct Spent {
    staging: Vec<Request>,
    pub(super) production: Vec<Request>,
}

/// Where a run begins in the logs.
#[derive(Clone, Copy)]
pub(super) struct Begin {
    staging: usize,
    pub(super) production: usize,
}

impl Side {
    fn start(workshop: &Workshop, folder: &Path, name: &str) -> Result<Self> {
        let way = |transport| Way {
            transport,
            login: "none",
        };
        let at = (folder, name);
        let (server, log) = workshop.start_watched(Kind::Distribution, way("http2"), at)?;
        let beside = workshop.start_beside(Kind::Distribution, way("plain"), at)?;
        Ok(Self {
            server,
            log,
            beside,
        })
    }

    fn client(&self) -> Client {
        Client::new(self.beside.address(), None)
    }
}

impl Stage {
    pub(super) fn prepare(setting: &Setting<'_>) -> Result<Self> {
        let folder = setting.folder();
        let workshop = Workshop::open(folder)?;
        let staging = Side::start(&workshop, folder, "staging")?;
        let production = Side::start(&workshop, folder, "production")?;
        let home = folder.join("home");
        let authfile = login::write_config(&home, &[])?;
        let cosign = Cosign::new(&setting.tools.cosign_3()?, Generation::Three, &home)?;
        let keys = cosign.generate_keys(folder, "crash")?;
        let authority = workshop.authority();
        let promo = setting.promo()?;
        promo.write_settings(&format!(
            "[tls]\nroots = [{:?}]\n[registry.\"{}\"]\nplain-http = false\n[registry.\"{}\"]\nplain-http = false\n",
            authority.display().to_string(),
            staging.server.address(),
            production.server.address(),
        ))?;
        let images: Result<_> = (0..IMAGES)
            .map(|number| plant(&staging.client(), number))
            .collect();
        Ok(Self {
            promo,
            staging,
            production,
            cosign: cosign.trusting(&authority),
            keys,
            images: images?,
            folder: folder.to_owned(),
            containers: Containers::new(folder, &authfile)?,
            authfile,
            marks: Cell::new(0),
        })
    }

    /// Promotes to the end; everything stands then that is wanted, or stood before.
    pub(super) fn promote(&self, round: &str, before: &Standing) -> Result<Spent> {
        let tree = self.write_tree(round)?;
        let begin = self.begin();
        process::capture(&mut self.promo.promote(&self.promotion(&tree)))?.success()?;
        let spent = self.spent(begin)?;
        let standing = self.look(round)?;
        standing.demand_all(round, &self.images)?;
        standing.demand_still(before)?;
        Ok(spent)
    }

    /// Everything that stands in production; it keeps the laws.
    pub(super) fn look(&self, round: &str) -> Result<Standing> {
        Standing::look(&self.production.client(), round, &self.images)
    }

    pub(super) fn begin(&self) -> Begin {
        Begin {
            staging: self.staging.log.len(),
            production: self.production.log.len(),
        }
    }

    /// What promo asked for since: all by HTTP/2, and nothing was to be deleted.
    pub(super) fn spent(&self, begin: Begin) -> Result<Spent> {
        let spent = Spent {
            staging: self.asked(&self.staging, begin.staging)?,
            production: self.asked(&self.production, begin.production)?,
        };
        if let Some(other) = spent.all().find(|it| it.protocol != "HTTP/2.0") {
            return Err(Error::unmet(format!("this is not HTTP/2: {other:?}")));
        }
        if let Some(deletion) = spent.all().find(|it| it.deletes_content()) {
            return Err(Error::unmet(format!("promo deletes: {deletion:?}")));
        }
        if let Some(write) = spent.staging.iter().find(|it| it.is_write()) {
            return Err(Error::unmet(format!("promo writes to staging: {write:?}")));
        }
        Ok(spent)
    }

    /// What promo asked a registry for. A line is written after its answer was sent: a request of somebody else's, seen in
    /// the log, shows that the log is whole.
    fn asked(&self, side: &Side, from: usize) -> Result<Vec<Request>> {
        let number = self.marks.get() + 1;
        self.marks.set(number);
        let address = side.server.address();
        self.containers
            .leave_mark(&format!("{address}/mark-{number}/nothing:v1"))?;
        let mark = format!("/v2/mark-{number}/nothing/manifests/v1");
        let started = Instant::now();
        let is_whole = |requests: &[Request]| requests.iter().any(|it| it.path == mark);
        let is_in_vain = || started.elapsed() > LOGGED;
        if !side.log.wait(from, is_whole, is_in_vain) {
            return Err(Error::unmet(format!("the log of {address} shows no mark")));
        }
        let mut requests = side.log.since(from);
        requests.retain(|it| it.agent.starts_with("promo/"));
        Ok(requests)
    }

    pub(super) fn promotion<'b>(&'b self, tree: &'b Path) -> Promotion<'b> {
        Promotion {
            tree,
            keys: &self.keys,
            authfile: &self.authfile,
            staging_key: None,
            link: None,
        }
    }

    pub(super) fn write_tree(&self, round: &str) -> Result<PathBuf> {
        let tree = self.folder.join(format!("tree-{round}"));
        let images: Vec<(&str, &str, &[&str])> = self
            .images
            .iter()
            .map(|image| {
                (
                    image.name.as_str(),
                    image.digest.as_str(),
                    image.tags.as_slice(),
                )
            })
            .collect();
        let staging = format!("{}/staging", self.staging.server.address());
        let production = format!("{}/{round}", self.production.server.address());
        write_tree(&tree, &staging, &[&production], &images)?;
        Ok(tree)
    }
}

impl Spent {
    pub(super) fn count(&self) -> usize {
        self.all().count()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Request> {
        self.staging.iter().chain(&self.production)
    }

    /// As a part of what a whole run sends.
    pub(super) fn share(&self, whole: &Self) -> String {
        format!("{} %", self.count() * 100 / whole.count().max(1))
    }
}

/// Pushes an image of several layers, or an index of two, and what it is to be called. Layers are shared by all, by some, and
/// by none.
fn plant(staging: &Client, number: usize) -> Result<Image> {
    let name = format!("image-{number:02}");
    let repository = format!("staging/{name}");
    let group = format!("group {}", number / 4);
    let single = |own: &str| {
        let own = format!("{name} {own}");
        let layers = [("base", 300_000), (&group, 60_000), (&own, 20_000)];
        push::image(staging, &repository, &layers)
    };
    let (top, children) = if number.is_multiple_of(3) {
        let children = [single("first")?, single("second")?];
        let top = push::index(staging, &repository, &children)?;
        (top, children.iter().map(digest).collect())
    } else {
        (single("alone")?, Vec::new())
    };
    let tags: &[&str] = match number % 4 {
        0 => &["v1", "v1.0.0"],
        3 => &[],
        _ => &["v1"],
    };
    Ok(Image {
        digest: digest(&top),
        name,
        children,
        tags: tags.to_vec(),
    })
}

fn digest(descriptor: &Value) -> String {
    let digest = descriptor.get("digest").and_then(Value::as_str);
    digest.unwrap_or_default().to_owned()
}

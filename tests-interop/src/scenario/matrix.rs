//! Every registry in every way that it can be reached: a promotion from staging to two mirrors, a second one without a write,
//! and one without evidence that `--complete` gives its evidence; promo and cosign verify what stands then.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::containers::Containers;
use crate::cosign::{Cosign, Form, Generation, Keys};
use crate::interop::Setting;
use crate::login;
use crate::promo::{Promo, Promotion, write_tree};
use crate::servers::{Access, DockerRegistry, Server};
use crate::ways::{Kind, Registry, Way, Workshop};
use xtask::error::{self, Error, OnPath, Result};
use xtask::process;

/// What all combinations share: the images they begin with, and the key.
struct Seed {
    registry: DockerRegistry,
    /// Name and digest; the last is promoted without evidence first.
    images: Vec<(&'static str, String)>,
    keys: Keys,
}

/// One registry, reached in one way: three of its kind.
struct Stage<'a> {
    seed: &'a Seed,
    folder: PathBuf,
    registries: [Registry; 3],
    /// Of distribution's kinds: it has an address of its own.
    _tokens: Option<Server>,
    /// The mirrors once more, for cosign where there is a token server: on loopback it takes none at another address
    /// than the registry's.
    beside: Vec<Registry>,
    authfile: PathBuf,
    containers: Containers,
    cosign: Cosign,
}

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let promo = setting.promo()?;
    let workshop = Workshop::open(setting.folder())?;
    let seed = Seed::plant(setting)?;
    let mut failed = Vec::new();
    for kind in Kind::ALL {
        for way in Way::all() {
            let name = format!("{} {} {}", kind.name(), way.transport, way.login);
            let started = Instant::now();
            let result = Stage::prepare(setting, &workshop, &seed, kind, way)
                .and_then(|stage| stage.perform(&promo));
            let seconds = started.elapsed().as_secs_f64();
            match result {
                Ok(said) => println!("{name}: {said} ({seconds:.1} s)"),
                Err(error) => {
                    println!("{name}: FAILED ({seconds:.1} s): {}", error::chain(&error));
                    failed.push(name);
                }
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::unmet(format!("these failed: {}", failed.join(", "))))
}

impl Seed {
    fn plant(setting: &Setting<'_>) -> Result<Self> {
        let registry = DockerRegistry::start(setting.folder(), "seed", Access::Open)?;
        let home = setting.folder().join("seed-home");
        let passwords = login::write_config(&home, &[])?;
        let containers = Containers::new(setting.folder(), &passwords)?;
        let name = |name: &str| format!("{}/seed/{name}:v1", registry.address());
        let images = vec![
            ("app", containers.push_image("app", 300_000, &name("app"))?),
            ("multi", containers.push_index("multi", &name("multi"))?),
            ("late", containers.push_image("late", 100, &name("late"))?),
        ];
        let cosign = Cosign::new(&setting.tools.cosign_3()?, Generation::Three, &home)?;
        let keys = cosign.generate_keys(setting.folder(), "matrix")?;
        Ok(Self {
            registry,
            images,
            keys,
        })
    }
}

impl<'a> Stage<'a> {
    fn prepare(
        setting: &Setting<'_>,
        workshop: &Workshop,
        seed: &'a Seed,
        kind: Kind,
        way: Way,
    ) -> Result<Self> {
        let folder = format!("{}-{}-{}", kind.name(), way.transport, way.login);
        let folder = setting.folder().join(folder);
        fs::create_dir_all(&folder).on("create", &folder)?;
        let tokens = workshop.token_server(kind, way)?;
        let start = |name| workshop.start(kind, way, (&folder, name), tokens.as_ref());
        let registries = [start("staging")?, start("first")?, start("second")?];
        let addresses = registries.each_ref().map(Registry::address);
        let known: &[&str] = if way.login == "none" { &[] } else { &addresses };
        let home = folder.join("home");
        let authfile = login::write_config(&home, known)?;
        let authority = workshop.authority();
        let settings = settings(&authority, &addresses, way, tokens.as_ref());
        setting.promo()?.write_settings(&settings)?;
        let containers = Containers::new(&folder, &authfile)?;
        for (name, _) in &seed.images {
            containers.copy(
                &format!("docker://{}/seed/{name}:v1", seed.registry.address()),
                &format!("docker://{}/staging/{name}:v1", addresses[0]),
            )?;
        }
        let cosign = Cosign::new(&setting.tools.cosign_3()?, Generation::Three, &home)?;
        let mut beside = Vec::new();
        if tokens.is_some() {
            for name in ["first", "second"] {
                beside.push(workshop.start_beside(kind, way, (&folder, name))?);
            }
        }
        Ok(Self {
            seed,
            cosign: cosign.trusting(&authority),
            registries,
            _tokens: tokens,
            beside,
            authfile,
            containers,
            folder,
        })
    }

    fn perform(&self, promo: &Promo) -> Result<String> {
        let (late, first) = match self.seed.images.split_last() {
            Some((late, first)) => (std::slice::from_ref(late), first),
            None => return Err(Error::unmet("there is no image")),
        };
        let tree = self.tree("tree", first)?;
        process::capture(&mut promo.promote(&self.promotion(&tree)))?.success()?;
        self.demand_evidence(promo, first)?;
        let before = self.writes("mark-one")?;
        process::capture(&mut promo.promote(&self.promotion(&tree)))?.success()?;
        let after = self.writes("mark-two")?;
        if before.is_empty() || before != after {
            let written = after.get(before.len()..).unwrap_or_default().join("\n");
            return Err(Error::unmet(format!("the second run wrote:\n{written}")));
        }

        let tree = self.tree("late-tree", late)?;
        process::capture(&mut promo.promote_unsigned(&tree, &self.authfile))?.success()?;
        let mut complete = promo.promote(&self.promotion(&tree));
        process::capture(complete.arg("--complete"))?.success()?;
        self.demand_evidence(promo, late)?;
        Ok(format!("{} writes, then none", before.len()))
    }

    fn promotion<'b>(&'b self, tree: &'b Path) -> Promotion<'b> {
        Promotion {
            tree,
            keys: &self.seed.keys,
            authfile: &self.authfile,
            staging_key: None,
            link: None,
        }
    }

    fn tree(&self, name: &str, images: &[(&'static str, String)]) -> Result<PathBuf> {
        let [staging, first, second] = self.registries.each_ref().map(Registry::address);
        let wanted: Vec<(&str, &str, &[&str])> = images
            .iter()
            .map(|(name, digest)| (*name, digest.as_str(), ["v1"].as_slice()))
            .collect();
        let tree = self.folder.join(name);
        write_tree(
            &tree,
            &format!("{staging}/staging"),
            &[
                &format!("{first}/production"),
                &format!("{second}/production"),
            ],
            &wanted,
        )?;
        Ok(tree)
    }

    /// Both mirrors have the images with evidence, for us and for cosign.
    fn demand_evidence(&self, promo: &Promo, images: &[(&'static str, String)]) -> Result<()> {
        let key = &self.seed.keys.public;
        let [_, mirrors @ ..] = &self.registries;
        for (at, mirror) in mirrors.iter().enumerate() {
            let judged = self.beside.get(at).unwrap_or(mirror);
            for (name, digest) in images {
                let repository = format!("{}/production/{name}", mirror.address());
                let found = self.containers.digest(&format!("{repository}:v1"))?;
                if found != *digest {
                    return Err(Error::unmet(format!("{repository}:v1 is {found}")));
                }
                let image = format!("{repository}@{digest}");
                promo.verify(&image, key, &self.authfile)?.success()?;
                let image = format!("{}/production/{name}@{digest}", judged.address());
                self.cosign.verify(&image, key, Form::Bundle)?.success()?;
            }
        }
        Ok(())
    }

    /// The writes to all three so far.
    fn writes(&self, mark: &str) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for registry in &self.registries {
            let reference = format!("{}/{mark}/nothing:v1", registry.address());
            self.containers.leave_mark(&reference)?;
            all.extend(registry.writes(&format!("/v2/{mark}/nothing/manifests/"))?);
        }
        Ok(all)
    }
}

/// The promo.toml for registries at these addresses.
fn settings(authority: &Path, addresses: &[&str], way: Way, tokens: Option<&Server>) -> String {
    let mut text = format!("[tls]\nroots = [{:?}]\n", authority.display().to_string());
    for address in addresses {
        // Writing to a String can't fail.
        let _written = writeln!(
            text,
            "[registry.\"{address}\"]\nplain-http = {}",
            !way.is_encrypted()
        );
        if let Some(tokens) = tokens {
            let _written = writeln!(text, "token-realm = \"{}\"", tokens.address());
        }
    }
    text
}

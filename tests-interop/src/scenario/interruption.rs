//! `kill -9` at random moments of a promotion: no tag and no digest is ever there without its evidence, and the next run
//! completes it.
//!
//! Every round has production repositories of its own, so that each run begins with nothing. A round whose run was over
//! before its moment came does not count.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::audit::Repository;
use crate::containers::Containers;
use crate::cosign::{Cosign, Form, Generation, Keys};
use crate::interop::Setting;
use crate::login;
use crate::promo::{PROMOTION_TYPE, Promo, Promotion, write_tree};
use crate::servers::{Access, DockerRegistry};
use xtask::error::{Error, OnPath, Result};
use xtask::process;

/// So many runs must really have been killed.
const KILLS: usize = 24;
/// After so many rounds without that many kills, the moments are chosen badly.
const MOST_ROUNDS: usize = 100;

const IMAGES: [(&str, usize); 4] = [
    ("app", 2_000_000),
    ("worker", 1000),
    ("tool", 400_000),
    ("agent", 800_000),
];
const TAGS: [&str; 2] = ["v1", "v1.0.0"];

struct Stage<'a> {
    promo: &'a Promo,
    staging: &'a DockerRegistry,
    production: &'a [DockerRegistry; 2],
    folder: &'a Path,
    authfile: PathBuf,
    keys: Keys,
    images: Vec<(&'static str, String)>,
}

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let staging = DockerRegistry::start(setting.folder(), "staging", Access::Open)?;
    let production = [
        DockerRegistry::start(setting.folder(), "production-open", Access::Open)?,
        DockerRegistry::start(setting.folder(), "production-closed", Access::Password)?,
    ];
    let home = setting.folder().join("home");
    let authfile = login::write_config(&home, &[production[1].address()])?;
    let cosign = Cosign::new(&setting.tools.cosign_3()?, Generation::Three, &home)?;
    let keys = cosign.generate_keys(setting.folder(), "release")?;
    let containers = Containers::new(setting.folder(), &authfile)?;
    let mut images = Vec::new();
    for (name, own_bytes) in IMAGES {
        let digest = containers.push_image(
            name,
            own_bytes,
            &format!("{}/staging/{name}:v1", staging.address()),
        )?;
        images.push((name, digest));
    }
    let promo = setting.promo()?;
    let folder = setting.folder();
    let stage = Stage {
        promo: &promo,
        staging: &staging,
        production: &production,
        folder,
        authfile,
        keys,
        images,
    };
    let whole = stage.measure_whole_run()?;
    let last = stage.kill_many(whole)?;
    stage.demand_no_write(last)?;
    stage.let_cosign_judge(last, &cosign)
}

impl Stage<'_> {
    /// How long a run takes that nobody disturbs.
    fn measure_whole_run(&self) -> Result<Duration> {
        let tree = self.write_tree(0)?;
        let started = Instant::now();
        process::capture(&mut self.promo.promote(&self.promotion(&tree)))?.success()?;
        let whole = started.elapsed();
        println!("an undisturbed run takes {} ms", whole.as_millis());
        Ok(whole)
    }

    /// Returns the number of the last round.
    fn kill_many(&self, whole: Duration) -> Result<usize> {
        let seed = seed();
        println!("the moments come from the seed {seed} (PROMO_INTEROP_SEED)");
        let mut moments = Moments { state: seed };
        let (mut killed, mut while_publishing) = (0, 0);
        for round in 1..=MOST_ROUNDS {
            let moment = moments.next_of(whole, round);
            let Some(published) = self.kill_at(round, moment)? else {
                continue;
            };
            killed += 1;
            while_publishing += usize::from(published > 0 && published < self.all_tags());
            println!(
                "kill {killed} after {} ms: {published} tags, all with evidence",
                moment.as_millis()
            );
            self.complete(round)?;
            if killed == KILLS {
                println!(
                    "{killed} runs were killed, {while_publishing} of them while they published"
                );
                return Ok(round);
            }
        }
        Err(Error::unmet(format!(
            "only {killed} of {MOST_ROUNDS} runs were still going when they were to be killed"
        )))
    }

    /// Starts a run, kills it, and counts the tags that it left behind; nothing if it was over before.
    fn kill_at(&self, round: usize, moment: Duration) -> Result<Option<usize>> {
        let tree = self.write_tree(round)?;
        let mut command = self.promo.promote(&self.promotion(&tree));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = process::spawn(&mut command)?;
        // Not to wait for something: the moment is what is tried.
        std::thread::sleep(moment);
        child.kill().on("kill", &tree)?;
        let status = child.wait().on("wait for", &tree)?;
        let published = self.audit(round)?;
        Ok(status.code().is_none().then_some(published))
    }

    /// A run that nobody disturbs: afterwards every tag is there, and everything has its evidence.
    fn complete(&self, round: usize) -> Result<()> {
        let tree = self.write_tree(round)?;
        process::capture(&mut self.promo.promote(&self.promotion(&tree)))?.success()?;
        let wanted = self.all_tags();
        let published = self.audit(round)?;
        if published == wanted {
            return Ok(());
        }
        Err(Error::unmet(format!(
            "round {round}: {published} of {wanted} tags are there after a complete run"
        )))
    }

    /// So many tags a complete run publishes.
    fn all_tags(&self) -> usize {
        self.production.len() * self.images.len() * TAGS.len()
    }

    /// Demands that everything of a round that can be pulled has its evidence, and counts the tags.
    fn audit(&self, round: usize) -> Result<usize> {
        let mut published = 0;
        for registry in self.production {
            for (name, digest) in &self.images {
                let repository =
                    Repository::new(registry.client(), &format!("round-{round}/{name}"));
                if let Some((tag, found)) =
                    repository.tags()?.iter().find(|(_, found)| found != digest)
                {
                    return Err(Error::unmet(format!(
                        "round {round}: {name}:{tag} is {found}, not {digest}"
                    )));
                }
                repository.demand_evidence_of_digest(digest)?;
                published += repository.demand_evidence_of_tags()?;
            }
        }
        Ok(published)
    }

    /// Nothing is left to do after a run that completed a killed one.
    fn demand_no_write(&self, round: usize) -> Result<()> {
        let before = self.writes()?;
        self.complete(round)?;
        let after = self.writes()?;
        if before == after {
            Ok(())
        } else {
            Err(Error::unmet(format!(
                "a third run wrote: {before} → {after}"
            )))
        }
    }

    fn let_cosign_judge(&self, round: usize, cosign: &Cosign) -> Result<()> {
        for registry in self.production {
            for (name, digest) in &self.images {
                let image = format!("{}/round-{round}/{name}@{digest}", registry.address());
                cosign
                    .verify(&image, &self.keys.public, Form::Bundle)?
                    .success()?;
                cosign
                    .verify_attestation(&image, &self.keys.public, PROMOTION_TYPE, Form::Bundle)?
                    .success()?;
            }
        }
        Ok(())
    }

    fn writes(&self) -> Result<usize> {
        let mut count = self.staging.writes()?.len();
        for registry in self.production {
            count += registry.writes()?.len();
        }
        Ok(count)
    }

    fn promotion<'b>(&'b self, tree: &'b Path) -> Promotion<'b> {
        Promotion {
            tree,
            keys: &self.keys,
            authfile: &self.authfile,
            staging_key: None,
            link: None,
        }
    }

    fn write_tree(&self, round: usize) -> Result<PathBuf> {
        let tree = self.folder.join(format!("tree-{round}"));
        let source = format!("{}/staging", self.staging.address());
        let destinations = self
            .production
            .each_ref()
            .map(|registry| format!("{}/round-{round}", registry.address()));
        let images: Vec<(&str, &str, &[&str])> = self
            .images
            .iter()
            .map(|(name, digest)| (*name, digest.as_str(), TAGS.as_slice()))
            .collect();
        write_tree(
            &tree,
            &source,
            &destinations.each_ref().map(String::as_str),
            &images,
        )?;
        Ok(tree)
    }
}

/// Fractions of a run's time, reproducible from their seed (a linear congruential generator).
struct Moments {
    state: u64,
}

impl Moments {
    /// A moment of a run; of every second one in the last sixth, because tags appear at the end.
    fn next_of(&mut self, whole: Duration, round: usize) -> Duration {
        let fraction = self.next_fraction();
        whole.mul_f64(if round.is_multiple_of(2) {
            fraction
        } else {
            1.0 - fraction / 6.0
        })
    }

    fn next_fraction(&mut self) -> f64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.state >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
    }
}

/// `PROMO_INTEROP_SEED`, or another one each time.
fn seed() -> u64 {
    let given = std::env::var("PROMO_INTEROP_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| RandomState::new().build_hasher().finish())
}

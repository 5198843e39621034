//! A client's runs of one work, as one line: medians of what they cost, and what the registries were sent.
//!
//! [`Course`] lets the clients of a work take turns; how a line looks is for [`super::section`] to say.

use super::Bench;
use super::client::{Client, Cost, Role};
use super::told::{Told, number};
use super::world::Registry;
use xtask::error::Result;

/// Where a work takes place.
pub(super) struct Course<'a> {
    pub(super) source: Registry,
    pub(super) destinations: Vec<Registry>,
    /// How many tags are to be published in the end, if any are.
    pub(super) wanted: u64,
    /// Brings the registries into the state that a run begins with.
    pub(super) prepare: Box<dyn Fn() -> Result<()> + 'a>,
    /// What registries were sent, by their numbers.
    pub(super) told: Box<dyn Fn() -> Result<Vec<Option<Told>>> + 'a>,
}

/// What a client did and cost.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) runs: usize,
    /// In seconds, as is the next.
    pub(super) wall: f64,
    pub(super) processor: f64,
    pub(super) mebibytes: f64,
    pub(super) source: Told,
    pub(super) destination: Told,
    /// By registry, in the order in which they were started.
    pub(super) registries: Vec<Option<Told>>,
    /// Whether it came to its end with all that was to be done: others aren't compared with it otherwise.
    pub(super) is_complete: bool,
    /// What wasn't as it should be.
    pub(super) remark: String,
}

/// One run.
struct Sample {
    cost: Cost,
    told: Vec<Option<Told>>,
}

impl Course<'_> {
    /// Lets clients take turns, so that all see the same machine.
    pub(super) fn measure(&self, bench: &Bench, clients: &[Client<'_>]) -> Result<Vec<Line>> {
        let mut samples: Vec<Vec<Sample>> = clients.iter().map(|_| Vec::new()).collect();
        for run in 0..bench.runs {
            for (client, samples) in clients.iter().zip(&mut samples) {
                if run >= client.most_runs {
                    continue;
                }
                (self.prepare)()?;
                let cost = client.run(&bench.world, bench.give_up)?;
                println!("{}: {:.2} s", client.name, cost.wall);
                let told = (self.told)()?;
                samples.push(Sample { cost, told });
            }
        }
        let lines = clients.iter().zip(samples);
        Ok(lines
            .map(|(client, samples)| self.line(client, samples))
            .collect())
    }

    /// The requests of a line are those of the run that took the median time.
    fn line(&self, client: &Client<'_>, mut samples: Vec<Sample>) -> Line {
        samples.sort_by(|one, other| one.cost.wall.total_cmp(&other.cost.wall));
        let middle = samples.len() / 2;
        let median = |of: fn(&Cost) -> f64| {
            let mut values: Vec<f64> = samples.iter().map(|sample| of(&sample.cost)).collect();
            values.sort_by(f64::total_cmp);
            values.get(middle).copied().unwrap_or_default()
        };
        let (wall, processor) = (median(|cost| cost.wall), median(|cost| cost.processor));
        let mebibytes = median(|cost| number(cost.memory)) / 1024.0;
        let runs = samples.len();
        let sample = samples.into_iter().nth(middle);
        let (cost, registries) = sample.map_or_else(Default::default, |it| (it.cost, it.told));
        let of = |registry: &Registry| registries.get(registry.number).and_then(Option::as_ref);
        let source = of(&self.source).cloned().unwrap_or_default();
        let destination = Told::sum(self.destinations.iter().filter_map(of));
        let remark = self.remark(&cost, &destination);
        let is_complete =
            !cost.given_up && cost.failures == 0 && destination.published >= self.wanted;
        Line {
            name: client.name.clone(),
            role: client.role,
            runs,
            wall,
            processor,
            mebibytes,
            source,
            destination,
            registries,
            is_complete,
            remark,
        }
    }

    fn remark(&self, cost: &Cost, destination: &Told) -> String {
        let mut remarks = Vec::new();
        if cost.given_up {
            remarks.push("given up".to_owned());
        }
        if cost.failures > 0 {
            remarks.push("ended with a failure".to_owned());
        }
        let missing = self.wanted.saturating_sub(destination.published);
        if missing > 0 {
            remarks.push(format!("{missing} of {} tags left", self.wanted));
        }
        if destination.refused() > 0 {
            remarks.push(format!("{} × 429", destination.refused()));
        }
        remarks.join("; ")
    }
}

impl Line {
    /// What one registry was sent.
    pub(super) fn at(&self, registry: &Registry) -> Option<&Told> {
        self.registries.get(registry.number)?.as_ref()
    }

    /// When all of these registries had so many tags, if they have.
    pub(super) fn published(&self, registries: &[Registry], tags: u64) -> Option<f64> {
        let told = registries.iter().map(|registry| {
            let told = self.at(registry)?;
            (told.published >= tags).then_some(told.published_last?)
        });
        told.collect::<Option<Vec<f64>>>()?
            .into_iter()
            .reduce(f64::max)
    }

    pub(super) fn requests(&self) -> u64 {
        self.source.total() + self.destination.total()
    }
}

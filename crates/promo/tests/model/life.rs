//! The life of a case: runs that are disturbed, one that isn't, and one that has nothing to do; the laws after each.

use std::sync::Arc;
use std::time::Duration;

use promo_core::manifest::ManifestSet;
use promo_core::report::{Report, RunOutcome};
use promo_testkit::world::{Schedule, World};

use crate::case::{Case, Disturbed};
use crate::converged;
use crate::laws::{Broken, Law, Laws};
use crate::process::{AsTheyAre, Parts, Process};
use crate::world::{self, Wanted};

/// No run is longer, in virtual time.
const LONGEST: Duration = Duration::from_secs(3600);

/// A case, and the parts of the processes that live in it.
pub(crate) struct Life<'a> {
    case: &'a Case,
    parts: &'a dyn Parts,
}

/// What happened, added up over cases: whoever reads it sees whether the seeds try anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Account {
    pub(crate) requests: u64,
    pub(crate) writes: u64,
    pub(crate) killed: u64,
    pub(crate) interrupted: u64,
    /// Disturbed runs that left edges.
    pub(crate) left_something: u64,
    /// Cases in which the run without faults had something to do.
    pub(crate) finished_later: u64,
    /// Images whose evidence a collector took between the last look and the PUT.
    pub(crate) excused: u64,
    pub(crate) virtual_seconds: u64,
}

impl Account {
    pub(crate) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.writes += other.writes;
        self.killed += other.killed;
        self.interrupted += other.interrupted;
        self.left_something += other.left_something;
        self.finished_later += other.finished_later;
        self.excused += other.excused;
        self.virtual_seconds += other.virtual_seconds;
    }

    /// Fails unless the cases were of all kinds.
    pub(crate) fn assert_telling(&self, cases: u64) {
        let tenth = cases / 10;
        let counts = [self.killed, self.interrupted, self.left_something];
        assert!(counts.iter().all(|it| *it >= tenth / 2), "{self:?}");
        assert!(self.finished_later >= tenth, "{self:?}");
    }
}

impl<'a> Life<'a> {
    pub(crate) fn of(case: &'a Case) -> Self {
        Self::with(case, &AsTheyAre)
    }

    pub(crate) fn with(case: &'a Case, parts: &'a dyn Parts) -> Self {
        Self { case, parts }
    }

    /// Lives it, in a runtime of its own whose clock stands still while anything can be done.
    pub(crate) fn live(&self) -> Result<Account, Broken> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(self.runs())
    }

    async fn runs(&self) -> Result<Account, Broken> {
        let began = tokio::time::Instant::now();
        let wanted = Arc::new(Wanted::of(self.case));
        let laws = Arc::new(Laws::new(self.case, Arc::clone(&wanted)));
        let world = world::filled(self.case, &wanted, laws.clone());
        let set = world::manifests(self.case, &wanted);
        let before = converged::Before::of(self.case, &world);
        let mut account = Account::default();
        for disturbed in &self.case.disturbed {
            self.disturbed(&world, &set, disturbed, &mut account)
                .await?;
            laws.check()?;
            before.check(&world)?;
        }
        world.befall(&Schedule::default());
        let writes = world.writes();
        let report = self.undisturbed(&world, &set).await?;
        laws.check()?;
        before.check(&world)?;
        let excused = laws.excused();
        converged::check(&world, &wanted, &excused, &report)?;
        account.excused = excused.len() as u64;
        account.finished_later += u64::from(world.writes() > writes);
        let writes = world.writes();
        let report = self.undisturbed(&world, &set).await?;
        if world.writes() > writes {
            let count = world.writes() - writes;
            let how = format!("{count} writes were sent though all was done: {report:#?}");
            return Err(Broken::new(Law::Rests, how));
        }
        account.requests = world.requests();
        account.writes = world.writes();
        account.virtual_seconds = began.elapsed().as_secs();
        Ok(account)
    }

    /// A run that things befall, and that may not come to its end.
    async fn disturbed(
        &self,
        world: &World,
        set: &ManifestSet,
        disturbed: &Disturbed,
        account: &mut Account,
    ) -> Result<(), Broken> {
        world.befall(&disturbed.schedule);
        let process = Process::start(self.case, world, self.parts);
        let so_far = world.requests();
        let stop = async {
            match disturbed.stop {
                Some(stop) => {
                    world.reached(so_far + stop.request).await;
                    tokio::time::sleep(stop.after).await;
                    stop.kills
                }
                None => std::future::pending().await,
            }
        };
        let mut run = Box::pin(tokio::time::timeout(LONGEST, process.run(set)));
        let ended = tokio::select! {
            biased;
            ended = &mut run => ended,
            kills = stop => {
                if kills {
                    account.killed += 1;
                    process.kill();
                    return Ok(());
                }
                account.interrupted += 1;
                process.interrupt.raise();
                run.await
            }
        };
        let ended = ended.map_err(|_| endless("a disturbed run"))?;
        // A run that can't begin is an error of its own; what matters is that it ended.
        let is_done = ended.is_ok_and(|report| report.outcome() == RunOutcome::Done);
        account.left_something += u64::from(!is_done);
        Ok(())
    }

    async fn undisturbed(&self, world: &World, set: &ManifestSet) -> Result<Report, Broken> {
        let process = Process::start(self.case, world, self.parts);
        let run = tokio::time::timeout(LONGEST, process.run(set)).await;
        let ended = run.map_err(|_| endless("a run that nothing befell"))?;
        ended.map_err(|error| Broken::new(Law::Converges, format!("it could not run: {error}")))
    }
}

fn endless(what: &str) -> Broken {
    Broken::new(
        Law::RunsEnd,
        format!("{what} had not ended after {LONGEST:?}"),
    )
}

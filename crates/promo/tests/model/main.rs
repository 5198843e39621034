//! A model test: small worlds from seeds, runs over them in virtual time that are disturbed, killed and repeated, and
//! the laws that hold whatever happens. The registries are promo-testkit's world; pipeline, copier, evidence store and
//! keys are the real ones.
//!
//! `PROMO_SEED=N` tries one seed and says what its world is; `PROMO_SEEDS=N` tries so many (200), from `PROMO_FROM` (0) on.
//! See CONTRIBUTING.md.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, and says which seed did"
)]

mod case;
mod converged;
mod crash_cost;
mod evidence;
mod laws;
mod life;
mod mutants;
mod process;
mod shrink;
mod world;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use case::Case;
use life::Life;
use process::AsTheyAre;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
    )
}

/// The laws over many seeds, or over one that is named.
#[test]
fn whatever_happens_the_laws_hold() {
    if let Some(seed) = number("PROMO_SEED") {
        let case = Case::from_seed(seed);
        eprintln!("{case}");
        match Life::of(&case).live() {
            Ok(account) => eprintln!("seed {seed} keeps the laws: {account:?}"),
            Err(broken) => panic!("{}", shrink::told(seed, &case, &broken, &AsTheyAre)),
        }
        return;
    }
    let from = number("PROMO_FROM").unwrap_or(0);
    let seeds = from..from + number("PROMO_SEEDS").unwrap_or(200);
    let (next, failed) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let told: Mutex<Option<String>> = Mutex::default();
    let tally = Mutex::new(life::Account::default());
    let work = || {
        while !failed.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if !seeds.contains(&seed) {
                return;
            }
            let case = Case::from_seed(seed);
            match Life::of(&case).live() {
                Ok(account) => tally.lock().unwrap().add(&account),
                Err(broken) => {
                    failed.store(true, Ordering::Relaxed);
                    let text = shrink::told(seed, &case, &broken, &AsTheyAre);
                    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                    told.get_or_insert(text);
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    if let Some(text) = told.into_inner().unwrap() {
        panic!("{text}");
    }
    let account = tally.into_inner().unwrap();
    eprintln!("seeds {seeds:?}: {account:?}");
    account.assert_telling(seeds.end - seeds.start);
}

/// A seed is all that a run depends on: it sends the same requests at the same times.
#[test]
fn a_seed_replays() {
    for seed in 0..20 {
        let case = Case::from_seed(seed);
        let lived = || Life::of(&case).live().map_err(|broken| broken.to_string());
        let first = lived();
        assert_eq!(first, lived(), "seed {seed}");
    }
}

//! Makes a case smaller that breaks a law, as long as it breaks the same, and tells it.

use crate::case::{Case, Content};
use crate::laws::{Broken, Law};
use crate::life::Life;
use crate::process::Parts;
use promo_testkit::world::HostSettings;

/// How many smaller cases are tried.
const TRIES: usize = 2000;

/// What is said of a seed that breaks a law: how to replay it, and the smallest world that does the same.
pub(crate) fn told(seed: u64, case: &Case, broken: &Broken, parts: &dyn Parts) -> String {
    let (small, how) = shrink(case, broken.law, parts);
    let how = how.unwrap_or_else(|| broken.clone());
    format!(
        "seed {seed} breaks a law: {broken}\n\
         replay it with: PROMO_SEED={seed} cargo test -p promo --test model whatever\n\
         the smallest world that breaks the same:\n{small}\n  there: {how}\n"
    )
}

/// The smallest case that was found to break the same law.
pub(crate) fn shrink(case: &Case, law: Law, parts: &dyn Parts) -> (Case, Option<Broken>) {
    let (mut smallest, mut how) = (case.clone(), None);
    let mut tries = 0;
    'again: loop {
        for candidate in smaller(&smallest) {
            tries += 1;
            if tries > TRIES {
                return (smallest, how);
            }
            match Life::with(&candidate, parts).live() {
                Err(broken) if broken.law == law => {
                    (smallest, how) = (candidate, Some(broken));
                    continue 'again;
                }
                _ => {}
            }
        }
        return (smallest, how);
    }
}

/// Each with one thing less, the large ones first.
fn smaller(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Case)| {
        let mut candidate = case.clone();
        change(&mut candidate);
        if candidate != *case {
            all.push(candidate);
        }
    };
    for run in 0..case.disturbed.len() {
        with(&|case| drop(case.disturbed.remove(run)));
    }
    if case.mirrors.len() > 1 {
        for mirror in 0..case.mirrors.len() {
            with(&|case| without_mirror(case, mirror));
        }
    }
    if case.images.len() > 1 {
        for image in 0..case.images.len() {
            with(&|case| without_image(case, image));
        }
    }
    for standing in 0..case.standing.len() {
        with(&|case| {
            case.standing.remove(standing);
        });
    }
    for run in 0..case.disturbed.len() {
        with(&|case| case.disturbed[run].stop = None);
        for episode in 0..case.disturbed[run].schedule.episodes.len() {
            with(&|case| drop(case.disturbed[run].schedule.episodes.remove(episode)));
        }
    }
    for image in 0..case.images.len() {
        with(&|case| drop(case.images[image].tags.pop()));
        with(&|case| case.images[image].content = Content::Single(0));
        with(&|case| case.images[image].content = Content::Index(vec![0]));
    }
    for mirror in 0..case.mirrors.len() {
        with(&|case| usual(&mut case.mirrors[mirror]));
    }
    with(&|case| usual(&mut case.staging));
    with(&|case| case.methods.clear());
    with(&|case| case.recursive = false);
    with(&|case| case.one_identity = true);
    with(&|case| case.concurrency = 1);
    with(&|case| case.shard = 8);
    all
}

fn usual(host: &mut HostSettings) {
    *host = HostSettings::new(host.name.clone());
}

fn without_mirror(case: &mut Case, mirror: usize) {
    case.mirrors.remove(mirror);
    case.standing.retain(|it| it.mirror != mirror);
    for standing in case.standing.iter_mut().filter(|it| it.mirror > mirror) {
        standing.mirror -= 1;
    }
}

fn without_image(case: &mut Case, image: usize) {
    case.images.remove(image);
    case.standing.retain(|it| it.image != image);
    for standing in case.standing.iter_mut().filter(|it| it.image > image) {
        standing.image -= 1;
    }
}

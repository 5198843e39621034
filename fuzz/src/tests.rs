//! Each target over its seeds, and over many changes of each seed; the changes are the same every time.

use std::fs;
use std::path::Path;

/// So many changed copies of each seed.
const CHANGES: usize = 4000;

/// The same where each seed's signatures are verified anew.
const VERIFIED_CHANGES: usize = 400;

/// Pieces that mean something in YAML, in promoter manifests, or in Unicode.
const PIECES: [&str; 24] = [
    "\"",
    "'",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "<<: ",
    "|\n",
    ">\n",
    "#",
    "---\n",
    "...\n",
    "\t",
    "\r\n",
    "\u{feff}",
    "!!binary ",
    "src: true\n",
    "dmap:\n",
    "sha256:",
    "\u{2028}",
];

#[test]
fn manifest() {
    over_seeds("manifest", CHANGES, crate::manifest);
}

#[test]
fn saved_plan() {
    over_seeds("saved_plan", CHANGES, crate::saved_plan);
}

/// Else no change of them would reach what a loaded plan can do.
#[test]
fn seeds_of_saved_plans_are_plans() {
    over_seeds("saved_plan", 0, |seed| {
        let loaded = promo_core::plan::SavedPlan::from_json(seed);
        assert!(loaded.is_ok(), "{loaded:?}");
    });
}

#[test]
fn snapshot() {
    over_seeds("snapshot", CHANGES, crate::snapshot);
}

#[test]
fn evidence() {
    over_seeds("evidence", VERIFIED_CHANGES, crate::evidence);
}

/// Else what is known to hold would be less than what holds.
#[test]
fn seeds_of_evidence_are_all_known() {
    let mut known = crate::evidence::SEEDS.to_vec();
    known.sort_unstable();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/evidence");
    let entries = fs::read_dir(folder).unwrap();
    let mut seeds: Vec<_> = entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    seeds.sort_unstable();
    assert_eq!(seeds, known);
}

#[test]
fn trust() {
    over_seeds("trust", CHANGES, crate::trust);
}

#[test]
fn trusted_root() {
    over_seeds("trusted_root", VERIFIED_CHANGES, crate::trusted_root);
}

fn over_seeds(target: &str, changes: usize, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
    let mut seeds: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "there are no seeds for {target}");
    for (number, path) in seeds.iter().enumerate() {
        let seed = fs::read(path).unwrap();
        body(&seed);
        let mut dice = Dice {
            state: 0x9e37_79b9_7f4a_7c15 ^ (number as u64 + 1),
        };
        for _ in 0..changes {
            body(&change(&seed, &mut dice));
        }
    }
}

/// One to four changes at random places.
fn change(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        let end = at + dice.below(bytes.len() - at).min(64);
        match dice.below(5) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, PIECES[dice.below(PIECES.len() - 1)].bytes())),
            3 => {
                let copy = bytes[at..end].to_vec();
                let to = dice.below(bytes.len());
                drop(bytes.splice(to..to, copy));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(7);
                }
            }
        }
    }
    bytes
}

/// xorshift: the same throws in every run.
struct Dice {
    state: u64,
}

impl Dice {
    /// From 0 to `most`, both included.
    fn below(&mut self, most: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap() % (most + 1)
    }
}

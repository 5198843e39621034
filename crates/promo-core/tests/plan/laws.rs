//! The laws of a plan, on generated worlds.

use std::collections::{BTreeMap, BTreeSet};

use promo_core::identity::{IdentityRule, IdentityRules};
use promo_core::inventory::{
    DigestState, Inventory, RepositoryContent, RepositoryInventory, TagState, WantedInventory,
};
use promo_core::manifest::ManifestSet;
use promo_core::oci::{Digest, Repository, Tag};
use promo_core::plan::{ImageWork, Plan, PlanOptions, Planner, Verdict};
use proptest::prelude::*;

use crate::generate::{
    RawManifest, deal, inventory, known_repositories, manifest_set, manifests, repositories,
};
use crate::reference::{moves, picks, tag_moves};

/// What an inventory is after the work was done: only puts, as a registry would take them.
fn applied(before: &Inventory, work: &[ImageWork]) -> Inventory {
    let mut after = before.clone();
    for item in work {
        for destination in &item.destinations {
            let mut content = RepositoryContent::partial();
            content.record_digest(item.digest, true);
            for tag in &destination.tags {
                content.record_tag(tag.tag.clone(), Some(item.digest));
            }
            let repository = destination.repository.clone();
            let mut put = Inventory::new();
            if after.repository(&repository) == Some(&RepositoryInventory::Missing) {
                let nothing = RepositoryInventory::Read(RepositoryContent::complete());
                after.insert(repository.clone(), nothing);
            }
            put.insert(repository, RepositoryInventory::Read(content));
            after.merge(put);
        }
    }
    after
}

/// Destination, tag and digest.
type Wish = (Repository, Option<Tag>, Digest);

/// All edges by what they want, whoever asks for it: source and verdict of each.
fn by_wish(plan: &Plan) -> BTreeMap<Wish, Vec<(Repository, Verdict)>> {
    let mut wishes: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for edge in plan.edges() {
        let wish = (
            edge.destination().clone(),
            edge.tag().cloned(),
            edge.digest(),
        );
        let asked = wishes.entry(wish).or_default();
        asked.push((edge.source().clone(), edge.verdict()));
    }
    for asked in wishes.values_mut() {
        asked.sort();
    }
    wishes
}

/// The same tree, with everything in another order.
fn reordered(raw: &[RawManifest], seed: usize) -> Vec<RawManifest> {
    let mut raw = raw.to_vec();
    for manifest in &mut raw {
        turn(&mut manifest.destinations, seed);
        for image in &mut manifest.images {
            for (_, tags) in &mut image.digests {
                turn(tags, seed);
            }
            turn(&mut image.digests, seed);
        }
        turn(&mut manifest.images, seed);
    }
    turn(&mut raw, seed);
    raw
}

fn turn<T>(list: &mut [T], seed: usize) {
    if seed.is_multiple_of(2) {
        list.reverse();
    }
    let length = list.len().max(1);
    list.rotate_left(seed / 2 % length);
}

/// What a reader would answer: exactly what is asked, nothing more.
fn answered(world: &Inventory, wanted: &WantedInventory) -> Inventory {
    let mut answer = Inventory::new();
    for (repository, asked) in &wanted.repositories {
        let mut content = RepositoryContent::partial();
        for tag in &asked.tags {
            let target = match world.tag(repository, tag) {
                TagState::Points(digest) => Some(digest),
                _ => None,
            };
            content.record_tag(tag.clone(), target);
        }
        for digest in &asked.digests {
            let present = world.digest(repository, digest) == DigestState::Present;
            content.record_digest(*digest, present);
        }
        answer.insert(repository.clone(), RepositoryInventory::Read(content));
    }
    answer
}

fn options_with_moves(
    raw: &[RawManifest],
    known: &crate::generate::RawInventory,
    pick: &[Option<bool>],
) -> PlanOptions {
    let mut options = PlanOptions::default();
    options.tag_moves = tag_moves(&moves(raw, known, pick));
    options
}

/// Both mirrors of `prod` are one image to the public.
fn public_names() -> IdentityRules {
    let rule =
        |from: &str| IdentityRule::new(from.parse().unwrap(), "registry.example".parse().unwrap());
    IdentityRules::new(vec![rule("us.gcr.io/prod"), rule("eu.gcr.io/prod")])
}

/// Whether edges of `set` ask more than once, from different sources, for the same.
fn is_ambiguous(asked: &[(Repository, Verdict)]) -> bool {
    asked
        .iter()
        .map(|(source, _)| source)
        .collect::<BTreeSet<_>>()
        .len()
        > 1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn applying_a_plan_leaves_an_empty_plan(
        raw in manifests(false),
        dealt in repositories(),
        pick in picks(),
    ) {
        let known = deal(&raw, &dealt);
        let before = inventory(&known);
        let set = manifest_set(&raw);
        let options = options_with_moves(&raw, &known, &pick);
        let first = Planner::new(&set, &options).plan(Some(&before));
        let after = applied(&before, &first.work());
        let second = Planner::new(&set, &options).plan(Some(&after));
        prop_assert_eq!(second.work(), vec![]);
        for (was, is) in first.edges().zip(second.edges()) {
            if was.verdict().is_actionable() {
                prop_assert_eq!(is.verdict(), Verdict::Present, "{}", was);
            }
        }
    }

    #[test]
    fn nothing_is_deleted_and_no_tag_moves_without_permission(
        raw in manifests(true),
        dealt in repositories(),
        pick in picks(),
    ) {
        let known = deal(&raw, &dealt);
        let before = inventory(&known);
        let options = options_with_moves(&raw, &known, &pick);
        let work = Planner::new(&manifest_set(&raw), &options).plan(Some(&before)).work();
        for item in &work {
            for destination in &item.destinations {
                for wanted in &destination.tags {
                    let repository = &destination.repository;
                    match (before.tag(repository, &wanted.tag), wanted.expected) {
                        (TagState::Absent, None) => {}
                        (TagState::Points(found), Some(expected)) => {
                            prop_assert_eq!(found, expected);
                            let allowed = options.tag_moves.iter().any(|allowed| {
                                allowed.repository == *repository
                                    && allowed.tag == wanted.tag
                                    && allowed.from == found
                                    && allowed.to == item.digest
                            });
                            prop_assert!(allowed);
                        }
                        other => prop_assert!(false, "{wanted:?}: {other:?}"),
                    }
                }
            }
        }
        let after = applied(&before, &work);
        for (repository, known) in before.repositories() {
            let RepositoryInventory::Read(content) = known else { continue };
            for (tag, digest) in content.tags() {
                let now = after.tag(repository, tag);
                let moved = options.tag_moves.iter().any(|allowed| {
                    (&allowed.repository, &allowed.tag) == (repository, tag)
                });
                prop_assert!(now == TagState::Points(digest) || moved);
            }
            for digest in content.digests() {
                prop_assert_eq!(after.digest(repository, &digest), DigestState::Present);
            }
        }
    }

    /// Of edges that want the same, the first in the order of files is kept; so a redundant edge and the
    /// kept one may change places, and the kept one has the fate of its own source. All
    /// else is the same in any order.
    #[test]
    fn the_order_of_files_and_entries_never_matters(
        raw in manifests(true),
        dealt in repositories(),
        seed in 0usize..64,
    ) {
        let known = inventory(&deal(&raw, &dealt));
        let options = PlanOptions::default();
        let one = by_wish(&Planner::new(&manifest_set(&raw), &options).plan(Some(&known)));
        let turned = manifest_set(&reordered(&raw, seed));
        let other = by_wish(&Planner::new(&turned, &options).plan(Some(&known)));
        prop_assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for (wish, asked) in &one {
            let redundant = |asked: &[(Repository, Verdict)]| {
                asked.iter().filter(|(_, verdict)| *verdict == Verdict::Redundant).count()
            };
            prop_assert_eq!(redundant(asked), redundant(&other[wish]));
            if !is_ambiguous(asked) {
                prop_assert_eq!(asked, &other[wish]);
            }
        }
    }

    #[test]
    fn what_is_asked_is_enough_and_no_source_is_asked_in_a_steady_state(
        raw in manifests(false),
        dealt in known_repositories(),
    ) {
        let world = inventory(&deal(&raw, &dealt));
        let set = manifest_set(&raw);
        let options = PlanOptions::default();
        let mut known = answered(&world, &Planner::new(&set, &options).wanted_destinations());
        let sources = Planner::new(&set, &options).wanted_sources(&known);
        let asked: usize = sources.repositories.values().map(|asked| asked.digests.len()).sum();
        known.merge(answered(&world, &sources));
        let from_all = Planner::new(&set, &options).plan(Some(&world));
        let from_asked = Planner::new(&set, &options).plan(Some(&known));
        for (all, asked) in from_all.edges().zip(from_asked.edges()) {
            // That a digest is there without the tag isn't asked: only a bulk list tells it.
            let expected = match all.verdict() {
                Verdict::Finish if asked.verdict() == Verdict::Promote => Verdict::Promote,
                verdict => verdict,
            };
            prop_assert_eq!(asked.verdict(), expected, "{}", all);
        }
        let settled = from_asked.edges().all(|edge| {
            !edge.verdict().is_actionable() && edge.verdict() != Verdict::Lost
        });
        prop_assert_eq!(settled, asked == 0);
    }

    #[test]
    fn work_is_every_actionable_edge_once(
        raw in manifests(true),
        dealt in repositories(),
        complete in any::<bool>(),
    ) {
        let known = inventory(&deal(&raw, &dealt));
        let mut options = PlanOptions::default();
        options.identities = public_names();
        options.complete = complete;
        let plan = Planner::new(&manifest_set(&raw), &options).plan(Some(&known));
        let work = plan.work();
        let key = |item: &ImageWork| (item.identity.clone(), item.digest, item.source.clone());
        prop_assert!(work.windows(2).all(|pair| key(&pair[0]) < key(&pair[1])));
        let mut expected = BTreeSet::new();
        for edge in plan.edges() {
            let published = complete && edge.verdict() == Verdict::Present;
            if edge.verdict().is_actionable() || published {
                let image = (edge.identity(), edge.digest(), edge.source().clone());
                let wish = (edge.destination().clone(), edge.tag().cloned());
                prop_assert!(expected.insert((image, wish)));
            }
        }
        let mut found = BTreeSet::new();
        for item in &work {
            for destination in &item.destinations {
                let tags = destination.tags.iter().map(|tag| Some(tag.tag.clone()));
                for tag in tags.chain(destination.tagless.then_some(None)) {
                    let wish = (destination.repository.clone(), tag);
                    prop_assert!(found.insert((key(item), wish)));
                }
                let state = known.digest(&destination.repository, &item.digest);
                prop_assert_eq!(destination.digest_present, state == DigestState::Present);
            }
        }
        prop_assert_eq!(found, expected);
        check_mirrors(&plan, &work)?;
    }

    #[test]
    fn fail_fast_is_all_or_nothing(raw in manifests(true), dealt in repositories()) {
        let known = inventory(&deal(&raw, &dealt));
        let set = manifest_set(&raw);
        let isolated = Planner::new(&set, &PlanOptions::default()).plan(Some(&known));
        let mut options = PlanOptions::default();
        options.fail_fast = true;
        let strict = Planner::new(&set, &options).plan(Some(&known));
        let in_the_way = isolated.edges().any(|edge| {
            matches!(edge.verdict(), Verdict::Conflict | Verdict::TagMove | Verdict::Undecided)
        });
        prop_assert_eq!(strict.stopped_by().is_some(), in_the_way);
        let expected = if in_the_way { vec![] } else { isolated.work() };
        prop_assert_eq!(strict.work(), expected);
    }
}

/// A complete mirror has the identity and digest, and every edge that counts is present there.
fn check_mirrors(plan: &Plan, work: &[ImageWork]) -> Result<(), TestCaseError> {
    for item in work {
        let mut mirrors = BTreeMap::new();
        for edge in plan.edges() {
            let same = edge.identity() == item.identity && edge.digest() == item.digest;
            if same && edge.verdict() != Verdict::Redundant {
                let complete = mirrors.entry(edge.destination().clone()).or_insert(true);
                *complete &= edge.verdict() == Verdict::Present;
            }
        }
        let complete = mirrors.into_iter().filter(|(_, complete)| *complete);
        let complete: Vec<_> = complete.map(|(repository, _)| repository).collect();
        prop_assert_eq!(&item.complete_mirrors, &complete);
    }
    Ok(())
}

/// Two manifests, two sources, two mirrors of one identity: one item per source, the same identity.
#[test]
fn mirrors_that_are_fed_from_two_sources_are_two_items() {
    let manifest = |source, destination| RawManifest {
        source,
        destinations: vec![destination],
        images: vec![crate::generate::RawImage {
            name: "a",
            digests: vec![(0, vec!["v1"])],
        }],
    };
    let raw = [
        manifest("gcr.io/staging", "us.gcr.io/prod"),
        manifest("gcr.io/staging/sub", "eu.gcr.io/prod"),
    ];
    let set: ManifestSet = manifest_set(&raw);
    let mut world = Inventory::new();
    for source in ["gcr.io/staging/a", "gcr.io/staging/sub/a"] {
        let mut content = RepositoryContent::complete();
        content.record_digest(crate::generate::digest(0), true);
        world.insert(source.parse().unwrap(), RepositoryInventory::Read(content));
    }
    for destination in ["us.gcr.io/prod/a", "eu.gcr.io/prod/a"] {
        world.insert(destination.parse().unwrap(), RepositoryInventory::Missing);
    }
    let mut options = PlanOptions::default();
    options.identities = public_names();
    let work = Planner::new(&set, &options).plan(Some(&world)).work();
    let items: Vec<_> = work
        .iter()
        .map(|item| {
            (
                item.identity.as_str(),
                item.source.as_str(),
                item.destinations.len(),
            )
        })
        .collect();
    assert_eq!(
        items,
        [
            ("registry.example/a", "gcr.io/staging/a", 1),
            ("registry.example/a", "gcr.io/staging/sub/a", 1),
        ]
    );
}

//! Each verdict once, with its code and its sentence.

use std::fmt::Write;

use promo_core::plan::{PlanOptions, Planner};

use crate::generate::{
    RawImage, RawInventory, RawManifest, RawRepository, inventory, manifest_set,
};
use crate::reference::tag_moves;

fn read(complete: bool, tags: &[(&'static str, usize)], digests: &[usize]) -> RawRepository {
    let all = digests
        .iter()
        .copied()
        .chain(tags.iter().map(|(_, digest)| *digest));
    RawRepository::Read {
        complete,
        tags: tags
            .iter()
            .map(|(tag, digest)| (*tag, Some(*digest)))
            .collect(),
        digests: all.map(|digest| (digest, true)).collect(),
    }
}

fn image(name: &'static str, digests: &[(usize, &[&'static str])]) -> RawImage {
    RawImage {
        name,
        digests: digests
            .iter()
            .map(|(n, tags)| (*n, tags.to_vec()))
            .collect(),
    }
}

fn described(raw: &[RawManifest], known: &[(&str, RawRepository)]) -> String {
    let known: RawInventory = known
        .iter()
        .map(|(name, content)| ((*name).to_owned(), content.clone()))
        .collect();
    let mut options = PlanOptions::default();
    options.tag_moves = tag_moves(&[("us.gcr.io/prod/a".to_owned(), "1.10", 0, 1)]);
    let plan = Planner::new(&manifest_set(raw), &options).plan(Some(&inventory(&known)));
    let mut text = String::new();
    for edge in plan.edges() {
        let (verdict, code, reason) = (edge.verdict(), edge.code(), edge.reason());
        let tag = edge.tag().map_or("-", |tag| tag.as_str());
        let place = format!("{}:{}", edge.file(), edge.position());
        writeln!(
            text,
            "{place} {}:{tag} {verdict} {code} {reason}",
            edge.destination()
        )
        .unwrap();
    }
    text
}

#[test]
fn each_verdict_says_why() {
    let raw = [RawManifest {
        source: "gcr.io/staging",
        destinations: vec!["us.gcr.io/prod"],
        images: vec![
            image(
                "a",
                &[
                    (0, &["v1", "latest"]),
                    (1, &["_", "1.10"]),
                    (2, &["V.-"]),
                    (3, &[]),
                ],
            ),
            image("sub/a", &[(0, &["v1"]), (1, &["v1"]), (2, &[])]),
            image("deep/a", &[(0, &["v1"]), (1, &[])]),
            image("d/a", &[(0, &["v1"])]),
            image("a__b", &[(0, &["v1"])]),
            image("x.y---z", &[(0, &["v1"]), (1, &[])]),
            image("x.y---z", &[(0, &["v1"])]),
        ],
    }];
    let known = [
        ("gcr.io/staging/a", read(true, &[], &[0, 1])),
        (
            "us.gcr.io/prod/a",
            read(true, &[("v1", 0), ("_", 0), ("1.10", 0)], &[0]),
        ),
        ("us.gcr.io/prod/sub/a", read(true, &[], &[2])),
        ("us.gcr.io/prod/deep/a", read(false, &[], &[])),
        ("us.gcr.io/prod/d/a", RawRepository::Unreadable),
        ("us.gcr.io/prod/a__b", RawRepository::Missing),
        ("gcr.io/staging/a__b", RawRepository::Unreadable),
        ("us.gcr.io/prod/x.y---z", RawRepository::Missing),
        ("gcr.io/staging/x.y---z", read(false, &[], &[0])),
    ];
    insta::assert_snapshot!(described(&raw, &known));
}

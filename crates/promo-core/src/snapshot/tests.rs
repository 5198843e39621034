use super::*;
use crate::inventory::{DigestState, TagState};
use crate::manifest::{DigestEntry, FilePath, ImageEntry, Position, PromoterManifest, TagEntry};

const ORIGIN: Position = Position { line: 1, column: 1 };

fn digest(n: u8) -> Digest {
    Digest::sha256_of(&[n])
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn registry(text: &str) -> RegistryPath {
    text.parse().unwrap()
}

fn entry(n: u8, tags: &[&str]) -> DigestEntry {
    let tags = tags
        .iter()
        .map(|text| TagEntry::from_parts(tag(text), ORIGIN));
    DigestEntry::from_parts(digest(n), ORIGIN, tags.collect())
}

fn set() -> ManifestSet {
    let images = vec![
        ImageEntry::from_parts(
            "pause",
            ORIGIN,
            vec![entry(1, &["3.9", "latest"]), entry(2, &[])],
        ),
        ImageEntry::from_parts("a/b", ORIGIN, vec![entry(1, &["v1"])]),
        ImageEntry::from_parts("pause", ORIGIN, vec![entry(1, &["3.10"])]),
        ImageEntry::from_parts("empty", ORIGIN, vec![]),
    ];
    let destinations = [
        "gcr.io/prod",
        "gcr.io/production",
        "eu.gcr.io/prod",
        "gcr.io/prod/kops",
    ];
    let manifest = PromoterManifest::from_parts(
        FilePath::new("m.yaml"),
        FilePath::new("m.yaml"),
        registry("gcr.io/staging"),
        destinations.map(registry).to_vec(),
        images,
    );
    ManifestSet::from_parts(vec![manifest.unwrap()], vec![])
}

fn inventory() -> Inventory {
    let mut inventory = Inventory::new();
    let mut whole = RepositoryContent::complete();
    whole.record_tag(tag("v1"), Some(digest(1)));
    whole.record_tag(tag("stable"), Some(digest(1)));
    whole.record_digest(digest(2), true);
    whole.record_digest(digest(3), false);
    inventory.insert(
        "gcr.io/prod/whole".parse().unwrap(),
        RepositoryInventory::Read(whole),
    );
    let mut tags = RepositoryContent::all_tags();
    tags.record_tag(tag("v2"), Some(digest(4)));
    inventory.insert(
        "gcr.io/prod/tags".parse().unwrap(),
        RepositoryInventory::Read(tags),
    );
    inventory.insert(
        "gcr.io/prod/none".parse().unwrap(),
        RepositoryInventory::Missing,
    );
    inventory
}

fn json(snapshot: &Snapshot) -> Vec<u8> {
    serde_json::to_vec(&snapshot.to_document()).unwrap()
}

#[test]
fn manifests_are_seen_below_whole_components_only() {
    let snapshot = Snapshot::of_manifests(&set(), &registry("gcr.io/prod/kops"));
    let (one, two) = (digest(1), digest(2));
    let mut expected = vec![
        format!("a/b@{one},a/b:v1"),
        format!("pause@{one},pause:3.10"),
        format!("pause@{one},pause:3.9"),
        format!("pause@{one},pause:latest"),
    ];
    expected.insert(if two < one { 1 } else { 4 }, format!("pause@{two},-"));
    assert_eq!(snapshot.to_csv(), expected.join("\n") + "\n");
    let names: BTreeSet<_> = Snapshot::of_manifests(&set(), &registry("gcr.io/prod"))
        .records()
        .map(|record| record.name.to_owned())
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert_eq!(names, ["a/b", "kops/a/b", "kops/pause", "pause"]);
}

#[test]
fn yaml_is_as_kpromo_writes_it() {
    let registry = registry("eu.gcr.io/prod");
    let snapshot = Snapshot::of_manifests(&set(), &registry);
    let one = format!("    \"{}\": [\"3.10\", \"3.9\", \"latest\"]\n", digest(1));
    let two = format!("    \"{}\": []\n", digest(2));
    let pause = if digest(1) < digest(2) {
        one + &two
    } else {
        two + &one
    };
    let expected = format!(
        "- name: a/b\n  dmap:\n    \"{}\": [\"v1\"]\n- name: pause\n  dmap:\n{pause}",
        digest(1)
    );
    assert_eq!(snapshot.to_yaml(), expected);
    assert_eq!(Snapshot::empty(&registry).to_yaml(), "");
    assert_eq!(Snapshot::empty(&registry).to_csv(), "");
}

#[test]
fn names_that_yaml_would_take_for_something_else_are_quoted() {
    for name in ["1.10", "12", "1e3", "0x1f", "true", "no", "1_0"] {
        assert_eq!(write::plain_or_quoted(name), format!("\"{name}\""));
    }
    for name in ["pause", "a/b", "k8s.io", "1password"] {
        assert_eq!(write::plain_or_quoted(name), name);
    }
}

#[test]
fn filters_keep_all_tags_of_what_they_keep() {
    let snapshot = Snapshot::of_inventory(&inventory(), &registry("gcr.io/prod"));
    let tagged = snapshot.clone().with_tag(&tag("stable"));
    let records: Vec<_> = tagged.records().map(|record| record.to_string()).collect();
    let one = digest(1);
    assert_eq!(
        records,
        [
            format!("whole@{one},whole:stable"),
            format!("whole@{one},whole:v1")
        ]
    );
    let minimal = snapshot
        .clone()
        .minimal(&BTreeSet::from([digest(1), digest(2)]));
    assert!(minimal.records().all(|record| record.digest != digest(2)));
    assert!(minimal.records().any(|record| record.digest == digest(1)));
    assert_eq!(
        snapshot.clone().minimal(&BTreeSet::new()).to_csv(),
        snapshot.to_csv()
    );
}

#[test]
fn json_read_back_is_the_same_inventory() {
    let snapshot = Snapshot::of_inventory(&inventory(), &registry("gcr.io/prod"));
    let back = Snapshot::from_json(&json(&snapshot)).unwrap();
    assert_eq!(back, snapshot);
    let known = back.to_inventory();
    let whole = "gcr.io/prod/whole".parse().unwrap();
    assert_eq!(known.tag(&whole, &tag("v1")), TagState::Points(digest(1)));
    assert_eq!(known.tag(&whole, &tag("v9")), TagState::Absent);
    assert_eq!(known.digest(&whole, &digest(3)), DigestState::Absent);
    let tags = "gcr.io/prod/tags".parse().unwrap();
    assert_eq!(known.tag(&tags, &tag("v9")), TagState::Absent);
    assert_eq!(known.digest(&tags, &digest(9)), DigestState::Unknown);
    let not_there = "gcr.io/prod/other".parse().unwrap();
    assert_eq!(known.tag(&not_there, &tag("v1")), TagState::Absent);
    let elsewhere = "gcr.io/production/other".parse().unwrap();
    assert_eq!(known.tag(&elsewhere, &tag("v1")), TagState::Unknown);
}

#[test]
fn what_was_filtered_or_unreadable_is_never_taken_for_absent() {
    let filtered = Snapshot::of_inventory(&inventory(), &registry("gcr.io/prod"))
        .with_tag(&tag("stable"))
        .to_inventory();
    let whole = "gcr.io/prod/whole".parse().unwrap();
    assert_eq!(filtered.tag(&whole, &tag("v9")), TagState::Unknown);
    let other = "gcr.io/prod/tags".parse().unwrap();
    assert_eq!(filtered.tag(&other, &tag("v2")), TagState::Unknown);

    let mut world = inventory();
    let denied = RepositoryInventory::Unreadable {
        kind: crate::ports::FailureKind::Forbidden,
        code: Code::new("PROMO-R403"),
        message: "denied".to_owned(),
        hints: vec!["log in".to_owned()],
    };
    world.insert("gcr.io/prod/secret".parse().unwrap(), denied);
    let snapshot = Snapshot::of_inventory(&world, &registry("gcr.io/prod"));
    assert_eq!(snapshot.unreadable().len(), 1);
    let secret = "gcr.io/prod/secret".parse().unwrap();
    let back = Snapshot::from_json(&json(&snapshot))
        .unwrap()
        .to_inventory();
    assert_eq!(back.tag(&secret, &tag("v1")), TagState::Unknown);
}

#[test]
fn csv_read_back_knows_what_it_lists() {
    let snapshot = Snapshot::of_manifests(&set(), &registry("gcr.io/prod"));
    let back = Snapshot::from_csv(&snapshot.to_csv(), snapshot.registry()).unwrap();
    assert_eq!(back, snapshot);
}

#[test]
fn yaml_read_back_knows_what_it_lists() {
    let snapshot = Snapshot::of_manifests(&set(), &registry("gcr.io/prod"));
    let yaml = |text: &str| Snapshot::from_yaml("s.yaml", text.as_bytes(), snapshot.registry());
    assert_eq!(yaml(&snapshot.to_yaml()).unwrap(), snapshot);
    // What a registry also has, and no plan asks for.
    let signed = format!(
        "- name: pause\n  dmap:\n    \"{}\": [\"sha256-{}.sig\"]\n",
        digest(7),
        "0".repeat(64)
    );
    assert_eq!(yaml(&signed).unwrap(), yaml("").unwrap());
}

#[test]
fn what_is_said_to_be_whole_lacks_what_it_does_not_list() {
    let listed = Snapshot::of_manifests(&set(), &registry("gcr.io/prod"));
    let there = "gcr.io/prod/pause".parse().unwrap();
    let not_there = "gcr.io/prod/other".parse().unwrap();
    let known = listed.to_inventory();
    assert_eq!(known.tag(&there, &tag("v9")), TagState::Unknown);
    assert_eq!(known.tag(&not_there, &tag("v9")), TagState::Unknown);
    let known = listed.assume_whole().to_inventory();
    assert_eq!(known.tag(&there, &tag("3.9")), TagState::Points(digest(1)));
    assert_eq!(known.tag(&there, &tag("v9")), TagState::Absent);
    assert_eq!(known.digest(&there, &digest(9)), DigestState::Absent);
    assert_eq!(known.tag(&not_there, &tag("v9")), TagState::Absent);
}

/// A snapshot of one repository with so many tags.
fn crowded(tags: u32) -> Snapshot {
    let mut content = RepositoryContent::complete();
    for number in 0..tags {
        let digest = digest(u8::try_from(number % 200).unwrap());
        content.record_tag(tag(&format!("v{number}")), Some(digest));
    }
    let mut inventory = Inventory::new();
    let repository = "gcr.io/prod/large".parse().unwrap();
    inventory.insert(repository, RepositoryInventory::Read(content));
    Snapshot::of_inventory(&inventory, &registry("gcr.io/prod"))
}

#[test]
fn a_repository_of_a_million_tags_is_read_back() {
    let snapshot = crowded(1_000_000);
    let back = Snapshot::from_json(&json(&snapshot)).unwrap();
    assert_eq!(back.records().count(), 1_000_000);
    assert_eq!(back, snapshot);
}

#[test]
fn many_tags_are_read_back_in_the_forms_of_kpromo() {
    let snapshot = crowded(20_000);
    let registry = snapshot.registry();
    let of_csv = Snapshot::from_csv(&snapshot.to_csv(), registry).unwrap();
    assert_eq!(of_csv.assume_whole(), snapshot);
    let yaml = snapshot.to_yaml();
    let of_yaml = Snapshot::from_yaml("s.yaml", yaml.as_bytes(), registry).unwrap();
    assert_eq!(of_yaml.assume_whole(), snapshot);
}

#[test]
fn bad_snapshots_are_refused_by_code() {
    let csv = |text: &str| {
        let read = Snapshot::from_csv(text, &registry("gcr.io/prod"));
        read.unwrap_err().code().as_str()
    };
    let one = digest(1);
    assert_eq!(csv("nonsense"), "PROMO-C072");
    assert_eq!(csv(&format!("a@{one},b:v1")), "PROMO-C072");
    assert_eq!(csv(&format!("A@{one},-")), "PROMO-C073");
    assert_eq!(csv("a@md5:00,-"), "PROMO-C074");
    assert_eq!(csv(&format!("a@{one},a:-x")), "PROMO-C075");
    assert_eq!(
        csv(&format!("a@{one},a:x\na@{},a:x", digest(2))),
        "PROMO-C076"
    );
    let yaml = |text: &str| {
        let read = Snapshot::from_yaml("s.yaml", text.as_bytes(), &registry("gcr.io/prod"));
        let error = read.unwrap_err();
        (error.code().as_str(), error.to_string())
    };
    let (code, message) = yaml(&format!("- name: a\n  dmap:\n    \"{one}\": [v1, -x]\n"));
    assert_eq!(code, "PROMO-C077");
    assert!(message.contains("s.yaml:3:"), "{message}");
    assert_eq!(yaml("- name: a\n  dmap: {md5:00: []}\n").0, "PROMO-C077");
    assert_eq!(yaml("registries: []\n").0, "PROMO-C077");
    let twice = format!(
        "- name: a\n  dmap:\n    {one}: [x]\n    {}: [x]\n",
        digest(2)
    );
    assert_eq!(yaml(&twice).0, "PROMO-C076");
    let json = |text: &str| {
        Snapshot::from_json(text.as_bytes())
            .unwrap_err()
            .code()
            .as_str()
    };
    assert_eq!(json("{"), "PROMO-C070");
    assert_eq!(
        json(r#"{"schema":"promo.snapshot/v2","new":1}"#),
        "PROMO-C071"
    );
    assert_eq!(json(r#"{"schema":"promo.snapshot/v1"}"#), "PROMO-C070");
    let md5 = r#"{"schema":"promo.snapshot/v1","registry":"a.io","whole":true,"images":[
        {"name":"a","known":"everything","digests":[{"digest":"md5:00","tags":[]}]}]}"#;
    assert_eq!(json(md5), "PROMO-C070");
}

/// A tree that begins with a snapshot must load: what belongs to signers and what has no tag is left out, and said.
#[test]
fn what_can_t_be_promoted_is_left_out_and_said() {
    let evidence = |suffix: &str| tag(&format!("sha256-{}{suffix}", "a".repeat(64)));
    let mut content = RepositoryContent::complete();
    content.record_tag(tag("v1"), Some(digest(1)));
    content.record_tag(evidence(""), Some(digest(1)));
    for (n, suffix) in [(2, ".sig"), (3, ".att"), (4, ".sbom")] {
        content.record_tag(evidence(suffix), Some(digest(n)));
    }
    content.record_digest(digest(5), true);
    let mut inventory = Inventory::new();
    let mut insert = |name: &str, content: RepositoryContent| {
        let repository = format!("gcr.io/staging/{name}").parse().unwrap();
        inventory.insert(repository, RepositoryInventory::Read(content));
    };
    insert("app", content);
    let mut only = RepositoryContent::complete();
    only.record_tag(evidence(".sig"), Some(digest(2)));
    insert("only", only);
    let snapshot = Snapshot::of_inventory(&inventory, &registry("gcr.io/staging"));
    let (promotable, left_out) = snapshot.promotable();
    let expected = format!("- name: app\n  dmap:\n    \"{}\": [\"v1\"]\n", digest(1));
    assert_eq!(promotable.to_yaml(), expected);
    let said: Vec<_> = left_out.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "app: 4 tags of evidence (`sha256-…`), which is made anew where images go",
            "app: 1 digest without a tag, such as parts of an index and signatures",
            "only: 1 tag of evidence (`sha256-…`), which is made anew where images go",
        ]
    );
}

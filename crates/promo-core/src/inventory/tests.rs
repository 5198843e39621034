use super::*;

fn digest(n: u8) -> Digest {
    Digest::sha256_of(&[n])
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn repository(text: &str) -> Repository {
    text.parse().unwrap()
}

#[test]
fn what_was_not_asked_is_unknown_and_never_absent() {
    let mut inventory = Inventory::new();
    let here = repository("a.io/x");
    assert_eq!(inventory.tag(&here, &tag("v1")), TagState::Unknown);
    assert_eq!(inventory.digest(&here, &digest(1)), DigestState::Unknown);
    let mut content = RepositoryContent::partial();
    content.record_tag(tag("v1"), None);
    content.record_tag(tag("v2"), Some(digest(1)));
    inventory.insert(here.clone(), RepositoryInventory::Read(content));
    assert_eq!(inventory.tag(&here, &tag("v1")), TagState::Absent);
    assert_eq!(
        inventory.tag(&here, &tag("v2")),
        TagState::Points(digest(1))
    );
    assert_eq!(inventory.tag(&here, &tag("v3")), TagState::Unknown);
    assert_eq!(inventory.digest(&here, &digest(1)), DigestState::Present);
    assert_eq!(inventory.digest(&here, &digest(2)), DigestState::Unknown);
}

#[test]
fn a_list_of_tags_says_nothing_about_other_digests() {
    let mut content = RepositoryContent::all_tags();
    content.record_tag(tag("v1"), Some(digest(1)));
    assert!(content.has_all_tags() && !content.is_complete());
    let read = RepositoryInventory::Read(content);
    assert_eq!(read.tag(&tag("v2")), TagState::Absent);
    assert_eq!(read.digest(&digest(2)), DigestState::Unknown);
}

#[test]
fn what_a_covered_registry_does_not_list_is_missing() {
    let mut inventory = Inventory::new();
    inventory.cover("a.io/prod".parse().unwrap());
    assert_eq!(
        inventory.tag(&repository("a.io/prod/x"), &tag("v1")),
        TagState::Absent
    );
    assert_eq!(
        inventory.tag(&repository("a.io/production/x"), &tag("v1")),
        TagState::Unknown
    );
    let unreadable = RepositoryInventory::Unreadable {
        code: Code::new("PROMO-R403"),
        kind: FailureKind::Forbidden,
        message: String::new(),
        hints: Vec::new(),
    };
    inventory.insert(repository("a.io/prod/secret"), unreadable);
    let secret = inventory.tag(&repository("a.io/prod/secret"), &tag("v1"));
    assert_eq!(secret, TagState::Unreadable(Code::new("PROMO-R403")));
}

#[test]
fn merging_adds_up_and_what_became_unreadable_stays_so() {
    let mut one = Inventory::new();
    let here = repository("a.io/x");
    let mut tags = RepositoryContent::partial();
    tags.record_tag(tag("v1"), Some(digest(1)));
    one.insert(here.clone(), RepositoryInventory::Read(tags));
    let mut two = Inventory::new();
    let mut digests = RepositoryContent::partial();
    digests.record_digest(digest(2), false);
    two.insert(here.clone(), RepositoryInventory::Read(digests));
    one.merge(two);
    assert_eq!(one.tag(&here, &tag("v1")), TagState::Points(digest(1)));
    assert_eq!(one.digest(&here, &digest(2)), DigestState::Absent);
    let mut three = Inventory::new();
    let code = Code::new("PROMO-R500");
    let message = String::new();
    three.insert(
        here.clone(),
        RepositoryInventory::Unreadable {
            code,
            kind: FailureKind::Forbidden,
            message,
            hints: Vec::new(),
        },
    );
    one.merge(three);
    assert_eq!(one.tag(&here, &tag("v1")), TagState::Unreadable(code));
}

/// Mirrors by the dozen are asked the same: it is kept once, until one of them is asked more.
#[test]
fn what_is_wanted_of_mirrors_alike_is_kept_once() {
    let mirrors = ["a.io/x", "b.io/x", "c.io/x"].map(repository);
    let mut wanted = WantedInventory::default();
    for mirror in &mirrors {
        wanted.want_tag(mirror, &tag("v1"));
        wanted.want_digest(mirror, digest(1));
    }
    wanted.want_tag(&mirrors[1], &tag("v2"));
    let apart = wanted.clone();
    wanted.share(&[mirrors[0].clone(), mirrors[2].clone(), mirrors[1].clone()]);
    assert_eq!(wanted, apart);
    let at = |wanted: &WantedInventory, mirror: usize| {
        Arc::as_ptr(&wanted.repositories[&mirrors[mirror]])
    };
    assert_eq!(at(&wanted, 0), at(&wanted, 2));
    assert_ne!(at(&wanted, 0), at(&wanted, 1));
    wanted.want_tag(&mirrors[2], &tag("v3"));
    assert!(!wanted.repositories[&mirrors[0]].tags.contains(&tag("v3")));
    assert!(wanted.repositories[&mirrors[2]].tags.contains(&tag("v1")));
}

#[test]
fn a_clone_of_content_records_for_itself() {
    let mut one = RepositoryContent::complete();
    one.record_tag(tag("v1"), Some(digest(1)));
    let mut other = one.clone();
    other.record_tag(tag("v1"), Some(digest(2)));
    assert_eq!(
        RepositoryInventory::Read(one).tag(&tag("v1")),
        TagState::Points(digest(1))
    );
    assert_eq!(
        RepositoryInventory::Read(other).tag(&tag("v1")),
        TagState::Points(digest(2))
    );
}

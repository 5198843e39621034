//! The page of a plan and its comment: what others wrote stays text, and both have a size.

use std::fmt::Write as _;

use promo_core::inventory::{Inventory, RepositoryContent, RepositoryInventory};
use promo_core::manifest::ManifestSet;
use promo_core::oci::{Digest, DigestAlgorithm};
use promo_core::plan::{Plan, PlanInputs, PlanOptions, Planner};

use crate::documents::{Comment, Forge, plan_markdown, plan_page};

const MARKUP: &str = "<img src=x onerror=alert(1)>\"'&";

/// A plan of so many images with two tags at so many mirrors; at the first mirror a tag of each would move.
fn plan(images: usize, mirrors: usize, file: &str, bad: &str) -> Plan {
    let digest = |number: usize| Digest::of(DigestAlgorithm::Sha256, &number.to_be_bytes());
    let mut text = "registries:\n- name: s.example/st\n  src: true\n".to_owned();
    for mirror in 0..mirrors {
        let _ = writeln!(text, "- name: mirror-{mirror:02}.example/production/images");
    }
    let _ = writeln!(text, "images:{bad}");
    let mut inventory = Inventory::new();
    for image in 0..images {
        let _ = writeln!(
            text,
            "- name: team/some-image-{image:04}\n  dmap:\n    {}: [v1.{image}.0, v1.{image}]",
            digest(image)
        );
        let mut source = RepositoryContent::complete();
        source.record_digest(digest(image), true);
        let name = format!("s.example/st/team/some-image-{image:04}");
        inventory.insert(name.parse().unwrap(), RepositoryInventory::Read(source));
        for mirror in 0..mirrors {
            let mut content = RepositoryContent::complete();
            if mirror == 0 {
                content.record_digest(digest(usize::MAX), true);
                let tag = format!("v1.{image}").parse().unwrap();
                content.record_tag(tag, Some(digest(usize::MAX)));
            }
            let name =
                format!("mirror-{mirror:02}.example/production/images/team/some-image-{image:04}");
            inventory.insert(name.parse().unwrap(), RepositoryInventory::Read(content));
        }
    }
    let set = ManifestSet::parse_plain(file, text.as_bytes()).unwrap();
    Planner::new(&set, &PlanOptions::default()).plan(Some(&inventory))
}

fn page(plan: &Plan, base: Option<&str>) -> String {
    let base = base.map(|base| base.parse().unwrap());
    plan_page(plan, &PlanInputs::default(), base.as_ref())
}

#[test]
fn what_others_wrote_stays_text() {
    let bad = format!(
        "\n- name: \"{}\"\n  dmap: {{}}",
        MARKUP.replace('"', "\\\"")
    );
    let plan = plan(1, 2, &format!("{MARKUP}.yaml"), &bad);
    let page = page(&plan, Some("https://forge.example/a"));
    assert!(
        page.contains("&lt;img src=x onerror=alert(1)&gt;&quot;'&amp;.yaml:"),
        "{page}"
    );
    assert!(page.contains(
        "https://forge.example/a/%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E%22%27%26.yaml#L"
    ));
    for markup in ["<img", "<script", "javascript:"] {
        assert!(!page.contains(markup), "{markup} in {page}");
    }
    let links = Some("https://forge.example/a".parse().unwrap());
    let comment = Comment {
        links,
        ..Comment::default()
    };
    let comment = plan_markdown(&plan, &comment);
    let escaped = comment.matches("\\<img").count();
    assert!(escaped > 0, "{comment}");
    assert_eq!(comment.matches("<img").count(), escaped, "{comment}");
}

#[test]
fn a_page_shows_moves_first_then_causes_a_matrix_and_changes() {
    let page = page(&plan(2, 2, "m.yaml", ""), None);
    let headings: Vec<&str> = page
        .split("<h2 id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(
        headings,
        ["decisions", "blocked", "matrix", "changes", "mirrors"]
    );
    // Of the first mirror one tag of each image is put and one would move.
    let row = "<th scope=\"row\">team/some-image-0001</th><td><span class=\"put\">+1</span><span class=\"blocked\">!1</span></td>\
               <td><span class=\"put\">+2</span></td></tr>";
    assert!(page.contains(row), "{page}");
    assert!(page.contains("<code>m.yaml:"), "{page}");
    assert!(!page.contains("<a "), "{page}");
}

#[test]
fn a_page_of_twenty_thousand_edges_has_less_than_five_megabytes() {
    let plan = plan(500, 20, "manifests/team/promoter-manifest.yaml", "");
    assert_eq!(plan.summary().edges, 20_000);
    let page = page(
        &plan,
        Some("https://github.com/organisation/repository/blob/main"),
    );
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    assert!(!page.contains("has no room"), "all of it is there");
}

/// What has no room is counted, and the same plan gives the same bytes.
#[test]
fn what_is_larger_than_a_page_or_a_comment_is_cut_and_says_so() {
    let plan = plan(3_000, 20, "manifests/team/promoter-manifest.yaml", "");
    let page_of = || {
        page(
            &plan,
            Some("https://github.com/organisation/repository/blob/main"),
        )
    };
    let page = page_of();
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    assert_eq!(
        page.matches("more, for which the page has no room").count(),
        4
    );
    assert_eq!(page, page_of());
    for forge in [Forge::GitHub, Forge::GitLab] {
        let comment = Comment {
            forge,
            ..Comment::default()
        };
        let text = plan_markdown(&plan, &comment);
        let room = forge.comment_bytes();
        assert!(text.len() <= room, "{} of {room} bytes", text.len());
        assert!(text.len() > room / 2, "{} of {room} bytes", text.len());
        assert!(
            text.contains("for which a comment has no room"),
            "{forge:?}"
        );
        assert_eq!(
            text.matches("<details>").count(),
            text.matches("</details>").count()
        );
    }
}

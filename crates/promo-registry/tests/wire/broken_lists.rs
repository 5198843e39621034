//! Lists that can't be read to their end, and first pages that are asked for smaller.

use promo_core::oci::Digest;
use promo_core::ports::{Failure, FailureKind, Registry};
use promo_registry::WireRegistry;
use promo_testkit::registry::{Answer, Fault, Matcher, Operation};

use crate::support::{Bench, digest};

/// The three lists, each of one page.
async fn read_all(wire: &WireRegistry, bench: &Bench, subject: &Digest) -> Vec<Failure> {
    let repository = bench.repository("app");
    vec![
        wire.tags(&repository, None).await.unwrap_err(),
        wire.catalog(&bench.host(), None).await.unwrap_err(),
        wire.referrers(&repository, subject).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn a_link_that_leads_nowhere_is_no_end() {
    let bench = Bench::new().await;
    let subject = digest(bench.image("app", "v1").digest());
    for link in [
        // As Artifactory leaves out the first component, and Nexus puts one in.
        "</v2/tags/list?last=v1>; rel=\"next\"",
        "</repository/docker/v2/app/tags/list?last=v1>; rel=\"next\"",
        "</v2/private/tags/list?last=v1>; rel=\"next\"",
        "</v2/app/tags/list",
        "next",
        "/v2/app/tags/list?last=v1",
    ] {
        bench.registry.faults().clear();
        let fault = Fault::header("link", link);
        bench.registry.faults().inject(Matcher::any(), fault);
        let wire = bench.wire();
        bench.registry.log().clear();
        for failure in read_all(&wire, &bench, &subject).await {
            assert_eq!(failure.code().as_str(), "PROMO-R068", "{link}: {failure}");
            assert_eq!(failure.kind(), FailureKind::Malformed);
        }
        assert_eq!(bench.registry.log().len(), 3, "{link}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_there_breaks_the_list() {
    let bench = Bench::new().await;
    let subject = digest(bench.image("app", "v1").digest());
    let repository = bench.repository("app");
    let wire = bench.wire();
    for operation in [Operation::TagList, Operation::Catalog] {
        bench
            .registry
            .faults()
            .inject(Matcher::on(operation), Fault::status(404));
    }
    let failure = wire.tags(&repository, Some("?last=v1")).await.unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R068");
    let failure = wire.catalog(&bench.host(), Some("?last=a")).await;
    assert_eq!(failure.unwrap_err().code().as_str(), "PROMO-R068");
    // The first page tells whether the repository is there.
    assert_eq!(wire.tags(&repository, None).await.unwrap(), None);
    let failure = wire.catalog(&bench.host(), None).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::NotFound);

    bench.registry.faults().clear();
    let list = format!("</v2/app/referrers/{subject}?last=x>; rel=\"next\"");
    let on_list = Matcher::on(Operation::Referrers);
    let faults = bench.registry.faults();
    faults.inject(on_list.clone().times(1), Fault::header("link", &list));
    faults.inject(on_list.after(1), Fault::status(404));
    let failure = wire.referrers(&repository, &subject).await.unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R068");
}

#[tokio::test]
async fn only_the_query_of_a_link_is_taken() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let wire = bench.wire();
    let repository = bench.repository("app");
    let host = bench.registry.host();
    for link in [
        "</v2/app/tags/list?last=v0&n=2>; rel=\"next\"".to_owned(),
        format!("<http://{host}/v2/app/tags/list/?last=v0&n=2>; rel=next"),
        "<?last=v0&n=2>".to_owned(),
    ] {
        bench.registry.faults().clear();
        let once = Matcher::on(Operation::TagList).times(1);
        bench
            .registry
            .faults()
            .inject(once, Fault::header("link", &link));
        let page = wire.tags(&repository, None).await.unwrap().unwrap();
        let next = page.next.unwrap();
        bench.registry.log().clear();
        let page = wire.tags(&repository, Some(&next)).await.unwrap().unwrap();
        assert_eq!(page.tags.len(), 1, "{link}");
        let asked = &bench.registry.log().entries()[0];
        assert_eq!(asked.path, "/v2/app/tags/list");
        assert_eq!(asked.query, "last=v0&n=2");
    }
}

fn too_large() -> Fault {
    let document = r#"{"errors":[{"code":"PAGINATION_NUMBER_INVALID","message":"invalid"}]}"#;
    Fault::Answer(Answer::status(400).body("application/json", document))
}

#[tokio::test]
async fn a_page_that_is_too_large_is_asked_for_smaller() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let on_list = Matcher::on(Operation::Catalog).or(Operation::TagList);
    bench
        .registry
        .faults()
        .inject(on_list.times(1), too_large());
    let wire = bench.wire();
    let page = wire.catalog(&bench.host(), None).await.unwrap();
    assert_eq!(page.repositories, [bench.repository("app")]);
    // The host is known now.
    wire.tags(&bench.repository("app"), None).await.unwrap();
    let asked: Vec<String> = bench
        .registry
        .log()
        .entries()
        .into_iter()
        .map(|it| it.query)
        .collect();
    assert_eq!(asked, ["n=1000", "", ""]);
}

#[tokio::test]
async fn a_registry_that_refuses_every_page_is_told_so() {
    let bench = Bench::new().await;
    bench.registry.faults().inject(Matcher::any(), too_large());
    let failure = bench.wire().catalog(&bench.host(), None).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Refused);
    assert!(failure.to_string().contains("PAGINATION_NUMBER_INVALID"));
    assert_eq!(bench.registry.log().len(), 3);
}

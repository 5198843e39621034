use super::*;

fn told(count: u64, refused: u64, (first, last): (f64, f64)) -> Told {
    Told {
        requests: BTreeMap::from([("ManifestPut".to_owned(), count)]),
        answers: BTreeMap::from([
            ("201".to_owned(), count - refused),
            ("429".to_owned(), refused),
        ]),
        published: count,
        published_last: Some(last),
        first: Some(first),
        last: Some(last),
        ..Told::default()
    }
}

#[test]
fn several_registries_add_up_and_span_all_their_time() {
    let sum = Told::sum([told(10, 2, (1.0, 3.0)), told(5, 0, (0.5, 2.0))].iter());
    assert_eq!((sum.total(), sum.refused(), sum.published), (15, 2, 15));
    assert_eq!(
        (sum.first, sum.last, sum.published_last),
        (Some(0.5), Some(3.0), Some(3.0))
    );
}

#[test]
fn refusals_are_no_goodput() {
    assert_eq!(told(12, 2, (1.0, 3.0)).goodput(), Some(5.0));
    assert_eq!(Told::default().goodput(), None);
}

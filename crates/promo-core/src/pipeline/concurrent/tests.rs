use std::num::NonZeroUsize;

use super::each_contained;

#[tokio::test]
async fn an_item_whose_work_panics_is_lost_and_the_others_go_on() {
    let results = each_contained(
        NonZeroUsize::MIN,
        vec![1, 2, 3],
        |item| *item,
        |item| async move {
            assert_ne!(item, 2, "no twos");
            Ok(item)
        },
        |item, failure| Err((item, failure)),
    )
    .await;

    assert_eq!(results[0].as_ref().ok(), Some(&1));
    let (item, failure) = results[1].as_ref().unwrap_err();
    assert_eq!((*item, failure.code().as_str()), (2, "PROMO-C011"));
    assert!(failure.to_string().contains("no twos"), "{failure}");
    assert_eq!(results[2].as_ref().ok(), Some(&3));
}

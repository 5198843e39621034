//! What holds for any text.

use proptest::prelude::*;

use super::*;

/// Texts that get deeper into the parser than random bytes do.
pub(super) fn yaml_like() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("registries:".to_owned()),
        Just("images:".to_owned()),
        Just("- name: x".to_owned()),
        Just("- {name: a.example, src: true}".to_owned()),
        Just("dmap:".to_owned()),
        Just(format!("sha256:{}: [v1, v2]", hex('a'))),
        Just("provenance: {mode: off}".to_owned()),
        "[\\[\\]{}:,&*!|>'\"%@`#?~ \t\r\n-]{1,4}",
        "\\PC{0,6}",
    ];
    proptest::collection::vec((word, "\n? {0,6}"), 0..24)
        .prop_map(|words| words.into_iter().map(|(word, end)| word + &end).collect())
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        drop(ManifestSet::parse_plain("m.yaml", &bytes));
    }

    #[test]
    fn yaml_like_texts_never_panic_and_never_lose_an_error(text in yaml_like()) {
        match ManifestSet::parse_plain("m.yaml", text.as_bytes()) {
            Ok(set) => prop_assert!(set.findings().iter().all(|f| f.severity != Severity::Error)),
            Err(error) => prop_assert!(error.findings().iter().any(|f| f.severity == Severity::Error)),
        }
    }

    #[test]
    fn every_part_of_a_sound_text_either_loads_or_is_refused(cut in 0_usize..400) {
        let text = with_images(&format!("- name: x\n  dmap:\n    sha256:{}: [a, \"b\", 'c']\n", hex('a')));
        let part = &text.as_bytes()[..cut.min(text.len())];
        drop(ManifestSet::parse_plain("m.yaml", part));
    }
}

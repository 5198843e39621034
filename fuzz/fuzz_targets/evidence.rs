//! libFuzzer's entry to [`promo_fuzz::evidence`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| promo_fuzz::evidence(data));

//! libFuzzer's entry to [`promo_fuzz::saved_plan`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| promo_fuzz::saved_plan(data));

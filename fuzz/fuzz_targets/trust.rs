//! libFuzzer's entry to [`promo_fuzz::trust`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| promo_fuzz::trust(data));

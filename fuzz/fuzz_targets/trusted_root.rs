//! libFuzzer's entry to [`promo_fuzz::trusted_root`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| promo_fuzz::trusted_root(data));

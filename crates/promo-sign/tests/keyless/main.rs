//! Signatures with certificates that cosign made against a whole sigstore (`fixtures/sigstore`): what they prove, and that
//! nothing of them can be changed, left out or mixed up without being seen, with the reason that it should have.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod beside_key;
mod certificates;
mod held;
mod joined;
mod layers;
mod log;
mod mutations;
mod recorded;
mod roots;
mod versions;

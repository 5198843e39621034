//! Keyless sealing beside what real servers do: authorities and logs that refuse, lie or answer too late, and certificates that run
//! out. The services here answer as they are told; that real ones and real verifiers are content is shown by interop.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod answers;
mod certificates;
mod entries;
mod services;

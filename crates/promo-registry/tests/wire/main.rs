//! The wire registry against embedded registries on loopback, and against servers that lie.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod answers;
mod as_they_are;
mod auth;
mod bad_answers;
mod blobs;
mod broken_lists;
mod budget;
mod chunks;
mod down;
mod echoes;
mod encodings;
mod fallback_tag;
mod google;
mod hanging;
mod helpers;
mod http2;
mod locations;
mod passing_faults;
mod services;
mod shared_tokens;
mod single_posts;
mod slow_hosts;
mod strangers;
mod support;
mod tls;
mod token_services;
mod told;

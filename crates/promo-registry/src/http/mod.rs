//! HTTP as registries need it: one exchange from a request to a checked answer.
//!
//! `Exchange::send` is the only way out: it takes leave from the host's budget, adds
//! the authorization, follows redirects under our rules, and repeats what is safe to repeat. What an answer
//! means is decided in `wire`.

mod address;
mod answer;
mod clients;
mod exchange;
mod hosts;
mod link;
mod location;
mod pace;
mod proxy;
mod refusal;
mod request;
mod retry;
mod retry_after;
mod sender;
mod silence;

pub(crate) use address::Reach;
pub(crate) use answer::Answer;
pub(crate) use clients::{Clients, ConnectionSettings};
pub(crate) use exchange::Exchange;
pub(crate) use hosts::Hosts;
pub(crate) use link::{UnreadableLink, next_link};
pub(crate) use location::{authority, check_location, foreign_location, same_origin, shown};
pub(crate) use pace::Floor;
pub use proxy::{ProxyError, ProxySettings};
pub(crate) use refusal::refusal;
pub(crate) use request::{Access, Body, Repeat, Request};
pub(crate) use retry::Backoff;
pub(crate) use retry_after::retry_after;
pub(crate) use sender::{Attempts, Dispatch, Sender};
pub(crate) use silence::Silences;

/// An error and its causes in one line.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;

//! HTTP as registries need it: requests, their answers, and the one way from the first to the second.
//!
//! `Sender::send_once` is the only way out, for requests to registries, token servers and Google's services alike: it waits
//! until the host's budget allows the request, holds it to its deadline and cap, and remembers what was sent as a credential.
//! Here stand also the rules for where a registry may send us, and when something is tried again. Nothing is known of
//! credentials: who we are is said in `auth`, and what an answer means is decided in `wire`.

mod address;
mod answer;
mod clients;
mod hosts;
mod intake;
mod link;
mod location;
mod loss;
mod open_files;
mod pace;
mod proxy;
mod refusal;
mod request;
mod retry;
mod retry_after;
mod sender;
mod sent;
mod tls;
mod told;

pub(crate) use address::Reach;
pub(crate) use answer::Answer;
pub(crate) use clients::{Clients, ConnectionSettings, Pool, Traffic};
pub(crate) use hosts::Hosts;
pub(crate) use intake::Intake;
pub(crate) use link::{UnreadableLink, next_link};
pub(crate) use location::{authority, check_location, foreign_location, same_origin, shown};
pub(crate) use pace::Floor;
pub use proxy::{ProxyError, ProxySettings};
pub(crate) use refusal::refusal;
pub(crate) use request::{Body, Repeat, Request};
pub(crate) use retry::Backoff;
pub(crate) use retry_after::retry_after;
pub(crate) use sender::{Attempts, Dispatch, Sender};
pub(crate) use sent::Sent;

#[cfg(test)]
mod tests;

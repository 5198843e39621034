//! The copier over promo's own registry client: what it sends, in which order, and what becomes of it when
//! registries misbehave.

mod content;
mod faults;
mod graphs;
mod requests;

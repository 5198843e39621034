//! The suite of the `Registry` port: a base that every implementation passes, a part for each capability, and parts for
//! what an implementation may do besides.
//!
//! An implementation is held to the parts of the capabilities that it declares; each part needs a registry that is
//! prepared for it.

mod base;
mod capabilities;

pub use self::base::{BaseFixture, base, checked, fallback_tag};
pub use self::capabilities::{StatusFixture, caps, mount_session, paging, status};

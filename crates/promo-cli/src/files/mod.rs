//! Files as the command handles them: read under a cap, replaced as a whole, created whole or not at all.
//!
//! What is in them is others' business.

mod read;
mod write;

pub(crate) use read::{CAPS, Cap, read, read_text, tell_if_shared};
pub(crate) use read::{CREDENTIALS, KEYS, MANIFESTS, PLANS, SETTINGS, SNAPSHOTS, TAG_MOVES};
pub(crate) use write::{Access, Replacement, create, replace};

//! Files as promo handles them: read under a cap, replaced as a whole, created whole or not at all.
//!
//! What is in them is others' business.

mod read;
pub(crate) mod secret;
mod write;

pub(crate) use read::place;
pub use read::{CAPS, Cap, read, read_text, tell_if_shared};
pub use read::{
    CREDENTIALS, KEYS, MANIFESTS, PLANS, REPOSITORIES, SETTINGS, SNAPSHOTS, TAG_MOVES, TRACES,
};
pub use write::{Access, Replacement, create, create_folder_of, replace};

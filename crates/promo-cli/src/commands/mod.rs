//! The commands, one file each: settings and ports → result.

pub(crate) mod apply;
pub(crate) mod attest;
mod by_hand;
pub(crate) mod cip;
#[cfg(feature = "embedded")]
pub(crate) mod demo;
pub(crate) mod image;
pub(crate) mod init;
pub(crate) mod key_generate;
pub(crate) mod manifest_add;
pub(crate) mod manifest_check;
pub(crate) mod manifest_digest;
pub(crate) mod manifest_format;
pub(crate) mod plan;
pub(crate) mod promote;
pub(crate) mod reference;
#[cfg(feature = "embedded")]
pub(crate) mod registry_serve;
mod report_file;
#[cfg(feature = "embedded")]
mod sample_images;
mod saved_plan;
pub(crate) mod settings_show;
pub(crate) mod shell;
pub(crate) mod sign;
mod since;
pub(crate) mod snapshot;
mod snapshot_file;
pub(crate) mod verify;

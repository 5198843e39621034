//! The commands, one file each: arguments → one verb of the library → its document, shown.

pub(crate) mod apply;
pub(crate) mod attest;
pub(crate) mod cip;
#[cfg(feature = "embedded")]
pub(crate) mod demo;
pub(crate) mod init;
pub(crate) mod key_generate;
pub(crate) mod login;
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
mod run_files;
pub(crate) mod settings_show;
pub(crate) mod shell;
pub(crate) mod sign;
pub(crate) mod snapshot;
pub(crate) mod trace;
pub(crate) mod verify;

//! cargo-deny judges `deny.toml` and the dependencies as our own check does; advisories need a database and are left out.

use std::process::Command;

use crate::interop::Setting;
use xtask::error::Result;
use xtask::{process, workspace};

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let mut deny = Command::new(&setting.tools.cargo_deny()?);
    deny.args(["--locked", "check", "licenses", "bans", "sources"])
        .current_dir(workspace::root());
    process::run(&mut deny)
}

//! The flags that stand for settings: what the library calls by its setting, people wrote by its flag.
//!
//! `promo settings show`, errors about values and the page of settings name flags from here.

use promo::settings::keys;

/// Each setting that has a flag, by its name in promo.toml.
pub(crate) const SETTING_FLAGS: &[(&str, &str)] = &[
    (keys::OUTPUT.name, "--output"),
    (keys::LOG_FORMAT.name, "--log-format"),
    (keys::COLOR.name, "--color"),
    (keys::MANIFEST.name, "--manifest"),
    (keys::THIN_MANIFEST_DIR.name, "--thin-manifest-dir"),
    (keys::ALLOW_TAG_MOVES.name, "--allow-tag-moves"),
    (keys::KEY.name, "--key"),
    (keys::KEYLESS.name, "--keyless"),
    (keys::TUF_REPOSITORY.name, "--tuf-repository"),
    (keys::TUF_ROOT.name, "--tuf-root"),
    (keys::SIGNING_CONFIG.name, "--signing-config"),
    (keys::TRUSTED_ROOT.name, "--trusted-root"),
    (keys::IDENTITY_TOKEN.name, "--identity-token"),
    (keys::FORMATS.name, "--signature-formats"),
    (keys::RECURSIVE.name, "--recursive"),
    (keys::TRUST.name, "--trust"),
    (keys::STAGING_KEYS.name, "--staging-key"),
    (keys::STAGING_SIGNATURES.name, "--staging-signatures"),
    (keys::STAGING_NAMES.name, "--staging-name"),
    (keys::STAGING_ATTESTATIONS.name, "--staging-attestation"),
    (keys::CARRY.name, "--carry"),
    (keys::AUTHFILE.name, "--authfile"),
    (keys::PLAIN_HTTP, "--insecure-host"),
];

/// The flag of a setting.
pub(crate) fn flag_of(setting: &str) -> Option<&'static str> {
    let mut flags = SETTING_FLAGS.iter();
    let found = flags.find(|(name, _)| *name == setting);
    found.map(|(_, flag)| *flag)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Command, CommandFactory};

    use super::*;
    use crate::args::Cli;

    fn take_flags(command: &Command, flags: &mut BTreeSet<String>) {
        let longs = command.get_arguments().filter_map(clap::Arg::get_long);
        flags.extend(longs.map(|long| format!("--{long}")));
        for command in command.get_subcommands() {
            take_flags(command, flags);
        }
    }

    #[test]
    fn they_are_flags_of_the_command_line_and_name_settings() {
        let mut flags = BTreeSet::new();
        let mut command = Cli::command();
        command.build();
        take_flags(&command, &mut flags);
        for (setting, flag) in SETTING_FLAGS {
            assert!(flags.contains(*flag), "{flag}");
            let is_key = keys::ALL.iter().any(|key| key.name == *setting);
            let is_of_table = keys::TABLES.iter().any(|(name, _)| name == setting);
            assert!(is_key || is_of_table, "{setting}");
        }
    }
}

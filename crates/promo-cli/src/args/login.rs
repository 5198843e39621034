//! `promo login` and `promo logout`.

use clap::Args;

/// Log in to a registry
///
/// Asks the registry whether it accepts the login, and only then keeps it where promo, docker and podman look for
/// credentials: with the credential helper that docker's config.json names, or in clear in that file. REGISTRY_AUTH_FILE
/// or `--authfile` names another file. Everything else in the file stays as it is.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LoginArgs {
    /// The registry: HOST, with its port if it has one
    pub(crate) host: String,
    /// The user; without it you are asked on a terminal
    #[arg(long, short, value_name = "USER")]
    pub(crate) username: Option<String>,
    /// Read the password from standard input; without it you are asked on a terminal
    #[arg(long, requires = "username")]
    pub(crate) password_stdin: bool,
}

/// Log out of a registry
///
/// Takes the login of a registry out of all files in which promo would find it, and away from the credential helpers that
/// those files name for it. The registry isn't asked.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LogoutArgs {
    /// The registry: HOST, with its port if it has one
    pub(crate) host: String,
}

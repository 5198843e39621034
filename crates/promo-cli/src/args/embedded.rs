//! Commands that stand on the embedded registries: `demo`, `registry serve`.

use clap::Args;

use crate::output::Format;

/// Show the whole pipeline on embedded registries; nothing is needed
///
/// Starts a staging registry and two production mirrors on loopback, promotes a handful of images with ephemeral
/// keys, verifies every one of them, runs again, and shows what is refused. It checks itself: exit code 0 means
/// that all of it happened as told.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct DemoArgs {
    #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::DATA),
          help = Format::help(&Format::DATA))]
    pub(crate) output: Option<Format>,
}

/// Serve an embedded registry, for trying things out
///
/// Holds its content in memory, prints its address on standard output and runs until Ctrl-C.
#[derive(Debug, Clone, Args)]
pub(crate) struct RegistryServeArgs {
    /// Address to listen on; port 0 takes a free one. Only loopback addresses are served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: std::net::SocketAddr,
    /// Ask for this user name (basic authentication)
    #[arg(long, value_name = "NAME", requires = "password_stdin")]
    pub(crate) user: Option<String>,
    /// Read the user's password from standard input
    #[arg(long, requires = "user")]
    pub(crate) password_stdin: bool,
    /// Hold the images of `promo demo`, below `staging/`, so that there is something to promote
    #[arg(long)]
    pub(crate) sample_images: bool,
}

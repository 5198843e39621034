//! `promo registry serve`: the embedded registry, until Ctrl-C.

use promo_testkit::registry::{Auth, EmbeddedRegistry, RegistryOptions};
use promo_testkit::samples;

use crate::args::RegistryServeArgs;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::output::Outcome;
use crate::shutdown;
use crate::terminal::piped_secret;

const EXAMPLE: &str =
    "for example `promo registry serve --user me --password-stdin < password.txt`";

/// How many requests are remembered.
const LOG_ENTRIES: usize = 1_000;

/// Serves until Ctrl-C. The address is printed as soon as it answers.
pub(crate) async fn run(args: &RegistryServeArgs, context: &Context) -> Result<Outcome> {
    if !args.listen.ip().is_loopback() {
        return Err(Error::Usage {
            message: format!("{} is not a loopback address", args.listen),
            hint: "the embedded registry is for trying things out on this machine: listen on 127.0.0.1".to_owned(),
        });
    }
    let auth = match &args.user {
        Some(user) => Auth::basic(user, &piped_secret(EXAMPLE)?),
        None => Auth::none(),
    };
    // Nobody reads the log of a registry that runs by itself, and it must not grow for ever.
    let options = RegistryOptions::default()
        .address(args.listen)
        .auth(auth)
        .log_capacity(LOG_ENTRIES);
    let registry = EmbeddedRegistry::start(options)
        .await
        .map_err(|error| Error::file("listen on", args.listen.to_string().as_ref(), error))?;
    if args.sample_images {
        for image in samples::all() {
            image.push_to(&registry, "staging");
        }
    }
    let stop = shutdown::wait();
    context.terminal.result(&format!("{}\n", registry.host()))?;
    context.terminal.note("serving from memory until Ctrl-C");
    stop.await;
    registry.shutdown().await;
    Ok(Outcome::done(""))
}

//! `promo key generate`: a key pair as cosign uses it.

use std::io;
use std::path::{Path, PathBuf};

use promo::files::{self, Access};
use promo_sign::Password;

use crate::args::KeyGenerateArgs;
use crate::error::{Error, Result};

use crate::context::Context;
use crate::output::Outcome;
use crate::terminal::Terminal;

/// Makes the pair and writes both files, or neither.
pub(crate) fn run(args: &KeyGenerateArgs, context: &Context) -> Result<Outcome> {
    let private = with_suffix(&args.output_prefix, ".key");
    let public = with_suffix(&args.output_prefix, ".pub");
    for path in [&private, &public] {
        // Looked at before anybody types a password; creating them looks again.
        if path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
    }
    let password = password(&private, context)?;
    let pair = promo_sign::generate_key_pair(&password).map_err(|error| promo::Error::Key {
        path: private.clone(),
        source: Box::new(error),
    })?;
    create(&private, pair.private(), Access::Owner)?;
    if let Err(error) = create(&public, pair.public(), Access::Everybody) {
        // A private key without its public half is of no use, and it was made just now.
        let _useless = std::fs::remove_file(&private);
        return Err(error);
    }
    Ok(Outcome::done(format!(
        "{}\n{}\n",
        private.display(),
        public.display()
    )))
}

/// From the environment, else asked twice for on a terminal.
fn password(path: &Path, context: &Context) -> Result<Password> {
    if let Some(password) = context.resolver.environment().key_password() {
        return Ok(password);
    }
    let missing = || promo::Error::Password {
        path: path.to_owned(),
    };
    let first = Terminal::ask_secret("Password of the new key: ").ok_or_else(missing)?;
    let again = Terminal::ask_secret("The same again: ").ok_or_else(missing)?;
    if *first != *again {
        return Err(Error::Usage {
            message: "the two passwords differ".to_owned(),
            hint: "try again".to_owned(),
        });
    }
    Ok(Password::new(first.as_bytes().to_vec()))
}

fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn create(path: &Path, text: &str, access: Access) -> Result<()> {
    files::create(path, text, access).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Error::file("create", path, error),
    })
}

fn exists(path: &Path) -> Error {
    Error::Exists {
        path: path.to_owned(),
        hint: "choose another place with `--output-prefix`".to_owned(),
    }
}

//! `promo login` and `promo logout`: a login that a registry accepts, into the file or to the helper that keeps it.

use std::fmt::Write as _;

use promo::LoggedIn;
use promo::settings::{Overrides, Part};
use promo_core::oci::RegistryHost;
use promo_registry::auth::{Login, LoginCheck, LoginKeeper, Secret};
use zeroize::Zeroizing;

use crate::args::{LoginArgs, LogoutArgs};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::output::Outcome;
use crate::terminal::{Terminal, piped_secret};

/// Asks for what wasn't typed, shows it to the registry, and has it kept.
pub(crate) async fn log_in(args: &LoginArgs, context: &Context) -> Result<Outcome> {
    let host = host(&args.host)?;
    let promoter = context.promoter(context.settings(Overrides::default(), &[Part::Network])?)?;
    let mut hosts = promoter.settings().network.hosts();
    let is_open =
        hosts.any(|(known, settings)| *known == host && settings.plain_http == Some(true));
    if is_open && !host.is_loopback() {
        context.terminal.warn(&format!(
            "the password goes to {host} in the open: the settings have promo speak plain HTTP with it"
        ));
    }
    let user = match &args.username {
        Some(user) => user.clone(),
        None => Terminal::ask(&format!("User on {host}: "))
            .ok_or_else(|| untold("user", "`--username USER`"))?,
    };
    let password = password(args, &user, &host)?;
    let login =
        Login::new(host, &user, Secret::new(password.as_str())).map_err(promo::Error::from)?;
    let logged_in = promoter.log_in(&login).await?;
    if logged_in.check == LoginCheck::NotAsked {
        context.terminal.warn(&format!(
            "{} asks nobody who they are: whether the login is right was not found out",
            login.host()
        ));
    }
    if logged_in.keeper == LoginKeeper::File {
        context.terminal.warn(&format!(
            "the password stands in clear in `{}`, which you alone can read; a credential helper (`credsStore`) keeps it better",
            logged_in.file.display()
        ));
    }
    Ok(Outcome::done(told(&login, &logged_in)))
}

/// Takes the login away from wherever it is kept.
pub(crate) async fn log_out(args: &LogoutArgs, context: &Context) -> Result<Outcome> {
    let host = host(&args.host)?;
    let promoter = context.promoter(context.settings(Overrides::default(), &[Part::Network])?)?;
    let out = promoter.log_out(&host).await?;
    let mut text = String::new();
    for helper in &out.helpers {
        let _ = writeln!(
            text,
            "logged out of {host}: the credential helper `{helper}` forgot it"
        );
    }
    for file in &out.files {
        let _ = writeln!(
            text,
            "logged out of {host}: taken out of {}",
            file.display()
        );
    }
    if text.is_empty() {
        let _ = writeln!(text, "there was no login to {host}");
    }
    Ok(Outcome::done(text))
}

fn told(login: &Login, logged_in: &LoggedIn) -> String {
    let (host, user) = (login.host(), login.user());
    match &logged_in.keeper {
        LoginKeeper::Helper(name) => {
            format!("logged in to {host} as {user}; the credential helper `{name}` keeps it\n")
        }
        LoginKeeper::File => {
            let file = logged_in.file.display();
            format!("logged in to {host} as {user}; it is kept in {file}\n")
        }
    }
}

fn password(args: &LoginArgs, user: &str, host: &RegistryHost) -> Result<Zeroizing<String>> {
    if args.password_stdin {
        let example = format!(
            "for example `promo login {host} --username {user} --password-stdin < password.txt`"
        );
        return piped_secret(&example);
    }
    Terminal::ask_secret(&format!("Password of {user} on {host}: "))
        .ok_or_else(|| untold("password", "`--password-stdin`"))
}

fn untold(what: &str, flag: &str) -> Error {
    Error::Usage {
        message: format!("there is no {what}, and no terminal to ask for it on"),
        hint: format!("pass {flag}"),
    }
}

fn host(text: &str) -> Result<RegistryHost> {
    text.parse().map_err(|error| Error::Usage {
        message: format!("{text}: {error}"),
        hint: "name the host of the registry alone, with its port if it has one: `registry.example.com`, `127.0.0.1:5000`"
            .to_owned(),
    })
}

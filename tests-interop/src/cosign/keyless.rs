//! cosign with a certificate for a while instead of a key, against a sigstore of one's own.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{CONTROL_TYPE, Cosign, Form, Generation};
use crate::sigstore_stack::{Log, Sigstore};
use xtask::error::{OnPath, Result};
use xtask::process::{self, Output};

/// Who signs, and where that is written down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keyless<'a> {
    pub(crate) sigstore: &'a Sigstore,
    pub(crate) token: &'a str,
    pub(crate) log: Log,
}

/// Whose signature is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) trusted_root: &'a Path,
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    /// Whether a timestamp authority has signed when: the older generation wants to be told.
    pub(crate) is_timestamped: bool,
}

impl Wanted<'_> {
    /// The same of somebody who has signed nothing.
    pub(crate) fn of_somebody_else(self) -> Self {
        Self {
            subject: "somebody@promo.example",
            ..self
        }
    }
}

impl Cosign {
    /// Signs an image with a new certificate.
    pub(crate) fn sign_keyless(&self, image: &str, keyless: Keyless<'_>, form: Form) -> Result<()> {
        let mut command = self.keyless_command("sign", keyless, form)?;
        process::capture(command.arg(image))?.success().map(drop)
    }

    /// Attests an empty predicate of [`CONTROL_TYPE`] with a new certificate.
    pub(crate) fn attest_keyless(
        &self,
        image: &str,
        keyless: Keyless<'_>,
        form: Form,
    ) -> Result<()> {
        let predicate = self.empty_predicate()?;
        let mut command = self.keyless_command("attest", keyless, form)?;
        command
            .args(["--type", CONTROL_TYPE, "--predicate"])
            .arg(predicate);
        process::capture(command.arg(image))?.success().map(drop)
    }

    /// Its judgement of an image's signature.
    pub(crate) fn verify_keyless(
        &self,
        image: &str,
        wanted: Wanted<'_>,
        form: Form,
    ) -> Result<Output> {
        let mut command = self.judging_keyless("verify", wanted, form);
        process::capture(command.arg(image))
    }

    /// Its judgement of an image's attestation of this type.
    pub(crate) fn verify_attestation_keyless(
        &self,
        image: &str,
        wanted: Wanted<'_>,
        form: Form,
        predicate_type: &str,
    ) -> Result<Output> {
        let mut command = self.judging_keyless("verify-attestation", wanted, form);
        command.args(["--type", predicate_type]);
        process::capture(command.arg(image))
    }

    fn judging_keyless(&self, verb: &str, wanted: Wanted<'_>, form: Form) -> Command {
        let mut command = self.command(verb);
        command.arg("--allow-http-registry");
        command.arg("--trusted-root").arg(wanted.trusted_root);
        command.args(["--certificate-oidc-issuer", wanted.issuer]);
        command.args(["--certificate-identity", wanted.subject]);
        if form == Form::Tag {
            command.arg("--new-bundle-format=false");
        } else if self.generation == Generation::Two {
            command.arg("--new-bundle-format");
            if wanted.is_timestamped {
                command.arg("--use-signed-timestamps");
            }
        }
        command
    }

    fn keyless_command(&self, verb: &str, keyless: Keyless<'_>, form: Form) -> Result<Command> {
        let Keyless {
            sigstore,
            token,
            log,
        } = keyless;
        // As a file: cosign takes a token that isn't signed with RSA for the name of one.
        let file = self.home.join("token");
        fs::write(&file, token).on("write", &file)?;
        let mut command = self.command(verb);
        command.args(["--yes", "--allow-http-registry", "--identity-token"]);
        command.arg(file);
        if form == Form::Bundle {
            command
                .arg("--signing-config")
                .arg(sigstore.signing_config(log));
            command.arg("--trusted-root").arg(sigstore.trusted_root());
            return Ok(command);
        }
        // The older form knows neither configuration, and always goes to the older log.
        command.arg("--new-bundle-format=false");
        if self.generation == Generation::Three {
            command.arg("--use-signing-config=false");
        }
        command.arg(format!("--fulcio-url={}", sigstore.fulcio()));
        command.arg(format!("--rekor-url={}", sigstore.rekor_1()));
        command
            .env("SIGSTORE_ROOT_FILE", sigstore.authority())
            .env("SIGSTORE_REKOR_PUBLIC_KEY", sigstore.public_key("rekor-1"))
            .env(
                "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
                sigstore.public_key("certificates"),
            );
        Ok(command)
    }
}

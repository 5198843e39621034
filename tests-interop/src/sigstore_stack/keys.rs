//! The keys and certificates of the stack, made by OpenSSL in the forms that each program reads.

use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::error::Result;
use xtask::process;

/// A private key and its public one, as PEM files.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) private: PathBuf,
    pub(super) public: PathBuf,
}

/// How a private key is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Form {
    /// `EC PRIVATE KEY`.
    Sec1,
    /// `PRIVATE KEY`.
    Pkcs8,
}

/// Makes a P-256 key.
pub(super) fn p256(folder: &Path, name: &str, form: Form) -> Result<Pair> {
    let private = folder.join(format!("{name}.key"));
    match form {
        Form::Sec1 => openssl(
            &[
                "ecparam",
                "-name",
                "prime256v1",
                "-genkey",
                "-noout",
                "-out",
            ],
            &private,
        )?,
        Form::Pkcs8 => openssl(
            &[
                "genpkey",
                "-algorithm",
                "EC",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-out",
            ],
            &private,
        )?,
    }
    with_public(folder, name, private)
}

/// Makes an Ed25519 key.
pub(super) fn ed25519(folder: &Path, name: &str) -> Result<Pair> {
    let private = folder.join(format!("{name}.key"));
    openssl(&["genpkey", "-algorithm", "ED25519", "-out"], &private)?;
    with_public(folder, name, private)
}

/// Makes the certificate of an authority that signs leaves with this key.
pub(super) fn authority(folder: &Path, name: &str, pair: &Pair) -> Result<PathBuf> {
    let certificate = folder.join(format!("{name}.pem"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-new", "-sha256", "-days", "3650", "-key"]);
    command.arg(&pair.private).arg("-subj");
    command.arg(format!("/O=promo-interop/CN={name}"));
    command.args(["-addext", "basicConstraints=critical,CA:TRUE,pathlen:1"]);
    command.args(["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out"]);
    process::capture(command.arg(&certificate))?.success()?;
    Ok(certificate)
}

fn with_public(folder: &Path, name: &str, private: PathBuf) -> Result<Pair> {
    let public = folder.join(format!("{name}.pub"));
    let mut command = Command::new("openssl");
    command.args(["pkey", "-pubout", "-in"]).arg(&private);
    process::capture(command.arg("-out").arg(&public))?.success()?;
    Ok(Pair { private, public })
}

fn openssl(arguments: &[&str], out: &Path) -> Result<()> {
    process::capture(Command::new("openssl").args(arguments).arg(out))?
        .success()
        .map(drop)
}

//! Servers for the matrix of `cargo xtask interop`, each until it is stopped. `FOLDER` holds the certificates that the first makes.
//!
//! ```text
//! interop certificates FOLDER
//! interop tokens   FOLDER ADDRESS plain|http1|http2            a token server as distribution wants it
//! interop embedded FOLDER ADDRESS TRANSPORT none|basic|token   the embedded registry
//! interop front    FOLDER ADDRESS TRANSPORT LOGIN UPSTREAM     TLS and logins for a registry that knows neither
//! ```
//!
//! Registries print a line for each request, as distribution's access log has it. The account is that of xtask's `login`.

mod front;
mod tokens;

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use promo_testkit::registry::{Auth, EmbeddedRegistry, RegistryOptions};
use promo_testkit::tls::Authority;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

const USER: &str = "promo";
const PASSWORD: &str = "interop-only";
/// Base64 of both.
const BASIC: &str = "Basic cHJvbW86aW50ZXJvcC1vbmx5";
/// How long a token lasts.
const LIFE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["certificates", folder] => certificates(Path::new(folder)),
        ["tokens", folder, address, transport] => {
            let folder = Path::new(folder);
            let tokens = tokens::Tokens::new(folder, address, *transport != "plain")?;
            front::serve(
                address,
                tls(folder, transport)?,
                Arc::new(front::Front::tokens(tokens)),
            )
            .await
        }
        ["embedded", folder, address, transport, login] => {
            embedded(Path::new(folder), address, transport, login).await
        }
        ["front", folder, address, transport, login, upstream] => {
            let folder = Path::new(folder);
            let tokens = tokens::Tokens::new(folder, address, *transport != "plain")?;
            let front = front::Front::before(upstream, front::Login::named(login)?, tokens)?;
            front::serve(address, tls(folder, transport)?, Arc::new(front)).await
        }
        _ => Err("see the beginning of examples/interop/main.rs".into()),
    }
}

/// An authority, a server at 127.0.0.1, and one that signs tokens.
fn certificates(folder: &Path) -> Result<()> {
    let authority = Authority::new()?;
    fs::write(folder.join("ca.pem"), authority.pem())?;
    for (name, host) in [("server", "127.0.0.1"), ("tokens", "tokens.invalid")] {
        let issued = authority.issue(host)?;
        fs::write(folder.join(format!("{name}.pem")), issued.certificate_pem())?;
        fs::write(folder.join(format!("{name}.key")), issued.key_pem())?;
    }
    Ok(())
}

/// What a server says in the handshake, if it is to speak TLS.
fn tls(folder: &Path, transport: &str) -> Result<Option<Arc<ServerConfig>>> {
    let protocols: &[u8] = match transport {
        "plain" => return Ok(None),
        "http1" => b"http/1.1",
        "http2" => b"h2",
        other => return Err(format!("{other} is none of plain, http1 and http2").into()),
    };
    let certificate = CertificateDer::from_pem_file(folder.join("server.pem"))?;
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![protocols.to_vec()];
    Ok(Some(Arc::new(config)))
}

async fn embedded(folder: &Path, address: &str, transport: &str, login: &str) -> Result<()> {
    let auth = match front::Login::named(login)? {
        front::Login::Nobody => Auth::none(),
        front::Login::Password => Auth::basic(USER, PASSWORD),
        front::Login::Token => Auth::bearer().user(USER, PASSWORD).expires_in(LIFE),
    };
    let mut options = RegistryOptions::default()
        .address(address.parse()?)
        .auth(auth);
    if let Some(config) = tls(folder, transport)? {
        options = options.tls(config);
    }
    let registry = EmbeddedRegistry::start(options).await?;
    let mut told = 0;
    loop {
        for entry in registry.log().entries() {
            if entry.number > told && entry.status.is_some() {
                told = entry.number;
                log(&entry.method, &entry.path, entry.status.unwrap_or_default())?;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A line of the access log.
fn log(method: &str, path: &str, status: u16) -> Result<()> {
    writeln!(
        std::io::stdout(),
        "127.0.0.1 - - \"{method} {path} HTTP\" {status}"
    )?;
    Ok(())
}

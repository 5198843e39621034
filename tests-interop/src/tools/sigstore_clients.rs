//! sigstore's own clients in Python and JavaScript, installed by their pins when they are missing.

use std::path::PathBuf;

use super::{Cache, named_after, on_path};
use xtask::error::Result;

/// The Python client, with all that it needs.
const PYTHON: [&str; 29] = [
    "annotated-types==0.8.0",
    "certifi==2026.10.19.post1",
    "cffi==2.1.1",
    "charset-normalizer==3.5.3",
    "cryptography==50.0.2",
    "dnspython==2.9.2",
    "email-validator==2.4.0",
    "id==1.6.1",
    "idna==3.20",
    "markdown-it-py==4.3.0",
    "mdurl==0.1.2",
    "platformdirs==4.14.9",
    "pycparser==3.12",
    "pydantic==2.14.4",
    "pydantic_core==2.50.5",
    "Pygments==2.21.0",
    "PyJWT==2.15.1",
    "requests==2.34.2",
    "rfc3161-client==1.0.9",
    "rfc8785==0.1.4",
    "rich==15.0.0",
    "securesystemslib==1.6.0",
    "sigstore==4.5.1",
    "sigstore-models==0.0.6",
    "sigstore-rekor-types==0.0.18",
    "tuf==7.0.1",
    "typing-inspection==0.4.5",
    "typing_extensions==4.16.0",
    "urllib3==2.8.0",
];

/// The JavaScript library, with all that it needs and the digests of that.
const NODE_PACKAGE: &str = include_str!("../pins/npm/package.json");
const NODE_LOCK: &str = include_str!("../pins/npm/package-lock.json");

/// Where they are.
#[derive(Debug)]
pub(crate) struct Clients {
    /// A Python with the client.
    pub(crate) python: PathBuf,
    pub(crate) node: PathBuf,
    /// A folder with the JavaScript library.
    pub(crate) modules: PathBuf,
}

/// Both clients. Their pins are their own: the other programs stay when they change.
pub(crate) fn sigstore_clients() -> Result<Clients> {
    let pins = named_after(&format!("{}\n{NODE_LOCK}", PYTHON.join("\n")));
    let cache = Cache::open(&format!("sigstore-clients-{pins}"))?;
    Ok(Clients {
        python: cache.python(&PYTHON)?,
        node: on_path("node")?,
        modules: cache.node_modules(NODE_PACKAGE, NODE_LOCK)?,
    })
}

//! Docker Hub: three names for one registry, whose API is at none of those that people write.

use super::{Dialect, PLAIN};

/// The names. Only the last one answers at `/v2/`.
const NAMES: [&str; 3] = ["docker.io", "index.docker.io", API_HOST];
const API_HOST: &str = "registry-1.docker.io";

/// By a name that people write.
const NAMED: Dialect = Dialect {
    api_host: Some(API_HOST),
    // `docker.io/debian` means `docker.io/library/debian`, the official image.
    library: Some("library"),
    ..BY_API_HOST
};

/// By the host of its API, where names are taken as they stand.
const BY_API_HOST: Dialect = Dialect {
    names: &NAMES,
    // `docker login` without a host writes the address of the API's first version, which nothing else uses any more.
    credential_key: Some("https://index.docker.io/v1/"),
    token_server: Some("auth.docker.io"),
    ..PLAIN
};

pub(super) fn of(host: &str) -> Option<&'static Dialect> {
    match host {
        API_HOST => Some(&BY_API_HOST),
        host if NAMES.contains(&host) => Some(&NAMED),
        _ => None,
    }
}

//! DigitalOcean's registry, whose token server is its general API.

use super::{Dialect, PLAIN};

const DIALECT: Dialect = Dialect {
    token_server: Some("api.digitalocean.com"),
    ..PLAIN
};

pub(super) fn of(host: &str) -> Option<&'static Dialect> {
    (host == "registry.digitalocean.com").then_some(&DIALECT)
}

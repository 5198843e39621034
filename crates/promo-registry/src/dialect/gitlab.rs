//! GitLab.com, whose registry leaves tokens to the main host. A GitLab of one's own has a name that tells nothing; its
//! token server is named by the setting `token-realm`.

use super::{Dialect, PLAIN};

const DIALECT: Dialect = Dialect {
    token_server: Some("gitlab.com"),
    ..PLAIN
};

pub(super) fn of(host: &str) -> Option<&'static Dialect> {
    (host == "registry.gitlab.com").then_some(&DIALECT)
}

//! Google: Container Registry and Artifact Registry, and what else of Google's own takes its credentials.
//!
//! There is one rule for what a Google host is, and credentials depend on it: a domain counts by whole labels, on its own
//! port only. `evilgcr.io`, `gcr.io.example` and `gcr.io:5000` are not Google's.

use super::{Dialect, PLAIN};

/// Both registries list the digests with the tags.
const REGISTRY: Dialect = Dialect {
    is_google: true,
    lists_digests: true,
    // 60,000 requests a minute for a project in a region (https://cloud.google.com/artifact-registry/quotas, read in
    // 2026-11). A host is that of a region, and may serve several projects: it is the least that it grants.
    requests_per_second: Some(1000),
    ..PLAIN
};

/// Other hosts of Google's, as gcrane and kpromo count them: of their lists nothing is known.
const OTHER: Dialect = Dialect {
    is_google: true,
    ..PLAIN
};

/// What hosts below these domains speak.
const BELOW: [(&str, &Dialect); 3] = [
    ("gcr.io", &REGISTRY),
    ("pkg.dev", &REGISTRY),
    ("google.com", &OTHER),
];

pub(super) fn of(host: &str) -> Option<&'static Dialect> {
    if host == "gcr.io" {
        return Some(&REGISTRY);
    }
    let found = BELOW.iter().find(|(domain, _)| is_below(host, domain));
    found.map(|(_, dialect)| *dialect)
}

/// Whether a host is below a domain, by whole labels. A port belongs to the host's text, so with one it isn't.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .and_then(|labels| labels.strip_suffix('.'))
        .is_some_and(|labels| !labels.is_empty())
}

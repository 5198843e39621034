//! How many files this process may have open. Each connection is one.
//!
//! The limit that a process begins with is low in most places, for the sake of old programs; it may raise it itself up to
//! another one. That is done once, before anything is opened. What follows for connections is said in promo-registry.

/// More isn't asked for: 22 hosts at their usual width need half of it, and programs that are started (credential helpers)
/// inherit the limit, of which some close every file up to it.
pub(crate) const ENOUGH: u64 = 8192;

/// Raises the limit as far as it is needed and allowed, and says where it is then.
#[cfg(unix)]
pub(crate) fn raise() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let current = limit.current.unwrap_or(u64::MAX);
    let wanted = limit.maximum.unwrap_or(u64::MAX).min(ENOUGH);
    if current >= wanted {
        return current;
    }
    let raised = Rlimit {
        current: Some(wanted),
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => wanted,
        // It stays as it was.
        Err(_) => current,
    }
}

/// Where there is no such limit.
#[cfg(not(unix))]
pub(crate) fn raise() -> u64 {
    ENOUGH
}

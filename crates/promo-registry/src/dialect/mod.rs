//! What registries do in ways of their own: all that is known of them, in one place. Other rooms ask here and match no
//! vendor's name themselves.
//!
//! A peculiarity is known in one of two ways. What a host's name tells is a fact of its [`Dialect`], written down in the
//! file of its vendor. What only an answer shows, whoever gives it, is a named rule in [`answers`]. Nothing here sends
//! anything. What registries do to a text that is parsed anyway (a `Link` without brackets, a token document with numbers
//! as texts) is said where that text is parsed.
//!
//! # A new peculiarity
//!
//! 1. One that the host's name tells: a field in [`Dialect`], with why, and what it is for everybody else in [`PLAIN`].
//!    One that an answer shows: a function in [`answers`], with who answers so, and on to step 4.
//! 2. The fact itself in the vendor's file: `FIELD: …, ..PLAIN`.
//! 3. For a vendor that has no file yet, its file here and its function in [`VENDORS`].
//! 4. The place that asks.
//!
//! A test goes to `tests`, and a row to `docs/reference/registries.md`.

pub(crate) mod answers;
mod digitalocean;
mod docker_hub;
mod gitlab;
mod google;

use promo_core::oci::RegistryHost;

/// What is particular to a registry, as far as the name of its host tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// All names of the registry, where it has several, in the order in which credentials are looked for under them.
    pub(crate) names: &'static [&'static str],
    /// What docker calls it in credential files and to credential helpers, where that isn't the host.
    pub(crate) credential_key: Option<&'static str>,
    /// The host of its API, where that isn't the host it is named by.
    pub(crate) api_host: Option<&'static str>,
    /// Where repositories are at its API whose name has a single component.
    pub(crate) library: Option<&'static str>,
    /// The host of its token server, where that is another one. Credentials are sent there, so it is what the operator
    /// documents; the user may name others.
    pub(crate) token_server: Option<&'static str>,
    /// Whether it belongs to Google, so that Google's own credentials may be sent to it.
    pub(crate) is_google: bool,
    /// Whether its tag lists are known to hold digests, so that one list tells all about a repository. Of others nothing
    /// is assumed: a list saves nothing where each tag needs a HEAD anyway.
    pub(crate) lists_digests: bool,
    /// How many requests in a second its operator documents as the quota that everybody has: no more are sent from the
    /// start, unless the user says otherwise. Quotas over hours, and those of single operations, aren't rates of a host.
    pub(crate) requests_per_second: Option<u32>,
}

/// A registry of which nothing in particular is known.
const PLAIN: Dialect = Dialect {
    names: &[],
    credential_key: None,
    api_host: None,
    library: None,
    token_server: None,
    is_google: false,
    lists_digests: false,
    requests_per_second: None,
};

/// All vendors. Each says for a host, with its port, what it speaks if it is the vendor's.
const VENDORS: [fn(&str) -> Option<&'static Dialect>; 4] =
    [docker_hub::of, google::of, gitlab::of, digitalocean::of];

impl Dialect {
    /// What a host speaks.
    pub(crate) fn of(host: &RegistryHost) -> &'static Self {
        Self::of_name(host.as_str())
    }

    /// What a host speaks that is given as text.
    pub(crate) fn of_name(host: &str) -> &'static Self {
        VENDORS
            .iter()
            .find_map(|vendor| vendor(host))
            .unwrap_or(&PLAIN)
    }
}

#[cfg(test)]
mod tests;

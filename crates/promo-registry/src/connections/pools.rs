//! How many connections are open at each host, as far as it can be told from outside the pools: as many as were in use at
//! once since those that nobody uses were closed last.

use std::collections::HashMap;

use super::Kind;

/// The pools of all hosts.
#[derive(Debug, Default)]
pub(super) struct Pools {
    /// Small requests and blobs have pools apart.
    hosts: [HashMap<String, Pool>; 2],
    /// Connections of all pools.
    open: usize,
}

/// The connections to one host.
#[derive(Debug, Default, Clone, Copy)]
struct Pool {
    used: usize,
    open: usize,
    /// Whether all requests share one.
    is_shared: bool,
}

impl Pools {
    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// Whether requests to a host share a connection.
    pub(super) fn is_shared(&self, kind: Kind, host: &str) -> bool {
        let pool = self.of(kind).get(host);
        pool.is_some_and(|pool| pool.is_shared)
    }

    /// What was learned about it.
    pub(super) fn learn(&mut self, kind: Kind, host: &str, is_shared: bool) {
        if let Some(pool) = self.of_mut(kind).get_mut(host) {
            pool.is_shared = is_shared;
        }
    }

    /// A connection is used. Whether with it more than `most` would be open: then those that nobody uses count as closed.
    pub(super) fn enter(&mut self, kind: Kind, host: &str, most: usize) -> bool {
        if !self.of(kind).contains_key(host) {
            self.of_mut(kind).insert(host.to_owned(), Pool::default());
        }
        let Some(pool) = self.of_mut(kind).get_mut(host) else {
            return false;
        };
        pool.used += 1;
        if pool.used <= pool.open {
            return false;
        }
        pool.open = pool.used;
        self.open += 1;
        let is_beyond = self.open > most;
        if is_beyond {
            self.close_idle();
        }
        is_beyond
    }

    /// It is no longer used.
    pub(super) fn leave(&mut self, kind: Kind, host: &str) {
        if let Some(pool) = self.of_mut(kind).get_mut(host) {
            pool.used = pool.used.saturating_sub(1);
        }
    }

    /// Those that nobody uses are closed.
    pub(super) fn close_idle(&mut self) {
        let pools = self.hosts.iter_mut().flat_map(HashMap::values_mut);
        self.open = pools
            .map(|pool| {
                pool.open = pool.used;
                pool.open
            })
            .sum();
    }

    fn of(&self, kind: Kind) -> &HashMap<String, Pool> {
        let [small, blobs] = &self.hosts;
        match kind {
            Kind::Small => small,
            Kind::Reading | Kind::Sending => blobs,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut HashMap<String, Pool> {
        let [small, blobs] = &mut self.hosts;
        match kind {
            Kind::Small => small,
            Kind::Reading | Kind::Sending => blobs,
        }
    }
}

//! How many bytes a list has brought, over all its pages. Their cap ends a list whose pages never end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::Error;

/// The bytes of all lists that are being read.
#[derive(Debug, Default)]
pub(super) struct ListBytes(Mutex<BTreeMap<String, u64>>);

/// Where in its list a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PagePosition {
    /// Nothing was read before it.
    pub(super) is_first: bool,
    /// Nothing comes after it.
    pub(super) is_last: bool,
}

impl ListBytes {
    /// Counts a page of so many bytes, and fails when the list has more than `cap` with it.
    pub(super) fn count(
        &self,
        (host, what): (&str, &str),
        position: PagePosition,
        bytes: usize,
        cap: u64,
    ) -> Result<(), Error> {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = if position.is_first {
            0
        } else {
            lists.get(what).copied().unwrap_or(0)
        };
        let read = before.saturating_add(bytes as u64);
        if position.is_last || read > cap {
            lists.remove(what);
        } else {
            lists.insert(what.to_owned(), read);
        }
        if read <= cap {
            return Ok(());
        }
        Err(Error::TooLarge {
            host: host.to_owned(),
            what: what.to_owned(),
            cap,
        })
    }
}

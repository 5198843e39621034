//! What one request carries to show who we are, and what is to be remembered of it until its answer is there. How it is
//! found is in `authorizer`.

use std::sync::Arc;

use ::http::HeaderValue;

use super::door::First;
use super::flight::{Flight, Found};
use super::token::Token;
use crate::Error;

/// What a request carries to show who we are.
#[derive(Debug)]
pub(crate) struct Authorization {
    pub(super) header: Option<HeaderValue>,
    pub(super) kind: Kind,
}

/// What stands behind it, and what a 401 to it would mean.
#[derive(Debug)]
pub(super) enum Kind {
    /// Nothing. With the guard, this request finds out what the host wants, and others wait for it.
    Nothing(Option<First>),
    /// Nothing, although the host wants a token: its token server gave none, and the repository may answer with a
    /// challenge of its own. The error is that of the token server.
    Asking(Box<Error>),
    /// User and password, or a token that was given as it is.
    Fixed,
    /// A token that was fetched, now or before.
    Token {
        flight: Arc<Flight<Token>>,
        number: u64,
        fresh: bool,
        /// Whether it was fetched for several repositories.
        shared: bool,
        with_credentials: bool,
    },
}

impl Authorization {
    pub(crate) fn header(&self) -> Option<&HeaderValue> {
        self.header.as_ref()
    }

    /// Whether there are credentials behind it.
    pub(crate) fn has_credentials(&self) -> bool {
        match &self.kind {
            Kind::Nothing(_) | Kind::Asking(_) => false,
            Kind::Fixed => self.header.is_some(),
            Kind::Token {
                with_credentials, ..
            } => *with_credentials,
        }
    }

    /// Whether it carries nothing because nothing is known to be wanted.
    pub(crate) fn is_strangers(&self) -> bool {
        matches!(self.kind, Kind::Nothing(_))
    }

    pub(super) fn nothing(first: Option<First>) -> Self {
        Self {
            header: None,
            kind: Kind::Nothing(first),
        }
    }

    pub(super) fn asking(error: Error) -> Self {
        Self {
            header: None,
            kind: Kind::Asking(Box::new(error)),
        }
    }

    pub(super) fn token(flight: Arc<Flight<Token>>, found: Found<Token>) -> Self {
        let shared = found.value.shared;
        Self {
            header: Some(found.value.header),
            kind: Kind::Token {
                flight,
                number: found.number,
                // One for this repository alone may do better.
                fresh: found.is_own && !shared,
                shared,
                with_credentials: found.value.with_credentials,
            },
        }
    }

    pub(super) fn fixed(header: Option<HeaderValue>) -> Self {
        Self {
            header,
            kind: Kind::Fixed,
        }
    }
}

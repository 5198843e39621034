//! A request to a registry before it is sent.

use ::http::{HeaderMap, Method};
use bytes::Bytes;
use promo_core::ports::{BlobStream, Operation};
use url::Url;

use crate::connections::Wait;

/// Whether a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Sending it twice does the same as sending it once.
    Safe,
    /// The same, but it isn't repeated where the registry breaks on it, because there is another way (an upload
    /// instead of a mount).
    UnlessBroken,
    /// It is sent once. It is sent again only where the registry said that it did nothing: after a 401, if
    /// there is no stream in it.
    Never,
    /// It is sent once, whatever is answered, and nothing is learned from a 401.
    InPassing,
}

/// What a request carries.
pub(crate) enum Body {
    Empty,
    Bytes(Bytes),
    /// Part of a stream, which is kept and can be sent again; like a stream it is held to the pace of its bytes, and not to
    /// the deadline of small requests.
    Pieces(Vec<Bytes>),
    /// A stream of known length, which can be sent once.
    Stream {
        length: u64,
        stream: Option<BlobStream>,
    },
}

/// A request before it is sent.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) operation: Operation,
    /// What it asks for, as it is called in errors: `the manifest HOST/NAME:TAG`.
    pub(crate) what: String,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) repeat: Repeat,
    /// Whether it waits for a place among the connections.
    pub(crate) wait: Wait,
}

impl Request {
    /// A request without headers and body that may be repeated.
    pub(crate) fn new(operation: Operation, method: Method, url: Url, what: String) -> Self {
        Self {
            operation,
            what,
            method,
            url,
            headers: HeaderMap::new(),
            body: Body::Empty,
            repeat: Repeat::Safe,
            wait: Wait::UntilFree,
        }
    }

    /// With a header whose value is known to be valid; others are dropped.
    pub(crate) fn with_header(mut self, name: ::http::HeaderName, value: &str) -> Self {
        if let Ok(value) = value.parse() {
            self.headers.insert(name, value);
        }
        self
    }

    /// With a body.
    pub(crate) fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// To be sent without waiting for others: it goes on with something that they may be waiting for.
    pub(crate) fn going_on(mut self) -> Self {
        self.wait = Wait::Never;
        self
    }

    /// To be sent once.
    pub(crate) fn once(mut self) -> Self {
        self.repeat = Repeat::Never;
        self
    }

    /// To be sent once, and never again with other credentials.
    pub(crate) fn in_passing(mut self) -> Self {
        self.repeat = Repeat::InPassing;
        self
    }

    /// To be sent again, but not where the registry breaks on it.
    pub(crate) fn unless_broken(mut self) -> Self {
        self.repeat = Repeat::UnlessBroken;
        self
    }

    pub(crate) fn is_read(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }
}

impl Body {
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Whether it can be sent (again).
    pub(crate) fn is_whole(&self) -> bool {
        !matches!(self, Self::Stream { stream: None, .. })
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Pieces(pieces) => {
                write!(
                    f,
                    "Pieces({})",
                    pieces.iter().map(Bytes::len).sum::<usize>()
                )
            }
            Self::Stream { length, .. } => write!(f, "Stream({length})"),
        }
    }
}

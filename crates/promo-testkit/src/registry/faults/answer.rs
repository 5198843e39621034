//! An answer that is given instead of handling a request.

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::registry::reply::{Reply, error};

/// An answer that is given instead of handling a request.
#[derive(Clone, Debug)]
pub struct Answer {
    reply: Reply,
}

impl Answer {
    /// An answer with this status and an error envelope; a number that is no status becomes 500.
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = match status.as_u16() {
            401 => "UNAUTHORIZED",
            403 => "DENIED",
            404 => "NAME_UNKNOWN",
            405 => "UNSUPPORTED",
            429 => "TOOMANYREQUESTS",
            _ => "UNKNOWN",
        };
        Self {
            reply: error(status, code, "a fault that was asked for"),
        }
    }

    /// With this body.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            reply: self
                .reply
                .header(CONTENT_TYPE, content_type)
                .with_body(body.into()),
        }
    }

    /// With this header; a value that can't stand in a header is left out.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self {
            reply: self.reply.header(name, value),
        }
    }

    pub(in crate::registry) fn reply(&self) -> Reply {
        self.reply.clone()
    }
}

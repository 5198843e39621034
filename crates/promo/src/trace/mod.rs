//! Traces: what a run sent and waited for, event by event. A recorder writes one while a run goes on, a reader takes one
//! apart, and summaries and pages show where the time went.
//!
//! A trace is lines of JSON: first a head with the name of the format, then a line for each request, repetition, wait and
//! phase, ordered by when it ended. Times are milliseconds since the recorder was made. Nothing secret comes in: there is
//! no URL, no header and no credential in what observers are told.

mod compact;
mod line;
mod millis;
mod open;
mod page;
mod read;
mod recorder;
mod summary;

pub use line::TraceDocument;
pub use open::open;
pub use page::page;
pub use read::{MAX_LINE, Trace, TraceError};
pub use recorder::TraceRecorder;
pub use summary::{HostSummary, PhaseSummary, Summary, Took};

/// The name of the format, in the first line.
pub const SCHEMA: &str = "promo.trace/v1";

#[cfg(test)]
mod tests;

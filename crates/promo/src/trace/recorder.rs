//! Writes a trace while a run goes on: an observer in front of a writer. A line is put into the writer's buffer, so the run
//! waits for the disk only now and then. A trace that can't be written ends with one warning, and the run goes on.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use promo_core::ports::{Event, Observer};
use serde::Serialize;
use tokio::time::Instant;

use super::line::{Head, Line, Told};
use crate::error::codes::TRACE_UNWRITTEN;

/// How many bytes of lines are written at once.
const BUFFER: usize = 64 << 10;

/// An observer that writes a trace.
pub struct TraceRecorder {
    began: Instant,
    /// None when it is over.
    out: Mutex<Option<BufWriter<Box<dyn Write + Send>>>>,
    /// Hears that it could not be written.
    told: Arc<dyn Observer>,
}

impl fmt::Debug for TraceRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceRecorder")
            .field("began", &self.began)
            .finish_non_exhaustive()
    }
}

impl TraceRecorder {
    /// Begins a trace, whose times count from now; `started` is what a clock says. `told` gets the warning if writing
    /// fails.
    ///
    /// # Errors
    ///
    /// The first line could not be written.
    pub fn begin(
        out: impl Write + Send + 'static,
        started: Timestamp,
        told: Arc<dyn Observer>,
    ) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(BUFFER, Box::new(out) as Box<dyn Write + Send>);
        write_line(&mut out, &Head::new(started))?;
        // What can't take the first line is found out before the run.
        out.flush()?;
        Ok(Self {
            began: Instant::now(),
            out: Mutex::new(Some(out)),
            told,
        })
    }

    /// Ends the trace: what is in the buffer is written, and later events are not.
    pub fn end(&self) {
        let out = self.lock().take();
        if let Some(Err(error)) = out.map(|mut out| out.flush()) {
            self.warn(&error);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<BufWriter<Box<dyn Write + Send>>>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn warn(&self, error: &io::Error) {
        self.told.observe(&Event::Warning {
            code: TRACE_UNWRITTEN,
            message: format!("the trace ends here, because it can't be written: {error}"),
        });
    }
}

impl Observer for TraceRecorder {
    fn observe(&self, event: &Event) {
        let Some(told) = Told::of(event) else {
            return;
        };
        let is_milestone = told.is_milestone();
        let mut guard = self.lock();
        let Some(out) = guard.as_mut() else {
            return;
        };
        // Taken with the lock, times never go back from line to line.
        let at = self.began.elapsed().into();
        let mut written = write_line(out, &Line { at, told });
        if is_milestone {
            written = written.and_then(|()| out.flush());
        }
        if let Err(error) = written {
            // What is left in the buffer would only fail again.
            if let Some(out) = guard.take() {
                let (_left, _unwritten) = out.into_parts();
            }
            drop(guard);
            self.warn(&error);
        }
    }
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

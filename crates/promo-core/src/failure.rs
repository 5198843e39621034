//! The error that ports return: what went wrong by meaning, with a stable code and hints.
//!
//! Each implementing crate has an error enum of its own; at the port it becomes a [`Failure`], which keeps that error
//! ([`Failure::error`]) and its causes. The pipeline matches on [`FailureKind`] alone.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{Code, codes};

/// What a failure means to the one who called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The repository or the content is not there (404).
    NotFound,
    /// The image is there, but not all that belongs to it.
    Incomplete,
    /// No credentials, or the registry doesn't accept them (401).
    Unauthenticated,
    /// The credentials don't allow it (403).
    Forbidden,
    /// The registry asks to send less (429), and went on asking.
    RateLimited,
    /// The registry or the way to it is broken (5xx, connection refused or reset).
    Unavailable,
    /// The deadline of the request passed.
    Deadline,
    /// The registry refuses to let this tag point elsewhere.
    ImmutableTag,
    /// The registry refuses it for a reason of its own (any other 4xx).
    Refused,
    /// More was sent than the cap allows.
    TooLarge,
    /// The bytes don't have the digest or the size that was asked for.
    DigestMismatch,
    /// The answer can't be understood.
    Malformed,
    /// The content is of a kind that is never copied or signed.
    UnsupportedContent,
    /// The implementation doesn't offer this operation.
    Unsupported,
    /// A setting or a credential doesn't fit; nothing was sent.
    Configuration,
    /// A key, a signer or a signature service failed.
    Signing,
    /// The implementation panicked: a defect, of which nothing is known but that it happened.
    Defect,
    /// It was given up, because the run was interrupted.
    Interrupted,
}

/// A failed operation of a port. Clones share the cause.
#[derive(Debug, Clone)]
pub struct Failure {
    kind: FailureKind,
    code: Code,
    message: String,
    hints: Vec<String>,
    status: Option<u16>,
    retry_after: Option<Duration>,
    said: Option<Box<(String, String)>>,
    /// Its cause, or the typed error that it was made of.
    origin: Option<Arc<dyn Error + Send + Sync>>,
    /// Whether the origin is the typed error: that says the same as the failure itself and is no cause of it.
    is_typed: bool,
}

impl Failure {
    /// A failure of `kind`. The message says what failed, in lower case, without its cause.
    pub fn new(kind: FailureKind, code: Code, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            hints: Vec::new(),
            status: None,
            retry_after: None,
            said: None,
            origin: None,
            is_typed: false,
        }
    }

    /// What a panic means to the one who waited for the work that ended in it.
    pub fn of_panic(payload: &(dyn Any + Send)) -> Self {
        let said = payload
            .downcast_ref::<&'static str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        let message = match said {
            Some(said) => format!("the work on it panicked ({said})"),
            None => "the work on it panicked".to_owned(),
        };
        Self::new(FailureKind::Defect, codes::DEFECT, message)
            .with_hint("this is a defect: please report it with what stands on standard error")
    }

    /// With a sentence that says what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// With the HTTP status that was answered.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With the pause that the registry asked for.
    #[must_use]
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// With what the registry said: its own code, such as `MANIFEST_UNKNOWN`, and its own words.
    #[must_use]
    pub fn with_said(mut self, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.said = Some(Box::new((code.into(), message.into())));
        self
    }

    /// With its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.origin = Some(Arc::new(source));
        self.is_typed = false;
        self
    }

    /// With the typed error that it is made of, whose message is that of the failure and whose causes are the failure's.
    #[must_use]
    pub fn with_error(mut self, error: impl Error + Send + Sync + 'static) -> Self {
        self.origin = Some(Arc::new(error));
        self.is_typed = true;
        self
    }

    /// The same with other texts. Causes whose texts change are kept as text alone, and a typed error that holds a text
    /// which changes isn't kept.
    #[must_use]
    pub fn map_texts(mut self, change: impl Fn(&str) -> String) -> Self {
        self.message = change(&self.message);
        for hint in &mut self.hints {
            *hint = change(hint);
        }
        if let Some(said) = &mut self.said {
            **said = (change(&said.0), change(&said.1));
        }
        let causes = self.causes().join(": ");
        let changed = change(&causes);
        let holds = self.error().map(|error| format!("{error} {error:?}"));
        let is_held = holds.is_some_and(|held| change(&held) != held);
        if is_held || changed != causes {
            self.origin =
                (!changed.is_empty()).then(|| Box::<dyn Error + Send + Sync>::from(changed).into());
            self.is_typed = false;
        }
        self
    }

    /// What it means.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Its stable code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What to do about it, one sentence each.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The HTTP status, where there was one.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The pause that the registry asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What the registry said, where it said something: its own code, such as `MANIFEST_UNKNOWN`, and its own words.
    pub fn said(&self) -> Option<(&str, &str)> {
        let (code, message) = self.said.as_deref()?;
        Some((code, message))
    }

    /// The typed error of the implementing crate that it was made of, for whoever knows that crate and downcasts it.
    pub fn error(&self) -> Option<&(dyn Error + 'static)> {
        let origin = self.origin.as_deref().filter(|_| self.is_typed);
        origin.map(|error| error as &(dyn Error + 'static))
    }

    /// The message followed by those of its causes, separated by `: `.
    pub fn chain(&self) -> String {
        let mut texts = vec![self.message.clone()];
        texts.extend(self.causes());
        texts.join(": ")
    }

    fn causes(&self) -> Vec<String> {
        let mut texts = Vec::new();
        let mut next: Option<&(dyn Error + 'static)> = self.source();
        while let Some(cause) = next {
            texts.push(cause.to_string());
            next = cause.source();
        }
        texts
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.origin.as_deref() {
            Some(error) if self.is_typed => error.source(),
            Some(source) => Some(source),
            None => None,
        }
    }
}

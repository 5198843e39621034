//! Which requests a fault happens to.

use http::Method;

use crate::registry::route::{Operation, Target};

/// Which requests a fault happens to, and how often. Every condition must hold.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    operations: Vec<Operation>,
    methods: Vec<String>,
    repository: Option<String>,
    reference: Option<String>,
    skip: u64,
    times: Option<u64>,
}

impl Matcher {
    /// Every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// Requests of this operation.
    pub fn on(operation: Operation) -> Self {
        Self::any().or(operation)
    }

    /// Every POST, PUT, PATCH and DELETE.
    pub fn writes() -> Self {
        let methods = ["POST", "PUT", "PATCH", "DELETE"];
        methods
            .iter()
            .fold(Self::any(), |matcher, method| matcher.method(method))
    }

    /// Requests of this operation as well.
    #[must_use]
    pub fn or(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Only requests with this method, or with one of those named before.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.methods.push(method.to_owned());
        self
    }

    /// Only requests to this repository.
    #[must_use]
    pub fn repository(mut self, repository: &str) -> Self {
        self.repository = Some(repository.to_owned());
        self
    }

    /// Only requests of this tag or digest, as the request writes it (also the digest that a mount or the end of an upload names).
    #[must_use]
    pub fn reference(mut self, reference: &str) -> Self {
        self.reference = Some(reference.to_owned());
        self
    }

    /// Lets this many requests that match go through first.
    #[must_use]
    pub fn after(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }

    /// Happens this many times, then never again. Without it: always.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    pub(super) fn matches(&self, method: &Method, target: &Target) -> bool {
        let is_named =
            |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        (self.operations.is_empty() || self.operations.contains(&target.operation))
            && (self.methods.is_empty()
                || self.methods.iter().any(|wanted| wanted == method.as_str()))
            && is_named(&self.repository, &target.repository)
            && is_named(&self.reference, &target.reference)
    }

    /// Whether the request that matched as number `seen` (from 1) is one that it happens to.
    pub(super) fn is_turn(&self, seen: u64) -> bool {
        let turn = seen.saturating_sub(self.skip);
        turn > 0 && self.times.is_none_or(|times| turn <= times)
    }
}

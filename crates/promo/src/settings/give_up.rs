//! How long a registry that is down is waited for: a span of time as people write it.

use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

use super::value::Text;
use super::{Resolver, Setting, keys};
use crate::error::Result;

/// Nobody means to wait longer.
const LONGEST: Duration = Duration::from_secs(86_400);

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let span: Option<SignedDuration> = text.parse().ok();
        let span = span.and_then(|span| Duration::try_from(span).ok());
        span.filter(|span| *span <= LONGEST)
            .map(Self)
            .ok_or_else(|| "a span of time up to a day, such as `60s` or `5m`".to_owned())
    }
}

/// From environment and files; none if nothing is said.
pub(super) fn resolve(resolver: &Resolver) -> Result<Option<Setting<Duration>>> {
    let picked = resolver.pick(&keys::GIVE_UP, None, |content| content.give_up)?;
    Ok(picked.map(|setting| {
        let Text(Span(span)) = setting.value;
        Setting::new(span, setting.origin)
    }))
}

/// As it is written.
pub(super) fn show(span: &Duration) -> String {
    format!("{}s", span.as_secs_f64())
}

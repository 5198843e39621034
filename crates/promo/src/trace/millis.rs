//! A time of a trace: milliseconds with three decimals in the file, microseconds in here.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest that a trace may last: a hundred days.
const LONGEST: u64 = 100 * 24 * 3600 * 1_000_000;

/// A time or a span, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Millis(u64);

impl Millis {
    pub(super) const fn micros(self) -> u64 {
        self.0
    }
}

impl From<Duration> for Millis {
    fn from(duration: Duration) -> Self {
        Self(
            u64::try_from(duration.as_micros())
                .unwrap_or(LONGEST)
                .min(LONGEST),
        )
    }
}

impl Serialize for Millis {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a hundred days of microseconds are exact"
    )]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 1000.0)
    }
}

impl<'de> Deserialize<'de> for Millis {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "it is checked to be within bounds"
    )]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let micros = (f64::deserialize(deserializer)? * 1000.0).round();
        if (0.0..=LONGEST as f64).contains(&micros) {
            return Ok(Self(micros as u64));
        }
        let expected = "milliseconds from 0 up to a hundred days";
        Err(serde::de::Error::custom(format!("a time is no {expected}")))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Millis {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Millis".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "minimum": 0, "description": "Milliseconds, with up to three decimals." })
    }
}

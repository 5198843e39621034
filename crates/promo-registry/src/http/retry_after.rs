//! The pause that an answer asks for: `Retry-After`, in the prescribed forms and in those that registries use besides.
//!
//! Values that make no sense (zero, negative ones, more than a year) are ignored; promo's own pauses hold then.

use std::time::Duration;

use ::http::HeaderMap;
use ::http::header::RETRY_AFTER;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;

/// A longer pause is taken for a mistake.
const LONGEST_MEANT: Duration = Duration::from_secs(366 * 86_400);
/// Some registries send the Unix time from which on requests are allowed again.
const EPOCHS: std::ops::RangeInclusive<f64> = 1_000_000_000.0..=10_000_000_000.0;

/// The pause that an answer asks for: seconds or a date (RFC 9110, section 10.2.3); the longest, if it asks for several.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let values = headers.get_all(RETRY_AFTER).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.filter_map(|text| pause_of(text.trim(), now)).max()
}

fn pause_of(text: &str, now: Timestamp) -> Option<Duration> {
    let pause = match date(text) {
        Some(date) => Duration::try_from(date.duration_since(now)).ok(),
        // A proxy may have joined several headers to one.
        None => text.split(',').filter_map(|one| seconds(one, now)).max(),
    };
    pause.filter(|pause| !pause.is_zero() && *pause <= LONGEST_MEANT)
}

fn seconds(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim().trim_end_matches(['s', 'S']).trim_end();
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = text.parse().ok().filter(|_| is_number)?;
    let number = if EPOCHS.contains(&number) {
        number - now.as_duration().as_secs_f64()
    } else {
        number
    };
    let pause = Duration::try_from_secs_f64(number).ok()?;
    (pause <= LONGEST_MEANT).then_some(pause)
}

/// The three forms of a date in HTTP (RFC 9110, section 5.6.7). A wrong day of the week changes nothing.
fn date(text: &str) -> Option<Timestamp> {
    const PARSER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
    if let Ok(date) = PARSER.parse_zoned(text) {
        return Some(date.timestamp());
    }
    let (_, rest) = text.split_once([',', ' '])?;
    let rest = rest.trim();
    let obsolete = ["%d-%b-%y %H:%M:%S GMT", "%b %e %H:%M:%S %Y"];
    let read = obsolete
        .into_iter()
        .find_map(|form| DateTime::strptime(form, rest).ok())?;
    let read = read.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(read.timestamp())
}

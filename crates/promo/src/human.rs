//! Times and sizes as people read them.

use std::time::Duration;

/// A time: in milliseconds below a second, in minutes from two on.
pub(crate) fn human_time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1000.0)
    } else if seconds < 120.0 {
        format!("{seconds:.2} s")
    } else {
        format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}

/// A number of bytes as people read it, with two digits: `1.50 MiB`.
pub(crate) fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let scaled = UNITS
        .iter()
        .zip(1_u32..)
        .take_while(|(_, power)| bytes >> (10 * power) > 0)
        .last();
    match scaled {
        None => format!("{bytes} B"),
        Some((unit, power)) => {
            // Hundredths of the unit, rounded as they are shown; more than a double holds is never shown.
            let hundredths = (u128::from(bytes) * 100 + (1 << (10 * power - 1))) >> (10 * power);
            format!("{}.{:02} {unit}", hundredths / 100, hundredths % 100)
        }
    }
}

//! A trace as one page of HTML: tables of what it comes to, phases as bands, and a lane for each host with its requests on
//! one axis of time. The page needs nothing from elsewhere and runs no script; texts of the trace are escaped.
//!
//! Here stands the page around the drawings. It is pure: the same trace gives the same bytes.

mod axis;
mod lane;
mod markup;
mod style;

use std::fmt::Write as _;

use promo_core::ports::RequestClass;

use self::axis::{Axis, WIDTH};
use self::markup::Escaped;
use super::{HostSummary, Summary, Trace};
use crate::human::{human_bytes, human_time};

/// The most hosts that have a lane; those with most requests do.
const MAX_LANES: usize = 100;
/// The most phases that are drawn.
const MAX_BANDS: usize = 100;

/// The page of a trace.
pub fn page(trace: &Trace) -> String {
    let summary = Summary::of(trace);
    let axis = Axis::new(trace.end);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>Where the time went</title>\n<style>\n{}</style>\n</head>\n<body>\n",
        style::SHEET
    );
    page.push_str(&heading(&summary));
    page.push_str(&phases(trace, &axis));
    page.push_str(&lanes(trace, &summary, &axis));
    page.push_str(&table(&summary));
    page.push_str("</body>\n</html>\n");
    page
}

fn heading(summary: &Summary) -> String {
    let requests: u64 = summary.hosts.iter().map(requests_of).sum();
    let mut text = format!(
        "<h1>Where the time went</h1>\n<p>{requests} requests to {} hosts in {}</p>\n",
        summary.hosts.len(),
        human_time(summary.lasted)
    );
    if summary.is_cut {
        text.push_str("<p class=\"note\">The trace is cut off in its last line: the run was killed, or goes on.</p>\n");
    }
    text.push_str("<p class=\"legend\">");
    for class in RequestClass::ALL {
        let name = class.as_str();
        let _ = write!(text, "<span><i class=\"{name}\"></i>{name}</span> ");
    }
    text.push_str(
        "<span><i class=\"body\"></i>body of a blob</span> <span><i class=\"waited\"></i>waited before it went out</span> \
         <span><i class=\"trouble\"></i>429, 5xx, or no answer</span> <span><i class=\"retry\"></i>repeated</span></p>\n",
    );
    text
}

/// The bands of phases, each in a row of its own: mirrors go through them apart, so they overlap.
fn phases(trace: &Trace, axis: &Axis) -> String {
    const ROW: u32 = 20;
    if trace.phases.is_empty() {
        return String::new();
    }
    let rows = trace.phases.iter().take(MAX_BANDS);
    let height = ROW * u32::try_from(rows.len()).unwrap_or(0);
    let mut text = format!("<h2>Phases</h2>\n{}", axis.open(height));
    for (phase, row) in rows.zip(0_u32..) {
        let ended = phase.ended.unwrap_or(trace.end);
        let (from, to) = (axis.x(phase.began), axis.x(ended));
        let (y, width) = (row * ROW, (to - from).max(1.0));
        let lasted = std::time::Duration::from_micros(ended.saturating_sub(phase.began));
        let name = Escaped(&phase.name);
        let _ = write!(
            text,
            "<rect class=\"phase\" x=\"{from:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"14\"><title>{name}: {}, {} \
             passed, {} left</title></rect>",
            y + 2,
            human_time(lasted),
            phase.passed,
            phase.left
        );
        // A label that would leave the drawing stands before its band.
        let (anchor, x) = if from < WIDTH * 0.8 {
            ("start", from + 4.0)
        } else {
            ("end", from - 4.0)
        };
        let _ = writeln!(
            text,
            "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{name} {}</text>",
            y + 13,
            human_time(lasted)
        );
    }
    text.push_str("</svg>\n");
    text
}

fn lanes(trace: &Trace, summary: &Summary, axis: &Axis) -> String {
    let mut drawn: Vec<&HostSummary> = summary.hosts.iter().collect();
    drawn.sort_by_key(|host| std::cmp::Reverse(requests_of(host)));
    drawn.truncate(MAX_LANES);
    drawn.sort_by(|a, b| a.traffic.host.cmp(&b.traffic.host));
    let mut text = String::from("<h2>Hosts</h2>\n");
    let mut lanes = lane::Lanes::of(trace);
    for host in &drawn {
        let name = &host.traffic.host;
        let _ = writeln!(
            text,
            "<h3>{} <small>{} requests, half within {}, 95 % within {}</small></h3>",
            Escaped(name),
            requests_of(host),
            human_time(host.took.half),
            human_time(host.took.most)
        );
        text.push_str(&lanes.draw(name, axis));
    }
    if drawn.len() < summary.hosts.len() {
        let more = summary.hosts.len() - drawn.len();
        let _ = writeln!(
            text,
            "<p class=\"note\">{more} hosts with fewer requests have no lane.</p>"
        );
    }
    text
}

fn table(summary: &Summary) -> String {
    let mut text = String::from("<h2>Numbers</h2>\n<table>\n<tr><th>host</th>");
    for class in RequestClass::ALL {
        let _ = write!(text, "<th>{}</th>", class.as_str());
    }
    text.push_str(
        "<th>429</th><th>lost</th><th>retries</th><th>half</th><th>95 %</th><th>longest</th><th>waited</th>\
         <th>sent</th><th>received</th></tr>\n",
    );
    for host in &summary.hosts {
        let traffic = &host.traffic;
        let _ = write!(text, "<tr><td>{}</td>", Escaped(&traffic.host));
        for class in RequestClass::ALL {
            let _ = write!(text, "<td>{}</td>", traffic.requests.get(class));
        }
        let took = &host.took;
        let _ = writeln!(
            text,
            "<td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            traffic.throttled,
            host.lost,
            traffic.retries,
            human_time(took.half),
            human_time(took.most),
            human_time(took.longest),
            human_time(host.waited),
            human_bytes(traffic.sent),
            human_bytes(traffic.received)
        );
    }
    text.push_str("</table>\n");
    text
}

fn requests_of(host: &HostSummary) -> u64 {
    host.traffic.requests.total() + host.other
}

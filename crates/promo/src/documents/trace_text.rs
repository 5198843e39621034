//! A trace for people: its phases and hosts as tables, and what is noteworthy about the file.

use std::fmt::Write as _;

use promo_core::ports::RequestClass;

use super::style::YELLOW;
use super::table::Table;
use super::{Text, counted};
use crate::human::{human_bytes, human_time};
use crate::trace::{HostSummary, Summary};

/// The summary of a trace.
pub fn trace_text(summary: &Summary) -> Text {
    let mut text = String::new();
    if !summary.phases.is_empty() {
        text.push_str(&phases(summary));
        text.push('\n');
    }
    if !summary.hosts.is_empty() {
        text.push_str(&hosts(summary));
        text.push('\n');
    }
    let requests = summary
        .hosts
        .iter()
        .map(|host| host.traffic.requests.total() + host.other)
        .sum();
    let _ = writeln!(
        text,
        "{} to {} in {}",
        counted(requests, "request"),
        counted(summary.hosts.len() as u64, "host"),
        human_time(summary.lasted)
    );
    if summary.is_cut {
        let _ = writeln!(
            text,
            "{YELLOW}cut off{YELLOW:#} in its last line: the run was killed, or goes on"
        );
    }
    if summary.unknown > 0 {
        let lines = counted(summary.unknown, "line");
        let _ = writeln!(text, "{lines} of kinds that this version doesn't know");
    }
    Text(text)
}

fn phases(summary: &Summary) -> String {
    let mut table = Table::new(["PHASE", "TOOK", "PASSED", "LEFT"]);
    for phase in &summary.phases {
        let open = if phase.ended { "" } else { ", not over" };
        table.row([
            phase.phase.clone(),
            format!("{}{open}", human_time(phase.lasted)),
            phase.passed.to_string(),
            phase.left.to_string(),
        ]);
    }
    table.render()
}

fn hosts(summary: &Summary) -> String {
    let mut table = Table::new([
        "HOST", "READ", "LIST", "WRITE", "UPLOAD", "TOKEN", "SERVICE", "429", "LOST", "RETRIES",
        "HALF", "95 %", "LONGEST", "WAITED", "SENT", "RECEIVED",
    ]);
    for host in &summary.hosts {
        let HostSummary {
            traffic,
            lost,
            took,
            waited,
            ..
        } = host;
        let [read, list, write, upload, token, service] =
            RequestClass::ALL.map(|class| traffic.requests.get(class).to_string());
        table.row([
            traffic.host.clone(),
            read,
            list,
            write,
            upload,
            token,
            service,
            traffic.throttled.to_string(),
            lost.to_string(),
            traffic.retries.to_string(),
            human_time(took.half),
            human_time(took.most),
            human_time(took.longest),
            human_time(*waited),
            human_bytes(traffic.sent),
            human_bytes(traffic.received),
        ]);
    }
    table.render()
}

//! What was exchanged with hosts, for people: a line at the end of a run, and a table for one that tells all.

use std::time::Duration;

use promo_core::ports::RequestClass;
use promo_core::report::HostTraffic;

use super::table::Table;
use super::{Text, counted};
use crate::account::HostAccount;
use crate::human::{human_bytes, human_time};

/// A line for each host; nothing if none was asked.
pub fn hosts_text(hosts: &[HostAccount]) -> Text {
    if hosts.is_empty() {
        return Text(String::new());
    }
    let mut table = Table::new([
        "HOST", "REQUESTS", "429", "RETRIES", "MOUNTED", "SENT", "RECEIVED", "WAITED",
    ]);
    for HostAccount { traffic, waited } in hosts {
        let of_classes: Vec<_> = RequestClass::ALL
            .into_iter()
            .map(|class| (traffic.requests.get(class), class.as_str()))
            .filter(|(count, _)| *count > 0)
            .map(|(count, class)| format!("{count} {class}"))
            .collect();
        let asked = traffic.mounted + traffic.not_mounted;
        table.row([
            traffic.host.clone(),
            of_classes.join(", "),
            traffic.throttled.to_string(),
            traffic.retries.to_string(),
            match asked {
                0 => "-".to_owned(),
                asked => format!("{} of {asked}", traffic.mounted),
            },
            human_bytes(traffic.sent),
            human_bytes(traffic.received),
            format!("{:.1} s", waited.as_secs_f64()),
        ]);
    }
    let requests = hosts.iter().map(|host| host.traffic.requests.total()).sum();
    let total = counted(requests, "request");
    let hosts = counted(hosts.len() as u64, "host");
    Text(format!("{}{total} to {hosts}\n", table.render()))
}

/// All of it in one line, without a line end: requests, bytes and time.
pub fn traffic_text(hosts: &[HostTraffic], took: Duration) -> String {
    let requests = hosts.iter().map(|host| host.requests.total()).sum();
    let sum = |bytes: fn(&HostTraffic) -> u64| {
        let bytes = hosts.iter().map(bytes);
        human_bytes(bytes.fold(0, u64::saturating_add))
    };
    format!(
        "{} to {}, {} received and {} sent, in {}",
        counted(requests, "request"),
        counted(hosts.len() as u64, "host"),
        sum(|host| host.received),
        sum(|host| host.sent),
        human_time(took)
    )
}

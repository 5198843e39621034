//! The page of limits: caps and deadlines, as the values of the code have them.

use std::fmt::Write as _;
use std::time::Duration;

use promo::{files, trace};
use promo_core::pipeline;
use promo_core::pipeline::CONCURRENCY;
use promo_registry::copy::CopySettings;
use promo_registry::inventory::InventorySettings;
use promo_registry::{BudgetSettings, Caps, Deadlines, RetrySettings, limits as lists};
use promo_sign::limits as evidence_limits;

use crate::commands::report_file::PIPE_PATIENCE;
use crate::open_files::ENOUGH;
use crate::shutdown::GRACE;

/// What is limited, and by what.
type Row = (String, String);

/// The whole page.
pub(super) fn page(note: &str) -> String {
    let mut text = format!(
        "{note}# Limits\n\nNothing that promo reads is without an end, and nothing that it waits for either. What is beyond a \
         limit fails with a code; nothing of it is used. These are the defaults.\n"
    );
    let sections = [
        ("What a registry answers", answers()),
        ("How long is waited", deadlines()),
        ("What is asked again", repetition()),
        ("What is under way at once", concurrency()),
        ("Images and inventories", content()),
        ("Evidence", evidence()),
        ("What staging has about an image", staging()),
        ("Files", files()),
    ];
    for (title, rows) in sections {
        let _ = write!(text, "\n## {title}\n\n| what | limit |\n|---|---|\n");
        for (what, limit) in rows {
            let _ = writeln!(text, "| {what} | {limit} |");
        }
    }
    text
}

fn row(what: &str, limit: impl Into<String>) -> Row {
    (what.to_owned(), limit.into())
}

fn answers() -> Vec<Row> {
    let caps = Caps::default();
    vec![
        row("a manifest", size(caps.manifest)),
        row("a page of tags, or of a catalog", size(caps.list)),
        row("all pages of such a list together", size(caps.whole_list)),
        row("a page of referrers", size(caps.referrers)),
        row("entries of one page", number(lists::PAGE_ENTRIES)),
        row("pages of a list of tags", number(lists::TAG_PAGES)),
        row(
            "pages of a catalog or of a list of tags, for an inventory",
            number(lists::INVENTORY_PAGES),
        ),
        row("pages of referrers", number(lists::REFERRER_PAGES)),
        row("referrers of one manifest", number(lists::REFERRERS)),
        row("a token", size(caps.token)),
        row(
            "an error document; what is beyond is not read",
            size(caps.error),
        ),
        row("a blob", "the size that its descriptor says"),
    ]
}

fn deadlines() -> Vec<Row> {
    let deadlines = Deadlines::default();
    let floor = format!("{} within {}", size(deadlines.floor), time(deadlines.read));
    vec![
        row("a connection", time(deadlines.connect)),
        row("a small answer as a whole", time(deadlines.request)),
        row("a blob that is read: the least that must come", floor),
        row(
            "a blob that is sent: how long it may stand still, and be answered after its last piece; it must be taken at the pace of one that is read",
            time(deadlines.idle),
        ),
        row(
            "a destination that holds up others by less than half of their pace",
            time(CopySettings::default().holding_up),
        ),
        row(
            "the reading of a blob that waits for destinations which want it, too",
            time(CopySettings::default().gathering),
        ),
        row(
            "a host that answers nothing at all, until it counts as down",
            time(deadlines.silence),
        ),
        row(
            "a host that is down, until requests to it fail at once (setting `give-up`)",
            time(deadlines.give_up),
        ),
        row("what is open when a run is interrupted", time(GRACE)),
        row(
            "somebody who reads a report from a named pipe",
            time(PIPE_PATIENCE),
        ),
    ]
}

fn repetition() -> Vec<Row> {
    let retry = RetrySettings::default();
    let copy = CopySettings::default();
    vec![
        row(
            "how often a request is sent that broke off, was not answered, or was answered by a broken registry",
            retry.attempts.to_string(),
        ),
        row(
            "how often one is sent that was answered by 429",
            retry.attempts.saturating_mul(2).to_string(),
        ),
        row(
            "the longest pause of our own between two",
            time(retry.longest),
        ),
        row(
            "the longest `Retry-After` that is waited for; beyond it such requests to that host fail until it is over",
            time(retry.longest_retry_after),
        ),
        row(
            "how often the bytes of a blob are sent to one destination",
            copy.attempts.to_string(),
        ),
        row(
            "how often, where 429 was the answer",
            copy.attempts.saturating_mul(3).to_string(),
        ),
    ]
}

fn concurrency() -> Vec<Row> {
    let (copy, inventory) = (CopySettings::default(), InventorySettings::default());
    vec![
        row(
            "requests to one host, bodies of blobs not counted (setting `concurrency`)",
            format!(
                "{}; up to {} where answers come from far away or get no slower by it",
                BudgetSettings::NEAR,
                BudgetSettings::MOST
            ),
        ),
        row(
            "connections, at all hosts together, those included that wait for their next request",
            format!(
                "half of the open files that are allowed (`ulimit -n`), which the command raises to {ENOUGH} where it may"
            ),
        ),
        row(
            "of these, in use for small requests, for blobs that are read, and for blobs that are sent",
            "a quarter, an eighth, an eighth; HTTP/2 takes one for each host",
        ),
        row("images", CONCURRENCY.to_string()),
        row("blobs of one image", copy.blobs.to_string()),
        row(
            "requests for inventories, to one host",
            inventory.concurrency.to_string(),
        ),
        row(
            "repositories whose inventory is read, at all hosts together",
            inventory.repositories_at_once.to_string(),
        ),
    ]
}

fn content() -> Vec<Row> {
    let copy = CopySettings::default();
    let inventory = InventorySettings::default();
    vec![
        row(
            "manifests of one image",
            copy.manifests_per_image.to_string(),
        ),
        row(
            "bytes of them together",
            copy.manifest_bytes_per_image.to_string(),
        ),
        row("levels of indexes", copy.levels.to_string()),
        row(
            "manifests that a run keeps between plan and copying; what is beyond is read again",
            size(pipeline::MAX_SOURCE_MANIFESTS as u64),
        ),
        row(
            "repositories of one registry",
            inventory.repositories.to_string(),
        ),
        row("tags of one repository", inventory.tags.to_string()),
    ]
}

fn evidence() -> Vec<Row> {
    vec![
        row("a blob of it", size(evidence_limits::MAX_BLOB)),
        row(
            "referrers of one digest, and layers under one tag (`.sig`, `.att`)",
            number(evidence_limits::MAX_PIECES),
        ),
        row(
            "layers of one referrer",
            number(evidence_limits::MAX_LAYERS),
        ),
        row(
            "bytes about one digest, in production and for `promo verify`",
            size(evidence_limits::MAX_WHOLE),
        ),
        row(
            "a document that is judged (a bundle, a statement)",
            size(evidence_limits::MAX_DOCUMENT as u64),
        ),
        row(
            "values in a document that are built",
            number(evidence_limits::MAX_VALUES),
        ),
        row(
            "values in a statement beside a certificate",
            number(evidence_limits::MAX_STATEMENT_VALUES),
        ),
        row(
            "entries of logs beside one certificate, and as many times",
            number(evidence_limits::MAX_WITNESSES),
        ),
        row(
            "a trusted root",
            size(evidence_limits::MAX_TRUSTED_ROOT as u64),
        ),
        row(
            "manifests or blobs about one digest that are read at once",
            number(evidence_limits::CONCURRENCY),
        ),
    ]
}

fn staging() -> Vec<Row> {
    vec![
        row(
            "bytes of evidence about one digest; what is beyond is left behind",
            size(evidence_limits::MAX_BOUNDED),
        ),
        row(
            "pieces of one list that are listed and not there, until the rest of it is left behind",
            number(evidence_limits::MAX_MISSING),
        ),
        row(
            "children of an index whose evidence is looked at",
            number(pipeline::MAX_CHILDREN),
        ),
        row(
            "pieces of evidence about them together, after which no further child is looked at",
            number(pipeline::MAX_CHILDREN_PIECES),
        ),
        row(
            "bytes of them, likewise",
            size(pipeline::MAX_CHILDREN_BYTES),
        ),
        row(
            "referrers beside an image that are told",
            number(pipeline::MAX_TOLD),
        ),
    ]
}

fn files() -> Vec<Row> {
    let caps = files::CAPS.into_iter();
    let lines = row("a line of a trace", size(trace::MAX_LINE as u64));
    let files = caps.map(|cap| row(cap.what, size(cap.bytes)));
    files.chain([lines]).collect()
}

fn number(count: usize) -> String {
    count.to_string()
}

fn size(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
        bytes => format!("{} KiB", bytes >> 10),
    }
}

fn time(time: Duration) -> String {
    format!("{} s", time.as_secs())
}

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use promo_core::ports::{Event, Observer, Operation, Phase, RequestClass, Silent};

use super::{MAX_LINE, Summary, Trace, TraceError, TraceRecorder, page};

const HEAD: &str = "{\"schema\":\"promo.trace/v1\"}\n";

/// What was written, for whoever looks.
#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn request(host: &str, operation: Operation, status: Option<u16>, took: u64) -> Event {
    Event::Request {
        host: host.to_owned(),
        operation,
        what: format!("the manifest {host}/app:v1"),
        attempt: 1,
        status,
        waited: Duration::from_millis(5),
        took: Duration::from_millis(took),
        read: None,
        sent: 10,
        received: 100,
        http2: false,
    }
}

fn read(text: &str) -> Result<Trace, TraceError> {
    Trace::read(text.as_bytes())
}

/// The lines of these events, a hundred milliseconds after one another.
async fn recorded(events: &[Event]) -> String {
    let shared = Shared::default();
    let recorder =
        TraceRecorder::begin(shared.clone(), Timestamp::UNIX_EPOCH, Arc::new(Silent)).unwrap();
    for event in events {
        tokio::time::advance(Duration::from_millis(100)).await;
        recorder.observe(event);
    }
    recorder.end();
    recorder.observe(&events[0]);
    shared.text()
}

#[tokio::test(start_paused = true)]
async fn what_was_recorded_is_read_again() {
    let phase = Phase::Promote;
    let text = recorded(&[
        Event::PhaseBegan { phase, items: 3 },
        request("a.example", Operation::ManifestGet, Some(429), 50),
        Event::Throttled {
            host: "a.example".to_owned(),
            pause: Duration::from_secs(1),
        },
        Event::Retry {
            host: "a.example".to_owned(),
            operation: Operation::ManifestGet,
            attempt: 1,
            pause: Duration::ZERO,
        },
        request("a.example", Operation::ManifestGet, Some(200), 30),
        request("b.example", Operation::BlobPut, None, 80),
        Event::BodyRead {
            host: "a.example".to_owned(),
            what: "the blob".to_owned(),
            bytes: 1000,
            took: Duration::from_millis(40),
            whole: true,
        },
        Event::PhaseEnded {
            phase,
            passed: 2,
            blocked: 1,
        },
    ])
    .await;
    assert_eq!(text.lines().count(), 9, "{text}");
    assert!(
        text.starts_with("{\"schema\":\"promo.trace/v1\","),
        "{text}"
    );
    assert!(
        text.contains("\"at\":200.0,\"event\":\"request\",\"host\":\"a.example\",\"operation\":\"manifestGet\",\"class\":\"read\""),
        "{text}"
    );
    let summary = Summary::of(&read(&text).unwrap());
    assert_eq!(summary.lasted, Duration::from_millis(800));
    let [a, b] = summary.hosts.as_slice() else {
        panic!("{summary:?}");
    };
    assert_eq!((a.traffic.requests.read, a.traffic.throttled), (2, 1));
    assert_eq!((a.traffic.retries, a.traffic.received), (1, 1200));
    assert_eq!(a.took.half, Duration::from_millis(30));
    assert_eq!(a.took.most, Duration::from_millis(50));
    assert_eq!(a.waited, Duration::from_millis(10));
    assert_eq!(
        (b.traffic.requests.get(RequestClass::Upload), b.lost),
        (1, 1)
    );
    let [promote] = summary.phases.as_slice() else {
        panic!("{summary:?}");
    };
    assert_eq!(promote.lasted, Duration::from_millis(700));
    assert_eq!((promote.passed, promote.left, promote.ended), (2, 1, true));
}

/// A writer that takes the head and nothing more.
struct Full(bool);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0 = true;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Warnings(Mutex<Vec<String>>);

impl Observer for Warnings {
    fn observe(&self, event: &Event) {
        if let Event::Warning { code, .. } = event {
            self.0.lock().unwrap().push(code.to_string());
        }
    }
}

#[tokio::test]
async fn a_trace_that_can_not_be_written_ends_with_one_warning() {
    let warnings = Arc::new(Warnings::default());
    let told = Arc::clone(&warnings) as Arc<dyn Observer>;
    let recorder = TraceRecorder::begin(Full(false), Timestamp::UNIX_EPOCH, told).unwrap();
    for _ in 0..5000 {
        recorder.observe(&request("a.example", Operation::TagList, Some(200), 1));
    }
    recorder.end();
    assert_eq!(*warnings.0.lock().unwrap(), ["PROMO-X051"]);
    let told = Arc::new(Silent);
    assert!(TraceRecorder::begin(Full(true), Timestamp::UNIX_EPOCH, told).is_err());
}

#[test]
fn what_is_no_trace_is_told_with_its_line() {
    assert!(matches!(read(""), Err(TraceError::NoTrace)));
    assert!(matches!(read("[]\n"), Err(TraceError::NoTrace)));
    let other = "{\"schema\":\"promo.report/v1\"}\n";
    assert!(matches!(read(other), Err(TraceError::NoTrace)));
    let newer = "{\"schema\":\"promo.trace/v2\"}\n";
    let Err(TraceError::OtherVersion { found }) = read(newer) else {
        panic!("it was read");
    };
    assert_eq!(found, "promo.trace/v2");
    let back = "{\"at\":1,\"event\":\"hostBack\",\"host\":\"a\",\"silent\":1}\n";
    for wrong in [
        "nothing\n",
        "{\"at\":-1,\"event\":\"hostBack\",\"host\":\"a\",\"silent\":1}\n",
        "{\"at\":1e300,\"event\":\"hostBack\",\"host\":\"a\",\"silent\":1}\n",
        "{\"at\":1,\"event\":\"hostBack\"}\n",
        "{\"event\":\"unheardOf\"}\n",
        "\n",
    ] {
        let text = format!("{HEAD}{back}{wrong}{back}");
        let error = read(&text).unwrap_err();
        assert!(
            matches!(error, TraceError::Line { line: 3, .. }),
            "{wrong}: {error:?}"
        );
    }
    let long = format!("{HEAD}{back}{}\n", "x".repeat(MAX_LINE + 1));
    assert!(matches!(read(&long), Err(TraceError::LongLine { line: 3 })));
}

#[test]
fn unknown_kinds_are_passed_over_and_a_cut_line_is_no_error() {
    let text = format!(
        "{HEAD}{{\"at\":5,\"event\":\"unheardOf\",\"more\":[1]}}\n{{\"at\":7.5,\"event\":\"phaseBegan\",\"phase\":\"new\",\"items\":1}}\n{{\"at\":9,\"ev"
    );
    let summary = Summary::of(&read(&text).unwrap());
    assert_eq!((summary.unknown, summary.is_cut), (1, true));
    assert_eq!(summary.lasted, Duration::from_micros(7500));
    assert!(!summary.phases[0].ended);
}

/// The names of the elements, each opened and closed in its order.
fn assert_well_formed(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let body = page.split_once("<body>").unwrap().1;
    for piece in body.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap_or_else(|| panic!("{piece}"));
        if let Some(name) = tag.strip_prefix('/') {
            let expected = open.pop();
            if !matches!(name, "body" | "html") {
                assert_eq!(expected, Some(name));
            }
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

fn lines(count: u64, host: &str) -> String {
    let mut text = HEAD.to_owned();
    for number in 0..count {
        let line = format!(
            "{{\"at\":{},\"event\":\"request\",\"host\":\"{host}\",\"class\":\"read\",\"status\":{},\"waited\":3,\"took\":40,\"sent\":0,\"received\":10}}\n",
            number + 50,
            if number % 50 == 0 { 429 } else { 200 }
        );
        text.push_str(&line);
    }
    text
}

#[test]
fn a_page_has_a_bar_for_each_of_few_requests_and_escapes_what_it_shows() {
    let mut text = lines(100, "<script>alert('&')</script>");
    text.push_str("{\"at\":200,\"event\":\"retry\",\"host\":\"b\\u001b\\\"onload=x\"}\n");
    text.push_str("{\"at\":10,\"event\":\"phaseBegan\",\"phase\":\"<b>\",\"items\":1}\n");
    let trace = read(&text).unwrap();
    let page = page(&trace);
    assert_well_formed(&page);
    assert_eq!(page.matches("<rect class=\"read\"").count(), 98);
    assert_eq!(page.matches("<rect class=\"trouble\"").count(), 2);
    assert_eq!(page.matches("<rect class=\"waited\"").count(), 100);
    assert_eq!(page.matches("<path class=\"retry\"").count(), 1);
    assert!(page.contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"));
    for forbidden in ["<script", "<b>", "\u{1b}", "\"onload", "http:", "https:"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert_eq!(page, super::page(&read(&text).unwrap()));
}

#[test]
fn a_page_of_a_hundred_thousand_requests_stays_small() {
    let page = page(&read(&lines(100_000, "a.example")).unwrap());
    assert_well_formed(&page);
    let shapes = page.matches("<rect").count();
    assert!((600..4000).contains(&shapes), "{shapes} shapes");
    // 40 under way at each moment, one of fifty of them refused, and 3 that wait.
    assert!(
        page.contains("up to 43.0 at once"),
        "{}",
        page.get(..9000).unwrap()
    );
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}

#[test]
fn an_empty_trace_has_a_page() {
    assert_well_formed(&page(&read(HEAD).unwrap()));
}

//! The sections of a page around its matrix: decisions, causes, changes, what letters stand for, findings.

use maud::{Markup, html};
use promo_core::manifest::{FilePath, Position, Severity};
use promo_core::oci::{Digest, RegistryPath, Tag};
use promo_core::plan::{Plan, Verdict};

use super::count_note;
use super::rows::within;
use crate::documents::beside as beside_an_image;
use crate::documents::forge::LinkBase;
use crate::documents::plan_text::{short, tags};
use crate::documents::review::{self, Change, MirrorSets};
use crate::documents::style::one_line;

/// So many bytes of rows: of changes, and of each other section.
const BYTES_OF_CHANGES: usize = 1 << 20;
const BYTES: usize = 300 << 10;

/// What all sections share.
pub(super) struct Shown<'a> {
    /// Sets of mirrors that have a letter.
    pub(super) mirrors: MirrorSets<&'a RegistryPath>,
    /// Where promoter manifests are shown.
    pub(super) links: Option<&'a LinkBase>,
}

impl Shown<'_> {
    /// A line of a promoter manifest, with a link if it is known where that is shown.
    fn place(&self, (file, position): (&FilePath, Position)) -> Markup {
        let place = one_line(&format!("{file}:{}", position.line));
        html! {
            @match self.links {
                Some(links) => a href=(links.line(file, position)) rel="noreferrer" { code { (place) } },
                None => code { (place) },
            }
        }
    }
}

/// A section with its heading; nothing if it has no rows.
fn section(
    (id, heading, noun): (&str, &str, &str),
    count: usize,
    (rows, without): (Markup, usize),
    around: impl FnOnce(Markup) -> Markup,
) -> Markup {
    html! {
        @if count > 0 {
            section aria-labelledby=(id) {
                h2 id=(id) { (heading) " " (count_note(count, noun)) }
                (around(rows))
                @if without > 0 {
                    p.note { (without) " more, for which the page has no room." }
                }
            }
        }
    }
}

/// A table in a box of its own, so that the page stays as wide as the window.
fn table(id: &str, headings: &[&str], rows: &Markup) -> Markup {
    html! {
        div.scroll role="region" aria-labelledby=(id) tabindex="0" {
            table {
                thead { tr { @for heading in headings { th scope="col" { (heading) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// One tag that moves, would move, or is given twice: what a person must decide about.
struct Decision<'a> {
    what: &'static str,
    is_blocked: bool,
    image: &'a str,
    tags: Vec<&'a Tag>,
    from: Option<Digest>,
    to: Digest,
    mirrors: Vec<&'a RegistryPath>,
    written_at: (&'a FilePath, Position),
}

/// Tags that move, and conflicts.
pub(super) fn decisions<'a>(
    plan: &'a Plan,
    changes: &[Change<'a>],
    shown: &mut Shown<'a>,
) -> Markup {
    let moves = changes.iter().filter(|change| change.moves_from.is_some());
    let moves = moves.map(|change| Decision {
        what: change.why(),
        is_blocked: false,
        image: change.image,
        tags: change.tags.clone(),
        from: change.moves_from,
        to: change.digest,
        mirrors: change.mirrors.clone(),
        written_at: change.written_at,
    });
    let groups = plan.groups().filter(|group| !group.is_unchanged());
    let blocked = groups.flat_map(|group| {
        let rows = group.rows().into_iter().filter_map(move |row| {
            let what = match row.verdict {
                Verdict::TagMove => "would move, which nobody allowed",
                Verdict::Conflict => "is also given to another digest",
                _ => return None,
            };
            Some(Decision {
                what,
                is_blocked: true,
                image: group.image(),
                tags: row.tags,
                from: row.moves_from,
                to: group.digest(),
                mirrors: row.destinations,
                written_at: (group.file(), group.position()),
            })
        });
        rows.collect::<Vec<_>>()
    });
    let decisions: Vec<Decision<'_>> = blocked.chain(moves).collect();
    let id = ("decisions", "Moves and conflicts", "row");
    let rows = within(
        BYTES,
        decisions.iter().map(|decision| row_of(decision, shown)),
    );
    let headings = [
        "image",
        "tags",
        "from",
        "to",
        "where",
        "why",
        "asked for in",
    ];
    section(id, decisions.len(), rows, |rows| {
        table(id.0, &headings, &rows)
    })
}

fn row_of<'a>(decision: &Decision<'a>, shown: &mut Shown<'a>) -> Markup {
    html! {
        tr {
            th scope="row" { (decision.image) }
            td { code { (tags(&decision.tags)) } }
            td { @if let Some(from) = decision.from { code { (short(from)) } } }
            td { code { (short(decision.to)) } }
            td { (shown.mirrors.name(&decision.mirrors)) }
            td { span.blocked[decision.is_blocked].moved[!decision.is_blocked] { (decision.what) } }
            td { (shown.place(decision.written_at)) }
        }
    }
}

/// What is blocked, one item for each cause.
pub(super) fn blocked(plan: &Plan, shown: &Shown<'_>) -> Markup {
    let causes = review::causes(plan);
    let items = causes.iter().map(|cause| {
        html! {
            li {
                span.blocked { (cause.what) } " " (one_line(&cause.subject())) ": "
                (one_line(cause.message())) " " small { (cause.code) }
                @if let Some(at) = cause.written_at() { " " (shown.place(at)) }
                @for hint in cause.hints { p.hint { "hint: " (one_line(hint)) } }
            }
        }
    });
    let rows = within(BYTES, items);
    section(
        ("blocked", "Blocked", "cause"),
        causes.len(),
        rows,
        |rows| {
            html! { ul { (rows) } }
        },
    )
}

/// Each change with its place.
pub(super) fn changes<'a>(changes: &[Change<'a>], shown: &mut Shown<'a>) -> Markup {
    let rows = changes.iter().map(|change| {
        html! {
            tr {
                th scope="row" { (change.image) }
                td { code { (tags(&change.tags)) } }
                td {
                    @if let Some(from) = change.moves_from { code { (short(from)) } " → " }
                    code { (short(change.digest)) }
                }
                td { (shown.mirrors.name(&change.mirrors)) }
                td { (change.why()) }
                td { (shown.place(change.written_at)) }
            }
        }
    });
    let rows = within(BYTES_OF_CHANGES, rows);
    let id = ("changes", "Changes", "row");
    let headings = ["image", "tags", "digest", "where", "why", "asked for in"];
    section(id, changes.len(), rows, |rows| {
        table(id.0, &headings, &rows)
    })
}

/// What letters stand for.
pub(super) fn mirrors(shown: &Shown<'_>) -> Markup {
    let count = shown.mirrors.len();
    let items = shown.mirrors.legend().map(|(letter, names)| {
        html! { div { dt { (letter) } dd { (names) } } }
    });
    let rows = within(BYTES, items);
    section(("mirrors", "Mirrors", "set"), count, rows, |rows| {
        html! { dl { (rows) } }
    })
}

/// Bad entries and warnings.
pub(super) fn findings(plan: &Plan, shown: &Shown<'_>) -> Markup {
    let items = plan.findings().iter().map(|finding| {
        let is_warning = finding.severity == Severity::Warning;
        html! {
            li {
                span.blocked[!is_warning].moved[is_warning] { (finding.severity) } " "
                @match finding.position {
                    Some(position) => (shown.place((&finding.file, position))),
                    None => code { (one_line(finding.file.as_str())) },
                }
                " " (one_line(&finding.message)) " " small { (finding.code) }
            }
        }
    });
    let rows = within(BYTES, items);
    let count = plan.findings().len();
    section(
        ("findings", "Promoter manifests", "finding"),
        count,
        rows,
        |rows| {
            html! { ul { (rows) } }
        },
    )
}

/// What staging has beside the images, and what becomes of it.
pub(super) fn beside(plan: &Plan) -> Markup {
    let items: Vec<Markup> = plan
        .beside()
        .into_iter()
        .flatten()
        .filter_map(|beside| {
            let what = beside_an_image::becomes(beside.becomes)?;
            let kind = beside.artifact_type.as_deref().map(one_line);
            Some(html! {
                li {
                    (what) " " code { (beside_an_image::name(beside)) }
                    @if let Some(kind) = kind { " (" (kind) ")" }
                    ", beside " code { (short(beside.image)) }
                }
            })
        })
        .collect();
    let count = items.len();
    let rows = within(BYTES, items.into_iter());
    section(
        ("beside", "Beside the images", "artifact"),
        count,
        rows,
        |rows| {
            html! { ul { (rows) } }
        },
    )
}

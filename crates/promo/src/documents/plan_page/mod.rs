//! A plan as one page of HTML: what needs a decision, what is blocked by what, a matrix of images and mirrors, and each change.
//!
//! The page needs nothing from elsewhere and runs no script; its policy forbids both. Whatever stands in a plan is text: the
//! templates escape it, and control characters are shown. It is pure: the same plan gives the same bytes, and of a large one
//! so many that a browser opens it.

mod matrix;
mod rows;
mod sections;
mod style;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use promo_core::plan::{Cost, Plan, PlanInputs, Verdict};

use super::counted;
use super::forge::LinkBase;
use super::plan_text::cost_text;
use super::review::{self, MirrorSets};
use sections::Shown;

/// Nothing is loaded, nothing is run; the page's own style is all there is.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The page of a plan. With `links` the lines of promoter manifests lead to where they are shown.
pub fn plan_page(plan: &Plan, inputs: &PlanInputs, links: Option<&LinkBase>) -> String {
    let mut shown = Shown {
        mirrors: MirrorSets::default(),
        links,
    };
    let changes = review::changes(plan);
    let decisions = sections::decisions(plan, &changes, &mut shown);
    let changes = sections::changes(&changes, &mut shown);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                // Without one a browser asks for it.
                link rel="icon" href="data:,";
                title { "promo plan" }
                style { (PreEscaped(style::SHEET)) }
            }
            body {
                header {
                    h1 { "promo plan" }
                    (numbers(plan))
                    (made_from(inputs))
                }
                main {
                    (decisions)
                    (sections::blocked(plan, &shown))
                    (matrix::matrix(plan))
                    (changes)
                    (sections::mirrors(&shown))
                    (sections::findings(plan, &shown))
                    (sections::beside(plan))
                }
            }
        }
    };
    page.into_string()
}

fn numbers(plan: &Plan) -> Markup {
    let verdicts = plan.summary().verdicts;
    let to_do = verdicts.actionable() + verdicts.get(Verdict::Wanted);
    html! {
        ul.numbers {
            li { strong { (to_do) } @if plan.is_offline() { " edges wanted" } @else { " edges to promote" } }
            li.blocked[verdicts.blocked() > 0] { strong { (verdicts.blocked()) } " blocked" }
            li { strong { (verdicts.get(Verdict::Present)) } " published already" }
        }
        @if plan.is_offline() {
            p { "No registry was asked." }
        }
        @if let Some(cost) = plan.cost().filter(Cost::is_something) {
            p { "To promote " (cost_text(&cost)) "." }
        }
    }
}

fn made_from(inputs: &PlanInputs) -> Markup {
    html! {
        @if inputs.commit.is_some() || inputs.tree.is_some() || inputs.inventory_read.is_some() {
            dl {
                @if let Some(commit) = &inputs.commit {
                    div { dt { "commit" } dd { code { (commit) } } }
                }
                @if let Some(tree) = inputs.tree {
                    div { dt { "promoter manifests" } dd { code { (tree) } } }
                }
                @if let Some(time) = inputs.inventory_read {
                    div { dt { "registries read" } dd { time datetime=(time) { (time) } } }
                }
            }
        }
    }
}

/// How many there are, as a note beside a heading.
fn count_note(count: usize, noun: &str) -> Markup {
    html! { small { (counted(count as u64, noun)) } }
}

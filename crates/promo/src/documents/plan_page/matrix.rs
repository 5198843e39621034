//! Images and mirrors as a matrix: how many tags of each image are put, move or are blocked at each mirror. What is published
//! already is an empty cell.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use promo_core::oci::{RegistryPath, Repository};
use promo_core::plan::{Plan, Verdict};

use super::count_note;
use super::rows::within;
use crate::counted::counted;

/// So many bytes of rows.
const BYTES: usize = 2 << 20;

/// How many tags of an image are in which state at a mirror.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    put: usize,
    moved: usize,
    blocked: usize,
}

#[derive(Debug, Default)]
struct Matrix<'a> {
    /// The mirrors of promoter manifests, in their order.
    mirrors: Vec<&'a RegistryPath>,
    /// Each image with its cells, in the order of files.
    images: Vec<(Image<'a>, Cells<'a>)>,
    known: BTreeMap<Image<'a>, usize>,
}

/// What stands at which mirror.
type Cells<'a> = BTreeMap<&'a RegistryPath, Cell>;

/// Where an image comes from, and its name in the promoter manifest.
type Image<'a> = (&'a Repository, &'a str);

/// The matrix of what isn't published; nothing if all is.
pub(super) fn matrix(plan: &Plan) -> Markup {
    let matrix = Matrix::of(plan);
    if matrix.images.is_empty() {
        return html! {};
    }
    let columns = matrix.columns();
    let rows = matrix.images.iter().map(|image| row_of(image, &columns));
    let (body, without) = within(BYTES, rows);
    html! {
        section aria-labelledby="matrix" {
            h2 id="matrix" { "Images and mirrors " (count_note(matrix.images.len(), "image")) }
            p.legend {
                span.put { "+2" } " tags are put, " span.moved { "~1" } " move, "
                span.blocked { "!3" } " are blocked; where nothing stands, nothing changes."
            }
            div.scroll role="region" aria-labelledby="matrix" tabindex="0" {
                table.matrix {
                    thead {
                        tr {
                            th scope="col" { "image" }
                            @for mirror in &columns {
                                th scope="col" { span { (mirror) } }
                            }
                        }
                    }
                    tbody { (body) }
                }
            }
            @if without > 0 {
                p.note { (counted(without as u64, "image")) " more, for which the page has no room." }
            }
        }
    }
}

impl<'a> Matrix<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut matrix = Self::default();
        let mut known = BTreeSet::new();
        for group in plan.groups().filter(|group| !group.is_unchanged()) {
            let mirrors = group.destination_registries().iter();
            matrix
                .mirrors
                .extend(mirrors.filter(|mirror| known.insert(*mirror)));
            for row in group.rows() {
                let tags = row.tags.len().max(1);
                let is_move = row.moves_from.is_some();
                let cell = match row.verdict {
                    verdict if verdict.is_blocked() => Cell {
                        blocked: tags,
                        ..Cell::default()
                    },
                    verdict if verdict.is_actionable() && is_move => Cell {
                        moved: tags,
                        ..Cell::default()
                    },
                    verdict if verdict.is_actionable() || verdict == Verdict::Wanted => Cell {
                        put: tags,
                        ..Cell::default()
                    },
                    _ => continue,
                };
                for mirror in &row.destinations {
                    matrix.add((group.source(), group.image()), mirror, cell);
                }
            }
        }
        matrix
    }

    /// The mirrors where something is to be done or blocked.
    fn columns(&self) -> Vec<&'a RegistryPath> {
        let cells = self.images.iter().flat_map(|(_, cells)| cells.keys());
        let used: BTreeSet<&RegistryPath> = cells.copied().collect();
        let mirrors = self.mirrors.iter().copied();
        mirrors.filter(|mirror| used.contains(mirror)).collect()
    }

    fn add(&mut self, image: Image<'a>, mirror: &'a RegistryPath, more: Cell) {
        let images = &mut self.images;
        let row = *self.known.entry(image).or_insert_with(|| {
            images.push((image, BTreeMap::new()));
            images.len() - 1
        });
        if let Some((_, cells)) = self.images.get_mut(row) {
            let cell = cells.entry(mirror).or_default();
            cell.put += more.put;
            cell.moved += more.moved;
            cell.blocked += more.blocked;
        }
    }
}

fn row_of((image, cells): &(Image<'_>, Cells<'_>), columns: &[&RegistryPath]) -> Markup {
    html! {
        tr {
            th scope="row" { (image.1) }
            @for mirror in columns {
                td { @if let Some(cell) = cells.get(mirror) { (cell.shown()) } }
            }
        }
    }
}

impl Cell {
    fn shown(self) -> Markup {
        html! {
            @if self.put > 0 { span.put { "+" (self.put) } }
            @if self.moved > 0 { span.moved { "~" (self.moved) } }
            @if self.blocked > 0 { span.blocked { "!" (self.blocked) } }
        }
    }
}

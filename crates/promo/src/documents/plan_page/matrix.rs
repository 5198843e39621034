//! Images and mirrors as a matrix: how many tags of each image are put, move or are blocked at each mirror. What is published
//! already is an empty cell.

use std::collections::BTreeMap;

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
    /// Each mirror with its column.
    mirrors: BTreeMap<&'a RegistryPath, usize>,
    columns: Vec<&'a RegistryPath>,
    /// Each image with its cells by column, in the order of files.
    images: Vec<(Image<'a>, BTreeMap<usize, Cell>)>,
    known: BTreeMap<Image<'a>, usize>,
}

/// Where an image comes from, and its name in the promoter manifest.
type Image<'a> = (&'a Repository, &'a str);

/// The matrix of what isn't published; nothing if all is.
pub(super) fn matrix(plan: &Plan) -> Markup {
    let matrix = Matrix::of(plan);
    if matrix.images.is_empty() {
        return html! {};
    }
    let (body, without) = within(BYTES, matrix.images.iter().map(|image| matrix.row(image)));
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
                            @for mirror in &matrix.columns {
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
        for group in plan.groups().filter(|group| !group.is_unchanged()) {
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

    fn add(&mut self, image: Image<'a>, mirror: &'a RegistryPath, more: Cell) {
        let columns = &mut self.columns;
        let column = *self.mirrors.entry(mirror).or_insert_with(|| {
            columns.push(mirror);
            columns.len() - 1
        });
        let images = &mut self.images;
        let row = *self.known.entry(image).or_insert_with(|| {
            images.push((image, BTreeMap::new()));
            images.len() - 1
        });
        if let Some((_, cells)) = self.images.get_mut(row) {
            let cell = cells.entry(column).or_default();
            cell.put += more.put;
            cell.moved += more.moved;
            cell.blocked += more.blocked;
        }
    }

    fn row(&self, ((_, image), cells): &(Image<'_>, BTreeMap<usize, Cell>)) -> Markup {
        html! {
            tr {
                th scope="row" { (image) }
                @for column in 0..self.columns.len() {
                    td { @if let Some(cell) = cells.get(&column) { (cell.shown()) } }
                }
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

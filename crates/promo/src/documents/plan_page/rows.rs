//! Rows of a page, as many as there is room for: what a browser must open has a size.

use maud::{Markup, PreEscaped};

/// Rows one after the other up to so many bytes, and how many have no room.
pub(super) fn within(bytes: usize, rows: impl Iterator<Item = Markup>) -> (Markup, usize) {
    let mut text = String::new();
    let mut without = 0;
    for row in rows {
        if without > 0 || text.len() + row.0.len() > bytes {
            without += 1;
        } else {
            text.push_str(&row.0);
        }
    }
    (PreEscaped(text), without)
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;

    #[test]
    fn what_has_no_room_is_counted() {
        let rows = ["<a>", "<b>", "<c>"].map(|text| html! { i { (text) } });
        let (text, without) = within(40, rows.into_iter());
        assert_eq!(
            (text.0.as_str(), without),
            ("<i>&lt;a&gt;</i><i>&lt;b&gt;</i>", 1)
        );
    }
}

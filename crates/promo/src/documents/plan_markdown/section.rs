//! The parts of a comment, each as long as there is room: the first lines are seen, the next ones are folded, and of the rest
//! it is said how many they are.

use std::fmt::Write as _;

/// So many lines are seen without unfolding anything.
const SEEN: usize = 20;
/// What a section needs besides its lines.
const FRAME: usize = 300;

/// Lines below a heading.
#[derive(Debug)]
pub(super) struct Section<'a> {
    heading: &'a str,
    /// What stands above the lines, wherever they begin or go on.
    above: &'a str,
    lines: &'a [String],
}

impl<'a> Section<'a> {
    /// A list.
    pub(super) fn list(heading: &'a str, lines: &'a [String]) -> Self {
        Self::table(heading, "", lines)
    }

    /// A table with this head.
    pub(super) fn table(heading: &'a str, above: &'a str, lines: &'a [String]) -> Self {
        Self {
            heading,
            above,
            lines,
        }
    }
}

/// The room that a comment has still.
#[derive(Debug)]
pub(super) struct Room(usize);

impl Room {
    /// So many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    /// The section in one of so many parts of what is left; nothing if it has no lines.
    pub(super) fn fit(&mut self, parts: usize, section: &Section<'_>) -> String {
        if section.lines.is_empty() {
            return String::new();
        }
        let frame = FRAME + section.heading.len() + 2 * section.above.len();
        let mut bytes = (self.0 / parts.max(1)).saturating_sub(frame);
        let fits = section.lines.iter().take_while(|line| {
            let rest = bytes.checked_sub(line.len() + 1);
            bytes = rest.unwrap_or(0);
            rest.is_some()
        });
        let (shown, without) = section.lines.split_at(fits.count());
        let text = laid_out(section, shown, without.len());
        self.0 = self.0.saturating_sub(text.len());
        text
    }
}

fn laid_out(section: &Section<'_>, shown: &[String], without: usize) -> String {
    let (heading, above) = (section.heading, section.above);
    let (seen, folded) = shown.split_at(SEEN.min(shown.len()));
    let mut text = format!("\n#### {heading}\n\n");
    add(&mut text, above, seen);
    if !folded.is_empty() {
        let _ = write!(
            text,
            "\n<details><summary>{} more</summary>\n\n",
            folded.len()
        );
        add(&mut text, above, folded);
        text.push_str("\n</details>\n");
    }
    if without > 0 {
        let _ = writeln!(
            text,
            "\n… and {without} more, for which a comment has no room."
        );
    }
    text
}

fn add(text: &mut String, above: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    text.push_str(above);
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_folded_and_what_has_no_room_is_counted() {
        let lines: Vec<String> = (0..30).map(|number| format!("- {number}")).collect();
        let mut room = Room::new(10_000);
        let text = room.fit(1, &Section::list("Many", &lines));
        assert!(text.starts_with("\n#### Many\n\n- 0\n"), "{text}");
        let folded = "- 19\n\n<details><summary>10 more</summary>\n\n- 20\n";
        assert!(text.contains(folded), "{text}");
        assert!(text.ends_with("- 29\n\n</details>\n"), "{text}");
        assert_eq!(room.0, 10_000 - text.len());

        let long = vec!["x".repeat(400); 5];
        let mut room = Room::new(1_500);
        let text = room.fit(1, &Section::list("Long", &long));
        assert!(text.len() <= 1_500);
        assert!(
            text.ends_with("x\n\n… and 3 more, for which a comment has no room.\n"),
            "{text}"
        );
        assert_eq!(Room::new(99).fit(1, &Section::list("None", &[])), "");
    }
}

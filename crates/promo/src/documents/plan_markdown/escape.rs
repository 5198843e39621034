//! What others wrote, as Markdown that shows it and does nothing else.

use super::super::style::one_line;

/// Messages hold what others wrote: it must not become markup, nor name people or issues.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    let mut before = ' ';
    for character in one_line(text).chars() {
        if character.is_ascii_punctuation()
            && !matches!(
                character,
                '.' | ',' | ':' | ';' | '/' | '-' | '(' | ')' | '\''
            )
        {
            escaped.push('\\');
        }
        escaped.push(character);
        // A mention is found in what is shown, whatever was escaped; a space without width ends it.
        if matches!(character, '@' | '#') && !before.is_ascii_alphanumeric() {
            escaped.push('\u{200b}');
        }
        before = character;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_text() {
        let text = "`a|b` <img> [x](y) *b* a_b\n# 1 c@sha256:0 by @team in #7";
        assert_eq!(
            escape(text),
            "\\`a\\|b\\` \\<img\\> \\[x\\](y) \\*b\\* a\\_b\\\\n\\# 1 c\\@sha256:0 by \\@\u{200b}team in \\#\u{200b}7"
        );
    }
}

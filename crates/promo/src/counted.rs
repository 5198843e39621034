//! Numbers with their nouns, and as many names as are worth reading, as sentences have them.

/// A number with its noun, in the plural where it belongs.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}

/// Names, of which at most so many are told; nothing if there are none.
pub(crate) fn named<T: AsRef<str>>(names: &[T], most: usize) -> String {
    let joined = |names: &[T]| {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        names.join(", ")
    };
    match names.split_at_checked(most) {
        Some((told, more @ [_, ..])) => format!("{} and {} more", joined(told), more.len()),
        _ => joined(names),
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn names_beyond_the_most_are_a_number() {
        assert_eq!(named::<&str>(&[], 2), "");
        assert_eq!(named(&["a", "b"], 2), "a, b");
        assert_eq!(named(&["a", "b", "c", "d"], 2), "a, b and 2 more");
    }
}

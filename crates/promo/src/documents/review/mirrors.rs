//! Sets of mirrors by a letter: where the same mirrors come up again and again, they are named once.

use std::collections::BTreeMap;
use std::fmt::Display;

/// The sets that came up, each with its place among them.
#[derive(Debug)]
pub(in crate::documents) struct MirrorSets<M>(BTreeMap<Vec<M>, usize>);

impl<M> Default for MirrorSets<M> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<M: Clone + Ord + Display> MirrorSets<M> {
    /// How a set is called: a single mirror by its name, several by a letter and their number.
    pub(in crate::documents) fn name(&mut self, mirrors: &[M]) -> String {
        match mirrors {
            [] => String::new(),
            [one] => one.to_string(),
            several => {
                let index = self.index(several);
                format!("{} ({} mirrors)", letters(index), several.len())
            }
        }
    }

    fn index(&mut self, mirrors: &[M]) -> usize {
        if let Some(known) = self.0.get(mirrors) {
            return *known;
        }
        let index = self.0.len();
        self.0.insert(mirrors.to_vec(), index);
        index
    }

    /// How many have a letter.
    pub(in crate::documents) fn len(&self) -> usize {
        self.0.len()
    }

    /// What each letter stands for.
    pub(in crate::documents) fn legend(&self) -> impl Iterator<Item = (String, String)> {
        let mut sets: Vec<_> = self.0.iter().map(|(set, index)| (*index, set)).collect();
        sets.sort_unstable_by_key(|(index, _)| *index);
        sets.into_iter().map(|(index, set)| {
            let names: Vec<String> = set.iter().map(ToString::to_string).collect();
            (letters(index), names.join(", "))
        })
    }
}

/// `A` to `Z`, then `AA`, as spreadsheets call their columns.
fn letters(index: usize) -> String {
    let mut text = String::new();
    let mut rest = index;
    loop {
        let letter = u8::try_from(rest % 26).unwrap_or_default();
        text.insert(0, char::from(b'A' + letter));
        match (rest / 26).checked_sub(1) {
            Some(more) => rest = more,
            None => return text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mirror_has_its_name_and_several_a_letter() {
        let mut sets = MirrorSets::default();
        assert_eq!(sets.name(&["a"]), "a");
        assert_eq!(sets.name(&["a", "b"]), "A (2 mirrors)");
        assert_eq!(sets.name(&["a", "b", "c"]), "B (3 mirrors)");
        assert_eq!(sets.name(&["a", "b"]), "A (2 mirrors)");
        let legend: Vec<_> = sets.legend().collect();
        let expected = [("A", "a, b"), ("B", "a, b, c")];
        assert_eq!(legend, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn letters_never_end() {
        assert_eq!(
            [0, 25, 26, 701, 702].map(letters),
            ["A", "Z", "AA", "ZZ", "AAA"]
        );
    }
}

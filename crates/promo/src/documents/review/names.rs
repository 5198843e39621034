//! The names of an edge: what of its repositories is the mirror, and what is said of it without them.

use promo_core::oci::Repository;

/// A destination repository as a mirror and what the image is called there: what source and destination end in alike.
pub(in crate::documents) fn parted<'a>(
    source: &Repository,
    destination: &'a Repository,
) -> (&'a str, &'a str) {
    let of_source = source.name().rsplit('/');
    let alike = destination.name().rsplit('/').zip(of_source);
    let alike = alike.take_while(|(here, there)| here == there);
    let length: usize = alike.map(|(component, _)| component.len() + 1).sum();
    let whole = destination.as_str();
    let at = whole.len().saturating_sub(length);
    match (whole.get(..at), whole.get(at + 1..)) {
        (Some(mirror), Some(image)) if length > 0 => (mirror, image),
        _ => (destination.host_str(), destination.name()),
    }
}

/// The text with `…` for what follows the host wherever it names the repository, a tag or a digest in it.
pub(super) fn without_own(text: &str, repository: &Repository) -> String {
    let mut general = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(repository.as_str()) {
        general.push_str(before);
        general.push_str(repository.host_str());
        general.push_str("/…");
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
        rest = match after.strip_prefix([':', '@']) {
            Some(named) if named.starts_with(is_name) => {
                named.trim_start_matches(|c| is_name(c) || c == ':')
            }
            _ => after.trim_start_matches(is_name),
        };
    }
    general.push_str(rest);
    general
}

/// The text with `…` for the hexadecimal digits of digests.
pub(super) fn without_digests(text: &str) -> String {
    let mut general = String::new();
    let mut rest = text;
    while let Some(at) = ["sha256:", "sha512:"]
        .iter()
        .filter_map(|name| rest.find(name))
        .min()
    {
        let (before, digest) = rest.split_at(at + "sha256:".len());
        general.push_str(before);
        let after = digest.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        if after.len() < digest.len() {
            general.push('…');
        }
        rest = after;
    }
    general.push_str(rest);
    general
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(name: &str) -> Repository {
        name.parse().unwrap()
    }

    #[test]
    fn what_is_an_edges_own_is_left_out() {
        let own = repository("a.example/p/app");
        let told = [
            (
                "no manifest a.example/p/app:v1.0 (R2)",
                "no manifest a.example/… (R2)",
            ),
            (
                "no a.example/p/app@sha256:00ff: gone",
                "no a.example/… gone",
            ),
            ("a.example is a.example/p/app", "a.example is a.example/…"),
            ("b.example/p/app", "b.example/p/app"),
        ];
        for (text, general) in told {
            assert_eq!(without_own(text, &own), general);
        }
        let digests = "sha256:00aa of sha512:bb, sha256: none";
        assert_eq!(
            without_digests(digests),
            "sha256:… of sha512:…, sha256: none"
        );
    }

    #[test]
    fn a_destination_is_a_mirror_and_what_it_has_in_common_with_the_source() {
        let parted = |source: &str, destination: &str| {
            let destination = repository(destination);
            let (mirror, image) = parted(&repository(source), &destination);
            (mirror.to_owned(), image.to_owned())
        };
        let of = |mirror: &str, image: &str| (mirror.to_owned(), image.to_owned());
        assert_eq!(parted("s/st/t/app", "a/p/t/app"), of("a/p", "t/app"));
        assert_eq!(parted("s/app", "a/app"), of("a", "app"));
        assert_eq!(parted("s/app", "a/p/other"), of("a", "p/other"));
    }
}

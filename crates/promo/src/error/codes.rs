//! The codes of this crate with what they mean, for the reference.

/// Each code once, in their order. Their letter is the command's: they were its codes before there was a library.
pub const CODES: [(&str, &str); 19] = [
    (
        "PROMO-X001",
        "The command line asks for something that can't be.",
    ),
    ("PROMO-X002", "A setting has a value that can't be."),
    (
        "PROMO-X003",
        "A promo.toml has a mistake or an unknown key.",
    ),
    (
        "PROMO-X004",
        "A file or folder could not be read or written.",
    ),
    (
        "PROMO-X008",
        "The file of tags that may move has a mistake.",
    ),
    (
        "PROMO-X009",
        "A reference on the command line is not an image.",
    ),
    ("PROMO-X010", "An image is not in its registry."),
    (
        "PROMO-X011",
        "A key needs a password, and nobody can be asked for it.",
    ),
    ("PROMO-X012", "A key can't be used."),
    (
        "PROMO-X015",
        "An earlier revision of the promoter manifests can't be read from git.",
    ),
    (
        "PROMO-X019",
        "A file that was given as an inventory has another form than how it was given.",
    ),
    (
        "PROMO-X030",
        "The saved plan was made without looking at registries and can't be executed.",
    ),
    (
        "PROMO-X031",
        "The promoter manifests want nothing of the saved plan: it was made for others.",
    ),
    (
        "PROMO-X032",
        "The saved plan has an edge that no promoter manifest wants any longer.",
    ),
    (
        "PROMO-X033",
        "An image can't be added: no promoter manifest has its registry as source, or several have.",
    ),
    (
        "PROMO-X034",
        "An image can't be added: its tag belongs to another digest already.",
    ),
    (
        "PROMO-X035",
        "A pattern of `--image` or `--destination` matches nothing of the promoter manifests, or both together select nothing.",
    ),
    (
        "PROMO-X039",
        "A file has more bytes than files of its kind may have; it was not used.",
    ),
    (
        "PROMO-X041",
        "An image can't be copied to where another one is.",
    ),
];

/// The codes of all crates with what they mean, ordered; `own` are those of a frontend.
pub fn codes(own: &[(&str, &str)]) -> Vec<(String, String)> {
    use promo_core::{manifest, pipeline, plan, snapshot};
    let mut codes: Vec<(String, String)> = own
        .iter()
        .chain(&CODES)
        .map(|(code, meaning)| ((*code).to_owned(), (*meaning).to_owned()))
        .collect();
    let mut add = |code: promo_core::Code, title: &str, explanation: &str| {
        codes.push((code.to_string(), format!("**{title}** {explanation}")));
    };
    for kind in manifest::FINDING_KINDS {
        add(kind.code, kind.title, kind.explanation);
    }
    let of_documents = [
        plan::codes::ALL,
        plan::ArtifactError::CODES,
        snapshot::SnapshotError::CODES,
    ];
    for (code, meaning) in of_documents.into_iter().flatten() {
        add(*code, meaning, "");
    }
    for entry in pipeline::codes::ALL {
        add(entry.code, entry.title, entry.explanation);
    }
    for entry in promo_sign::CODES {
        add(entry.code, entry.title, entry.explanation);
    }
    for entry in promo_registry::codes() {
        add(entry.code, entry.title, entry.explanation);
    }
    codes.sort();
    codes
}

//! The codes of this crate with what they mean, and those of all crates for the reference.
//!
//! Their letter is the command's: they were its codes before there was a library.

use promo_core::{CodeEntry, manifest, pipeline, plan};

promo_core::codes! {
    USAGE "PROMO-X001" "the command line asks for something that can't be"
    SETTING "PROMO-X002" "a setting has a value that can't be"
    SETTINGS_FILE "PROMO-X003" "a promo.toml has a mistake or an unknown key"
    FILE "PROMO-X004" "a file or folder could not be read or written"
    OUTPUT "PROMO-X006" "standard output could not be written"
    TAG_MOVES "PROMO-X008" "the file of tags that may move has a mistake"
    IMAGE "PROMO-X009" "a reference on the command line is not an image"
    IMAGE_MISSING "PROMO-X010" "an image is not in its registry"
    PASSWORD "PROMO-X011" "a key needs a password, and nobody can be asked for it"
    KEY "PROMO-X012" "a key can't be used"
    REVISION "PROMO-X015" "an earlier revision of the promoter manifests can't be read from git"
    INVENTORY_FORM "PROMO-X019" "a file that was given as an inventory has another form than how it was given"
    OFFLINE_PLAN "PROMO-X030" "the saved plan was made without looking at registries and can't be executed"
    OTHER_TREE "PROMO-X031" "the promoter manifests want nothing of the saved plan: it was made for others"
    UNWANTED "PROMO-X032" "the saved plan has an edge that no promoter manifest wants any longer"
    NOWHERE_TO_ADD "PROMO-X033" "an image can't be added: no promoter manifest has its registry as source, or several have"
    TAG_TAKEN "PROMO-X034" "an image can't be added: its tag belongs to another digest already"
    UNMATCHED "PROMO-X035" "a pattern of images or destinations matches nothing of the promoter manifests, or both together select nothing"
    FILE_TOO_LARGE "PROMO-X039" "a file has more bytes than files of its kind may have"
        "It was not used."
    SHARED_KEY "PROMO-X040" "a private key can be read by others than its owner"
        "The run goes on."
    TAKEN "PROMO-X041" "an image can't be copied to where another one is"
    NOT_KEPT "PROMO-X042" "the registry did not keep what was copied"
        "After the manifest was put, the registry shows another one under its name, or none."
    TRACE_UNWRITTEN "PROMO-X051" "the trace of a run can't be written"
        "The run goes on."
    NOT_A_TRACE "PROMO-X052" "a file can't be read as a trace"
    NO_IDENTITY_TOKEN "PROMO-X053" "there is no identity token to sign with"
        "No source of one is there, or not the one that was named, or the job may have none."
    TRUST_DOCUMENT "PROMO-X054" "a trust document can't be used"
        "It has a mistake, at the line that is told, or contradicts itself. Nobody is trusted by a document that isn't understood whole."
    IDENTITY_SOURCE "PROMO-X055" "a source of identity tokens gives none"
        "It is there, and refuses, fails, or can't be asked. No other source is asked in its place: the signature would be somebody else's."
    IDENTITY_TOKEN "PROMO-X056" "what was given as an identity token is none"
        "It is empty, has more than 64 KiB, or is not one word of text."
}

/// The codes of all crates, ordered; `own` are those of a frontend.
pub fn of_all_crates(own: &[CodeEntry]) -> Vec<CodeEntry> {
    let tables = [
        own,
        ALL,
        promo_core::codes::ALL,
        promo_core::trust::codes::ALL,
        plan::codes::ALL,
        pipeline::codes::ALL,
        promo_sign::codes::ALL,
        promo_registry::codes::ALL,
    ];
    let findings = manifest::FINDING_KINDS
        .iter()
        .map(manifest::FindingKind::entry);
    let mut all: Vec<CodeEntry> = tables
        .into_iter()
        .flatten()
        .copied()
        .chain(findings)
        .collect();
    all.sort_by_key(|entry| entry.code);
    all
}

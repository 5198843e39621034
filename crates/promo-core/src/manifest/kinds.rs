//! The kinds of findings: one table of stable codes, from which the reference is generated.
//!
//! The code decides the severity. A kind is added at the end of its group; a code is never given out
//! again. Groups: 001 the tree, 020 YAML, 030 structure, 040 registries, 050 bad entries, 060
//! oddities, 070 lints, 080 editing.

use super::Severity;
use crate::{Code, CodeEntry};

/// A kind of finding: its code, how much it matters, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindingKind {
    /// The stable code, `PROMO-M…`.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Why it is found and what to do, in a sentence or two.
    pub explanation: &'static str,
}

impl FindingKind {
    /// Its code with what it means, as that of any error.
    pub const fn entry(&self) -> CodeEntry {
        CodeEntry {
            code: self.code,
            title: self.title,
            explanation: self.explanation,
        }
    }
}

/// Defines the kinds and the table of all of them.
macro_rules! kinds {
    ($($name:ident $code:literal $severity:ident $title:literal $explanation:literal)*) => {
        $(pub(super) const $name: FindingKind = FindingKind {
            code: Code::new($code),
            severity: Severity::$severity,
            title: $title,
            explanation: $explanation,
        };)*

        /// All kinds of findings, ordered by code.
        pub const FINDING_KINDS: &[FindingKind] = &[$($name),*];
    };
}

kinds! {
    UNREADABLE "PROMO-M001" Error "unreadable file or folder"
        "A file or folder of the tree could not be read, or it vanished while the tree was read. Nothing is decided from half a tree."
    SYMLINK "PROMO-M002" Error "symbolic link"
        "A symbolic link stands where a file is to be read, and leads out of the tree, to nothing or in a circle; or `manifests` itself is a link. Links to files within the tree are read as those files. Put a file or folder in its place."
    OUTSIDE "PROMO-M003" Error "path out of the tree"
        "A path is absolute or has an empty, `.` or `..` component. Paths stay within the tree."
    NO_FOLDER "PROMO-M004" Error "missing folder"
        "A thin tree has the folders `manifests` and `images`."
    NO_IMAGES_FILE "PROMO-M005" Error "missing images file"
        "Each `manifests/PROJECT/promoter-manifest.yaml` needs its `images/PROJECT/images.yaml`, which may be empty."
    IRREGULAR "PROMO-M006" Error "not a regular file"
        "A promoter manifest or images file is a folder, a device, a socket or a pipe."
    UNEXPECTED_PATH "PROMO-M007" Error "promoter manifest at an unexpected path"
        "A `promoter-manifest.yaml` stands only at `manifests/PROJECT/promoter-manifest.yaml`. Elsewhere it would be silently left out."
    NO_MANIFESTS "PROMO-M008" Error "no promoter manifests"
        "The tree has no `manifests/PROJECT/promoter-manifest.yaml`. A wrong folder must not look like nothing to do."
    TOO_LARGE "PROMO-M009" Error "file too large"
        "A file has more than 32 MiB. Split it into several thin manifests."
    CHANGED "PROMO-M010" Error "changed while being read"
        "A file or folder changed while the tree was read, so what was read may be half old and half new. Read it again when nothing writes there."
    NO_MANIFEST_FILE "PROMO-M011" Warning "folder without promoter manifest"
        "A folder in `manifests` has no `promoter-manifest.yaml`; nothing of it is promoted."
    UNUSED_IMAGES "PROMO-M012" Warning "images file that nothing reads"
        "An `images.yaml` belongs to no promoter manifest; nothing of it is promoted."
    LINK_NOT_FOLLOWED "PROMO-M013" Warning "symbolic link that is not followed"
        "A symbolic link leads to a folder or to nothing. Such links are passed over, as kpromo does it: if it looks like a project, nothing of it is promoted. Put a folder in its place, with links to files in it if need be."

    NOT_UTF8 "PROMO-M020" Error "not UTF-8"
        "Promoter manifests are UTF-8 text."
    SYNTAX "PROMO-M021" Error "YAML syntax"
        "The file is not well-formed YAML, or has a control character. Nothing behind that place was read."
    DOCUMENTS "PROMO-M022" Error "several YAML documents"
        "A file that is formatted or added to has one YAML document. Take away what stands behind `---` or `...`; it is not promoted anyway."
    ANCHOR "PROMO-M023" Error "YAML anchor or alias"
        "The alias (`*name`) stands for something that isn't there or that contains it, or aliases multiply to more than a promoter manifest needs. Where a file is formatted or added to, no anchor or alias may stand at all. Write the value itself."
    MERGE "PROMO-M024" Error "YAML merge key"
        "What the merge key (`<<`) names is no mapping. Where a file is formatted or added to, no merge key may stand at all. Write the entries themselves."
    YAML_TAG "PROMO-M025" Error "YAML tag"
        "What the tag `!!binary` stands at isn't base64, or `!!null` stands at a text that says something. Where a file is formatted or added to, no tag of YAML may stand at all. Write the value itself."
    TOO_DEEP "PROMO-M026" Error "nested too deeply"
        "Lists and mappings are nested more than 16 levels deep, which no promoter manifest needs."
    TOO_MANY_FINDINGS "PROMO-M027" Error "too many findings"
        "One file has more than 10,000 findings; the rest of them is not listed and the tree is refused."
    LINE_END "PROMO-M028" Warning "line end that not all editors show"
        "To kpromo, U+0085, U+2028, U+2029 and a carriage return alone end a line; so they do here, and lines behind them are counted so. Many editors show what follows on the same line, as part of a comment for example. End lines with LF or CRLF."

    WRONG_TYPE "PROMO-M030" Error "wrong type of value"
        "A list, a mapping or text stands where another of them is expected."
    UNKNOWN_KEY "PROMO-M031" Error "unknown key"
        "The key means nothing here. A misspelt key would silently lose what it says."
    DUPLICATE_KEY "PROMO-M032" Error "duplicate key"
        "The key stands twice in one mapping; only one of them could count. For digests: put the tags into one list."
    MISSING_KEY "PROMO-M033" Error "missing key"
        "A key that is needed is not there."
    NOT_BOOLEAN "PROMO-M034" Error "not true or false"
        "`src` is `true` or `false`, without quotes."
    ALIAS_TAKEN "PROMO-M035" Warning "YAML alias or merge key"
        "Aliases (`*name`) and merge keys (`<<`) are read as if what they stand for stood in their place, as kpromo does it. A reviewer doesn't see there what the line promotes: write the value itself."
    TAG_IGNORED "PROMO-M036" Warning "YAML tag passed over"
        "Tags of YAML (`!name`, `!!str`) mean nothing to promo: all values are text as they stand. `!!str` and `!!bool` tell a text from a boolean; what `!!binary` stands at is the text that the base64 stands for."
    FURTHER_DOCUMENT "PROMO-M037" Warning "text behind the document"
        "What stands behind `...`, behind a second `---`, or further out than where the file began, is not read, as kpromo does it. Nothing of it is promoted: take it away, or put it into a file of its own."
    OTHER_IMAGES_FILE "PROMO-M038" Warning "`imagesPath` leads elsewhere"
        "`imagesPath` is not used: the images are always those of `images/PROJECT/images.yaml`. Here it names another file, which is not read."

    NO_REGISTRIES "PROMO-M040" Error "no registries"
        "A promoter manifest names one source registry and its destinations under `registries`."
    NO_SOURCE "PROMO-M041" Error "no source registry"
        "One of the registries has `src: true`: the staging registry."
    SEVERAL_SOURCES "PROMO-M042" Error "several source registries"
        "Only one of the registries can have `src: true`."
    REGISTRY_NAME "PROMO-M043" Error "registry name"
        "A registry is written `HOST` or `HOST/PATH`, without a scheme and without a slash at the end."
    PROVENANCE_POLICY "PROMO-M044" Error "provenance policy that doesn't exist"
        "The mode of a `provenance` section is `off`, `warn` or `require`. A manifest that asks for anything else is refused rather than promoted without it."
    SECOND_SOURCE "PROMO-M045" Invalid "second source registry"
        "Another registry of the thin manifest has `src: true` already. This one is neither read nor written to."
    BAD_DESTINATION "PROMO-M046" Invalid "destination left out"
        "The name of a destination of the thin manifest is missing or can't be a registry, so nothing goes there. The other destinations are not held up."
    BAD_PROVENANCE "PROMO-M047" Invalid "provenance section"
        "A `provenance` section can't be used as it stands, or manifests with one source registry have different ones. The images that it covers are planned; a run refuses them."
    PROVENANCE_NOT_ENFORCED "PROMO-M048" Warning "provenance is not verified yet"
        "The manifest has a `provenance` section, and promo doesn't verify provenance yet. With `mode: warn` the images are promoted without it; with `mode: require` they are planned, and a run refuses them."
    NO_IMAGE_OF_LEVEL "PROMO-M049" Warning "provenance level of no image"
        "A pattern under `levels` of a `provenance` section matches no image of the manifest."

    IMAGE_NAME "PROMO-M050" Invalid "image name"
        "The image is left out. A name is lower-case letters and digits, separated by `.`, `_`, `__`, `-` or `/`; it is not a URL."
    NAME_TOO_LONG "PROMO-M051" Invalid "image name too long"
        "The image is left out: joined to one of the registries, its name has more than 255 bytes."
    DIGEST "PROMO-M052" Invalid "digest"
        "The digest is left out, with its tags. A digest is `sha256:` and 64, or `sha512:` and 128 lower-case hexadecimal digits."
    TAG "PROMO-M053" Invalid "tag"
        "The tag is left out. A tag is a letter, digit or `_`, then up to 127 of these, `.` and `-`."
    EVIDENCE_TAG "PROMO-M054" Invalid "tag of evidence"
        "The tag is left out. Tags like `sha256-….sig` belong to signatures and attestations, which are promoted with their image."

    NO_IMAGES "PROMO-M060" Warning "no images"
        "There are no images; nothing is promoted."
    NO_DIGESTS "PROMO-M061" Warning "image without digests"
        "The image has no digests; nothing of it is promoted."
    DUPLICATE_DESTINATION "PROMO-M062" Warning "duplicate destination"
        "The registry is among the destinations twice; it counts once."
    DESTINATION_IS_SOURCE "PROMO-M063" Warning "destination is the source"
        "A destination is the source registry itself; it is skipped."
    NO_DESTINATION "PROMO-M064" Warning "no destination"
        "There is a source registry but no destination; nothing is promoted."
    NO_TAG_LIST "PROMO-M065" Warning "digest without tag list"
        "No list stands behind the digest; it is promoted without a tag. Write `[]` if that is meant."
    DUPLICATE_TAG "PROMO-M066" Warning "duplicate tag"
        "The tag stands twice at one digest; it counts once."
    DIGEST_LEFT_OUT "PROMO-M067" Warning "digest left out"
        "None of the digest's tags is valid, so the digest is left out: promoting it without a tag is not what was asked."

    DUPLICATE_NAME "PROMO-M070" Warning "duplicate image name"
        "The image has two entries in one file. Both count; one entry is easier to review."
    LATEST "PROMO-M071" Warning "tag `latest`"
        "The tag `latest` is made to move, and promo doesn't move tags unless it is told to."
    DIGEST_TAG "PROMO-M072" Warning "tag that looks like a digest"
        "The tag is made of a digest. It is easily taken for one, and a digest is promoted without a tag by `[]`."
    DIGEST_OF_TWO_NAMES "PROMO-M073" Warning "digest of two images"
        "Two images of one promoter manifest have the same digest. That is allowed, and often a mistake of copying."
    SHARED_REPOSITORY "PROMO-M074" Warning "entries meet in one repository"
        "Two entries, joined to their destinations, are the same repository. Their tags can contradict each other."

    NO_PLACE "PROMO-M080" Error "no place for an addition"
        "An image, digest or tag could not be added because of the way in which the file is written. Nothing was changed. Format the file, then add again."
    NO_LAYOUT "PROMO-M081" Error "no canonical layout"
        "The formatted text would not say what the text says, so nothing was changed. Please report it with the file."
}

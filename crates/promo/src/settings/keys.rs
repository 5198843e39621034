//! The settings as data: names, variables and what they mean. `promo settings show` and the reference page come from
//! here; what a frontend calls them, it says itself.

/// A setting.
#[derive(Debug)]
pub struct Key {
    /// Its name: the path in promo.toml.
    pub name: &'static str,
    /// Its variable.
    pub variable: &'static str,
    /// Its default, for people.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

macro_rules! keys {
    ($($constant:ident $name:literal $variable:literal $default:literal $meaning:literal)*) => {
        $(#[doc = $meaning] pub const $constant: Key = Key {
            name: $name, variable: $variable, default: $default, meaning: $meaning,
        };)*
        /// All of them, in the order of the reference.
        pub const ALL: &[&Key] = &[$(&$constant),*];
    };
}

keys! {
    OUTPUT "output" "PROMO_OUTPUT" "table"
        "The form of results: table, json or yaml, for commands that offer it."
    LOG_FORMAT "log-format" "PROMO_LOG_FORMAT" "text"
        "How progress and diagnostics look on standard error: text or json."
    COLOR "color" "PROMO_COLOR" "auto"
        "When to write colour: auto, always or never. NO_COLOR counts as never where nothing else is said."
    MANIFEST "manifest" "PROMO_MANIFEST" "none"
        "A plain promoter manifest."
    THIN_MANIFEST_DIR "thin-manifest-dir" "PROMO_THIN_MANIFEST_DIR" "none"
        "A tree of thin promoter manifests."
    ALLOW_TAG_MOVES "allow-tag-moves" "PROMO_ALLOW_TAG_MOVES" "none"
        "A reviewed file of tags that may move."
    KEY "sign.key" "PROMO_KEY" "none"
        "The private key that signs and attests."
    KEYLESS "sign.keyless" "PROMO_KEYLESS" "false"
        "Whether to sign and attest with certificates for the identity of a token instead of a key, and to enter the signatures into transparency logs."
    TUF_REPOSITORY "sign.tuf-repository" "PROMO_TUF_REPOSITORY" "that of the public sigstore"
        "The URL of the TUF repository that names the services of keyless signing and the trusted root; without `sign.tuf-root` a mirror of the public sigstore's."
    TUF_ROOT "sign.tuf-root" "PROMO_TUF_ROOT" "that of the public sigstore"
        "The `root.json` by which that repository is believed, as its owner handed it out."
    SIGNING_CONFIG "sign.signing-config" "PROMO_SIGNING_CONFIG" "by the TUF repository"
        "The services of keyless signing: the `signing_config.json` of a sigstore, in place of a TUF repository. It goes with `sign.trusted-root`."
    TRUSTED_ROOT "sign.trusted-root" "PROMO_TRUSTED_ROOT" "by the TUF repository"
        "By what promo verifies its own keyless signatures: the `trusted_root.json` of the same sigstore."
    IDENTITY_TOKEN "sign.identity-token" "PROMO_IDENTITY_TOKEN" "auto"
        "Where identity tokens for keyless signing come from: `auto` (SIGSTORE_ID_TOKEN, or the CI system or machine that promo runs on), `variable`, `github-actions`, `buildkite`, `circleci`, `google`, `account:EMAIL` (a service account of Google's), `file:PATH`, or `command:PROGRAM ARGUMENT…`, which no promo.toml may name."
    FORMATS "sign.formats" "PROMO_SIGNATURE_FORMATS" "bundle, sig; keyless: bundle"
        "The forms of signatures: bundle (a sigstore bundle as OCI 1.1 referrer) and sig (the tag `sha256-….sig`). With sig alone attestations stand under `sha256-….att`. Keyless, sig takes a log of Rekor v1."
    EVIDENCE "sign.evidence" "PROMO_EVIDENCE" "all-mirrors"
        "Which mirrors receive signatures and attestations: `all-mirrors`, or `canonical = HOST` for one of them."
    RECURSIVE "sign.recursive" "PROMO_RECURSIVE" "false"
        "Whether the children of indexes are signed and attested as well."
    TRUST "verify.trust" "PROMO_TRUST" "none"
        "The trust document: who is trusted, and what signatures and attestations in staging need. It takes the place of `staging-keys`, `staging-signatures` and `staging-attestations`."
    STAGING_KEYS "verify.staging-keys" "PROMO_STAGING_KEYS" "none"
        "Public keys whose signatures in staging are accepted."
    STAGING_SIGNATURES "verify.staging-signatures" "PROMO_STAGING_SIGNATURES" "off without keys, else if-present"
        "Whether images in staging must be signed: off, if-present or require."
    STAGING_NAMES "verify.staging-names" "PROMO_STAGING_NAMES" "the repository in staging and the image's public names"
        "The names that signatures in staging may speak of besides: a registry with a path and all below it, or `*` for any."
    STAGING_ATTESTATIONS "verify.staging-attestations" "PROMO_STAGING_ATTESTATIONS" "none"
        "The predicate types of attestations by accepted keys that are carried to production; signatures always are."
    CARRY "carry" "PROMO_CARRY" "none"
        "Types of artifacts, such as SBOMs, that refer to an image in staging and are copied with it as they are. Signatures and attestations are judged instead."
    PREDICATE_TYPE "attest.predicate-type" "PROMO_PREDICATE_TYPE" "https://k8s.io/promo-tools/promotion/v1"
        "The predicate type of promotion attestations."
    BUILDER_ID "attest.builder-id" "PROMO_BUILDER_ID" "https://github.com/promo-project/promo@VERSION"
        "Who promotes, as attestations say it."
    AUTHFILE "authfile" "PROMO_AUTHFILE" "found as skopeo and docker do"
        "The file with registry credentials."
    GIVE_UP "give-up" "PROMO_GIVE_UP" "60s"
        "How long a registry that is down is waited for, from its first silence on; then requests to it fail at once, but for one now and then. `0s` waits for none."
    TLS_ROOTS "tls.roots" "PROMO_TLS_ROOTS" "none"
        "PEM files with certificate authorities that are trusted besides those of the system."
}

/// The key that says of a host whether it is spoken to over plain HTTP.
pub const PLAIN_HTTP: &str = "[registry.\"HOST\"] plain-http";

/// The tables of promo.toml that have no variable: each key with what it means.
pub const TABLES: [(&str, &str); 14] = [
    (
        "[[identity]] match",
        "A registry path of destinations, such as `us.example.com/images`.",
    ),
    (
        "[[identity]] name",
        "The public name that stands in its place in identities, such as `registry.example.com`.",
    ),
    (
        "[[tags]] match",
        "A glob of tags, such as `latest` or `v?`. Of several rules the first that is about a tag decides.",
    ),
    (
        "[[tags]] image",
        "A glob of image names as promoter manifests have them, to which the rule is narrowed.",
    ),
    (
        "[[tags]] mutable",
        "Whether these tags may move to another digest without a reviewed move each. Other tags never do.",
    ),
    (
        PLAIN_HTTP,
        "Whether this registry is spoken to over plain HTTP. Loopback hosts may always be.",
    ),
    (
        "[registry.\"HOST\"] http-version",
        "Which version of HTTP is spoken to it: `auto` (what both sides agree on with TLS, else 1.1), `1.1` or `2`.",
    ),
    (
        "[registry.\"HOST\"] token-realm",
        "A host whose token server this registry may name, besides itself and those that are well known.",
    ),
    (
        "[registry.\"HOST\"] rate",
        "How many requests are sent to it in a second; without it as many as it takes.",
    ),
    (
        "[registry.\"HOST\"] concurrency",
        "How many requests to it are open at once; without it 64, and up to 256 where answers come from far away or get no slower by it.",
    ),
    (
        "[registry.\"HOST\"] inventory",
        "How its inventory is read: cheapest, bulk-list, tag-list or head-only.",
    ),
    (
        "[registry.\"HOST\"] google-credentials",
        "Whether it takes Google credentials, found as gcrane finds them, before those of docker's files.",
    ),
    (
        "[registry.\"HOST\"] client-certificate",
        "A client certificate for this host alone (PEM file).",
    ),
    (
        "[registry.\"HOST\"] client-key",
        "Its private key (PEM file).",
    ),
];

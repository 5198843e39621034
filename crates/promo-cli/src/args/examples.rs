//! The examples in the help texts. A test runs every line that begins with `$ promo`, in this order, in a folder
//! that holds a tree, keys and registries of these names.

/// The head of all of them.
macro_rules! examples {
    ($($what:literal => $command:literal),+ $(,)?) => {
        concat!("Examples:", $("\n  # ", $what, "\n  $ ", $command),+)
    };
}

pub(crate) const PROMO: &str = concat!(
    examples! {
        "See the whole pipeline on embedded registries" => "promo demo",
        "Begin a project" => "promo init",
    },
    "\n\nExit codes: 0 done or nothing to do, 1 nothing could be done, 2 usage or configuration, ",
    "3 something was left, 4 not authenticated or authorised, 5 a proof or a policy refused something, ",
    "6 changes pending (plan --exit-code), 130 interrupted.",
);

#[cfg(feature = "embedded")]
pub(crate) const DEMO: &str = examples! {
    "See the whole pipeline on embedded registries" => "promo demo",
    "The report of the demo's run as a document" => "promo demo --output json",
};

pub(crate) const INIT: &str = examples! {
    "A first promo.toml and tree in the folder `release`"
        => "promo init release --staging staging.example.com/team --production registry.example.com/team",
    "Begin with what staging holds"
        => "promo init from-staging --from staging.example.com/team --production registry.example.com/team",
};

pub(crate) const LOGIN: &str = examples! {
    "With the password from a file, as in CI"
        => "promo login registry.example.com --username robot --password-stdin < password.txt",
};

pub(crate) const LOGOUT: &str = examples! {
    "Forget a login" => "promo logout registry.example.com",
};

pub(crate) const PLAN: &str = examples! {
    "What would be promoted" => "promo plan --thin-manifest-dir tree",
    "Count and check what the manifests want, without any registry"
        => "promo plan --thin-manifest-dir tree --offline --output json",
    "In a pull request" => "promo plan --thin-manifest-dir tree --output markdown",
    "Keep it for `promo apply`" => "promo plan --thin-manifest-dir tree --save plan.json",
    "Each edge as a line of JSON" => "promo plan --thin-manifest-dir tree --edges",
};

pub(crate) const APPLY: &str = examples! {
    "What would be carried out now of a plan that `promo plan --save` wrote"
        => "promo apply plan.json --thin-manifest-dir tree",
    "Carry it out" => "promo apply plan.json --thin-manifest-dir tree --confirm --key cosign.key",
};

pub(crate) const PROMOTE: &str = examples! {
    "A dry run" => "promo promote --thin-manifest-dir tree",
    "Copy, sign, attest and publish"
        => "promo promote --thin-manifest-dir tree --confirm --key cosign.key --report report.json",
};

pub(crate) const TRACE: &str = examples! {
    "Write down what a run sends and waits for" => "promo promote --thin-manifest-dir tree --trace run.trace",
    "Where its time went, by phase and host" => "promo trace run.trace",
    "The same as a page for a browser" => "promo trace run.trace --html run.html",
};

pub(crate) const CIP: &str = examples! {
    "A dry run" => "promo cip --thin-manifest-dir=tree",
    "What a registry holds" => "promo cip --snapshot=registry.example.com/team --output=csv",
    "Promote, signed with a key" => "promo cip --thin-manifest-dir=tree --confirm --key=cosign.key",
};

pub(crate) const SNAPSHOT: &str = examples! {
    "What a registry holds, as YAML" => "promo snapshot registry.example.com",
    "What can be promoted of it, as the images of a promoter manifest"
        => "promo snapshot staging.example.com/team --as-manifest",
    "What the manifests want there" => "promo snapshot registry.example.com/team --from-manifests tree --output csv",
};

pub(crate) const VERIFY: &str = examples! {
    "Signatures and attestations of an image"
        => "promo verify registry.example.com/team/app:v1 --key cosign.pub",
};

pub(crate) const SIGN: &str = examples! {
    "Sign an image" => "promo sign registry.example.com/team/app:v1 --key cosign.key",
    "Is it signed with this key, and how?" => "promo sign registry.example.com/team/app:v1 --key cosign.key --dry-run",
};

pub(crate) const ATTEST: &str = examples! {
    "Attest where an image came from"
        => "promo attest registry.example.com/team/app:v1 --key cosign.key --source staging.example.com/team/app",
};

pub(crate) const KEY_GENERATE: &str = examples! {
    "release.key and release.pub" => "promo key generate --output-prefix release",
};

pub(crate) const MANIFEST_CHECK: &str = examples! {
    "Check a tree" => "promo manifest check tree",
    "As annotations of a pull request" => "promo manifest check tree --output github",
    "For a code host's list of findings" => "promo manifest check tree --output sarif",
};

pub(crate) const MANIFEST_FORMAT: &str = examples! {
    "All files of the tree that promo.toml names" => "promo manifest format",
    "All files of a tree" => "promo manifest format --thin-manifest-dir tree",
    "In a check before merging" => "promo manifest format --thin-manifest-dir tree --check",
};

pub(crate) const MANIFEST_ADD: &str = examples! {
    "The image that a tag of staging points to, under the same tag"
        => "promo manifest add staging.example.com/team/app:v1 --thin-manifest-dir tree",
    "Under another tag, too"
        => "promo manifest add staging.example.com/team/app:v1 --tag v1 --tag v1.0 --thin-manifest-dir tree",
};

pub(crate) const MANIFEST_DIGEST: &str = examples! {
    "What a tag points to" => "promo manifest digest staging.example.com/team/app:v1",
};

#[cfg(feature = "embedded")]
pub(crate) const REGISTRY_SERVE: &str = examples! {
    "A registry on a free port" => "promo registry serve",
};

pub(crate) const SETTINGS_SHOW: &str = examples! {
    "Which settings hold here, and why" => "promo settings show",
};

pub(crate) const COMPLETIONS: &str = examples! {
    "For bash" => "promo completions bash",
};

pub(crate) const MAN: &str = examples! {
    "All pages into the folder `man`" => "promo man man",
};

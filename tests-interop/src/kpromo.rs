//! kpromo's plan of a plain manifest, read from its log. Its scan of vulnerabilities reads inventories and judges edges as a
//! promotion does, and then stops; the promotion itself asks for keys on the internet first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::error::{Error, Result};
use xtask::process;

use crate::tools;

/// An edge: the source repository, the digest, the destination repository, and the tag if it has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) source: String,
    pub(crate) digest: String,
    pub(crate) destination: String,
    pub(crate) tag: Option<String>,
}

/// What kpromo says of edges, in promo's words. It says nothing of edges without a tag that are published.
pub(crate) type Verdicts = BTreeMap<Edge, &'static str>;

/// What kpromo made of a manifest.
pub(crate) struct Planned {
    pub(crate) verdicts: Verdicts,
    /// Whether it ended with success. Tag moves and conflicts are failures.
    pub(crate) is_content: bool,
    /// Its log.
    pub(crate) said: String,
}

/// kpromo's command.
#[derive(Debug)]
pub(crate) struct Kpromo {
    program: PathBuf,
    home: PathBuf,
}

/// What a line about an edge says, with promo's word for it.
const WORDS: [(&str, &str); 7] = [
    ("already promoted (case 1)", "present"),
    ("already promoted, but it is still _LOST_", "present"),
    ("is _LOST_", "lost"),
    ("tag moves are not supported", "tag-move"),
    ("tag move detected", "tag-move"),
    ("does not have the tag we want", "finish"),
    ("neither digest nor tag exists in dst", "promote"),
];

impl Kpromo {
    /// kpromo, built if it is missing, with an empty home.
    pub(crate) fn new(home: &Path) -> Result<Self> {
        Ok(Self {
            program: tools::kpromo()?,
            home: home.to_owned(),
        })
    }

    /// Plans a manifest.
    pub(crate) fn plan(&self, manifest: &Path) -> Result<Planned> {
        let mut command = Command::new(&self.program);
        command.args(["cip", "--log-level", "debug"]);
        command.args(["--vuln-severity-threshold", "5", "--manifest"]);
        // Nobody's credentials: a metadata server where nothing listens.
        command
            .arg(manifest)
            .env_clear()
            .env("HOME", &self.home)
            .env("GCE_METADATA_HOST", "127.0.0.1:9");
        let output = process::capture(&mut command)?;
        let said = output.stderr;
        let mut verdicts = Verdicts::new();
        for line in said.lines() {
            if let Some((edge, verdict)) = judged(line)? {
                verdicts.insert(edge, verdict);
            }
        }
        Ok(Planned {
            verdicts,
            is_content: output.status.success(),
            said,
        })
    }
}

/// An edge and its verdict, if a line is about one.
fn judged(line: &str) -> Result<Option<(Edge, &'static str)>> {
    let Some(parts) = parts(line) else {
        return Ok(None);
    };
    let (edge, message) = parts;
    let verdict = WORDS.iter().find(|(words, _)| message.contains(words));
    let (_, verdict) =
        verdict.ok_or_else(|| Error::unmet(format!("kpromo says something unknown: {line}")))?;
    Ok(Some((edge, verdict)))
}

/// `edge {{SOURCE   true} {IMAGE TAG} DIGEST {DESTINATION   false} {IMAGE TAG}}: MESSAGE`
fn parts(line: &str) -> Option<(Edge, &str)> {
    let (_, edge) = line.split_once("msg=\"edge {{")?;
    let (source, rest) = edge.split_once(' ')?;
    let (_, rest) = rest.split_once("true} {")?;
    let (image, rest) = rest.split_once(' ')?;
    let (tag, rest) = rest.split_once("} ")?;
    let (digest, rest) = rest.split_once(" {")?;
    let (destination, rest) = rest.split_once(' ')?;
    let (_, message) = rest.split_once("}}: ")?;
    let edge = Edge {
        source: format!("{source}/{image}"),
        digest: digest.to_owned(),
        destination: format!("{destination}/{image}"),
        tag: (!tag.is_empty()).then(|| tag.to_owned()),
    };
    Some((edge, message))
}

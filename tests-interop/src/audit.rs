//! Auditing a production repository from outside: has every tag its evidence?
//!
//! Only structure is looked at here, quickly and after every kill; whether signatures are right is for cosign to say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::digest::sha256;
use crate::http::Client;
use xtask::error::{Error, Result};

const SIGNATURE_TYPE: &str = "https://sigstore.dev/cosign/sign/v1";

/// One repository of one registry.
#[derive(Debug)]
pub(crate) struct Repository {
    client: Client,
    name: String,
}

/// What stands beside a digest.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Evidence {
    /// Signatures in the tag `sha256-<hex>.sig`.
    pub(crate) signatures: usize,
    /// Attestations in the tag `sha256-<hex>.att`.
    pub(crate) attestations: usize,
    /// The predicate types of the bundles, sorted.
    pub(crate) bundles: Vec<String>,
}

impl Repository {
    pub(crate) fn new(client: Client, name: &str) -> Self {
        Self {
            client,
            name: name.to_owned(),
        }
    }

    /// Each tag that is no evidence itself, with the digest that it points to.
    pub(crate) fn tags(&self) -> Result<Vec<(String, String)>> {
        self.tags_that(|name| !name.starts_with("sha256-"))
    }

    /// Each tag, with the digest that it points to.
    pub(crate) fn all_tags(&self) -> Result<Vec<(String, String)>> {
        self.tags_that(|_| true)
    }

    fn tags_that(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, String)>> {
        let Some(list) = self
            .client
            .get(&format!("/v2/{}/tags/list", self.name))?
            .found()?
        else {
            return Ok(Vec::new());
        };
        let names: Vec<String> = match parse(&list, "a tag list")?.get("tags") {
            Some(Value::Array(tags)) => tags
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        };
        let mut tags = Vec::new();
        for name in names.into_iter().filter(|name| is_wanted(name)) {
            if let Some(manifest) = self.manifest(&name)? {
                tags.push((name, sha256(&manifest)));
            }
        }
        Ok(tags)
    }

    /// Demands evidence for every tag; returns how many tags there are.
    pub(crate) fn demand_evidence_of_tags(&self) -> Result<usize> {
        let tags = self.tags()?;
        for (tag, digest) in &tags {
            self.demand_evidence(digest, tag)?;
        }
        Ok(tags.len())
    }

    /// Demands evidence for a digest if it can be pulled.
    pub(crate) fn demand_evidence_of_digest(&self, digest: &str) -> Result<()> {
        match self.manifest(digest)? {
            Some(_) => self.demand_evidence(digest, digest),
            None => Ok(()),
        }
    }

    /// Whether a manifest is there.
    pub(crate) fn has(&self, reference: &str) -> Result<bool> {
        self.client
            .has(&format!("/v2/{}/manifests/{reference}", self.name))
    }

    /// Demands everything that a manifest names: its blobs, its children, and theirs.
    pub(crate) fn demand_content(&self, digest: &str) -> Result<()> {
        let manifest = parse(&self.demand(self.manifest(digest)?, digest)?, digest)?;
        let configuration = manifest.get("config").into_iter().cloned();
        for blob in array(&manifest, "layers").into_iter().chain(configuration) {
            let blob = text(&blob, "/digest")?;
            if !self
                .client
                .has(&format!("/v2/{}/blobs/{blob}", self.name))?
            {
                self.demand(None, blob)?;
            }
        }
        for child in array(&manifest, "manifests") {
            self.demand_content(text(&child, "/digest")?)?;
        }
        Ok(())
    }

    /// Demands a signature in both formats and an attestation.
    fn demand_evidence(&self, digest: &str, shown: &str) -> Result<()> {
        let evidence = self.evidence(digest)?;
        let signed = evidence
            .bundles
            .iter()
            .any(|predicate| predicate == SIGNATURE_TYPE);
        let attested = evidence
            .bundles
            .iter()
            .any(|predicate| predicate != SIGNATURE_TYPE);
        if evidence.signatures > 0 && signed && attested {
            return Ok(());
        }
        let what = format!("{} {shown} ({digest})", self.name);
        Err(Error::unmet(format!(
            "{what} is published without its evidence: {evidence:?}"
        )))
    }

    /// Reads the evidence of a digest.
    pub(crate) fn evidence(&self, digest: &str) -> Result<Evidence> {
        let fallback = digest.replace(':', "-");
        let mut evidence = Evidence {
            signatures: self.layers(&format!("{fallback}.sig"))?,
            attestations: self.layers(&format!("{fallback}.att"))?,
            bundles: Vec::new(),
        };
        let native = self
            .client
            .get(&format!("/v2/{}/referrers/{digest}", self.name))?
            .found()?;
        let Some(index) =
            native.map_or_else(|| self.manifest(&fallback), |index| Ok(Some(index)))?
        else {
            return Ok(evidence);
        };
        for descriptor in array(&parse(&index, "an index of referrers")?, "manifests") {
            evidence
                .bundles
                .push(self.predicate_type(text(&descriptor, "/digest")?)?);
        }
        evidence.bundles.sort();
        Ok(evidence)
    }

    /// The digests of the children of an index.
    pub(crate) fn children(&self, digest: &str) -> Result<Vec<String>> {
        let index = self.demand(self.manifest(digest)?, digest)?;
        let children = array(&parse(&index, "an index")?, "manifests");
        let digest = |child: &Value| text(child, "/digest").map(str::to_owned);
        children.iter().map(digest).collect()
    }

    /// How many layers the image under a tag has, if it is there.
    fn layers(&self, tag: &str) -> Result<usize> {
        Ok(match self.manifest(tag)? {
            Some(manifest) => array(&parse(&manifest, tag)?, "layers").len(),
            None => 0,
        })
    }

    /// What the bundle in a referring manifest is about.
    fn predicate_type(&self, digest: &str) -> Result<String> {
        let manifest = self.demand(self.manifest(digest)?, digest)?;
        let manifest = parse(&manifest, "a bundle's manifest")?;
        let layer = text(&manifest, "/layers/0/digest")?.to_owned();
        let blob = self
            .client
            .get(&format!("/v2/{}/blobs/{layer}", self.name))?
            .found()?;
        let bundle = parse(&self.demand(blob, &layer)?, "a bundle")?;
        let payload = STANDARD.decode(text(&bundle, "/dsseEnvelope/payload")?);
        let payload = payload.map_err(|error| Error::document("a bundle's payload", error))?;
        text(&parse(&payload, "a statement")?, "/predicateType").map(str::to_owned)
    }

    fn manifest(&self, reference: &str) -> Result<Option<Vec<u8>>> {
        self.client
            .get(&format!("/v2/{}/manifests/{reference}", self.name))?
            .found()
    }

    fn demand(&self, found: Option<Vec<u8>>, what: &str) -> Result<Vec<u8>> {
        found.ok_or_else(|| {
            Error::unmet(format!(
                "{} refers to {what}, which is not there",
                self.name
            ))
        })
    }
}

fn parse(bytes: &[u8], what: &str) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|error| Error::document(what, error))
}

fn array(value: &Value, name: &str) -> Vec<Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| Error::document("evidence", format!("it has no {pointer}")))
}

//! What a trust document means: its keys are read, its names are looked up, contradictions are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use promo_core::pipeline::trust::is_reserved;
use promo_core::ports::SignerName;
use promo_core::trust::{
    KeyValidity, KeylessSigner, Need, Pattern, Revocation, Trust, TrustedSigner,
};
use promo_sign::{PublicKey, SigstoreRepository, TrustedRoot};
use toml::Spanned;

use super::{NamedFiles, raw};
use crate::error::Error;
use crate::text::Text;
use crate::tuf::RepositoryUrl;

/// What stands as `schema` in documents that are read.
const SCHEMA: &str = "promo.trust/v1";

/// What a document means.
pub(super) struct Checked {
    pub(super) trust: Trust,
    pub(super) keys: Vec<PublicKey>,
    pub(super) roots: Vec<Arc<TrustedRoot>>,
    pub(super) repositories: Vec<SigstoreRepository>,
    pub(super) carried: BTreeSet<String>,
}

/// What is wrong with a document.
pub(super) enum Wrong {
    /// Something at this byte.
    At { start: usize, message: String },
    /// A file that it names.
    File(Box<Error>),
}

/// What this document means.
pub(super) fn document(raw: raw::Document, named: &dyn NamedFiles) -> Result<Checked, Wrong> {
    if raw.schema.get_ref() != SCHEMA {
        return Err(at(&raw.schema, format!("the schema has to be `{SCHEMA}`")));
    }
    if raw.signer.is_empty() {
        let message =
            "it names no signer: `[signer.NAME]` with the `key` of each, or `issuer` and `subject`";
        return Err(at(&raw.schema, message.to_owned()));
    }
    let mut trust = Trust::nobody();
    let mut keys: BTreeMap<String, (SignerName, PublicKey)> = BTreeMap::new();
    let roots = roots(&raw.roots, named)?;
    let repositories = repositories(&raw.tuf, named)?;
    let has_roots = !roots.is_empty() || !repositories.is_empty();
    for (Text(name), signer) in raw.signer {
        let Some(key) = &signer.get_ref().key else {
            let holder = holder(&signer, has_roots)?;
            trust = trust.with_signer(name, TrustedSigner::Keyless(holder));
            continue;
        };
        let key = signer_key(&signer, key, named)?;
        let fingerprint = key.fingerprint();
        if let Some((other, _)) = keys.get(&fingerprint.to_string()) {
            let message = format!("`{name}` has the same key as `{other}`: a key is one signer");
            return Err(at(&signer, message));
        }
        let validity = validity(&signer)?;
        keys.insert(fingerprint.to_string(), (name.clone(), key));
        let trusted = TrustedSigner::Key {
            key: fingerprint,
            validity,
        };
        trust = trust.with_signer(name, trusted);
    }
    if let Some(need) = raw.signatures {
        let start = need.span().start;
        let need = checked_need(&trust, need.into_inner(), start)?;
        trust = trust.with_signature(need);
    }
    let (trust, carried) = with_attestations(trust, raw.attestations)?;
    Ok(Checked {
        trust,
        keys: keys.into_values().map(|(_, key)| key).collect(),
        roots,
        repositories,
        carried,
    })
}

/// The trust that needs this of attestations as well, and which of them are carried.
fn with_attestations(
    mut trust: Trust,
    all: BTreeMap<String, Spanned<raw::Attestations>>,
) -> Result<(Trust, BTreeSet<String>), Wrong> {
    let mut carried = BTreeSet::new();
    for (predicate_type, attestations) in all {
        let start = attestations.span().start;
        let (need, carry) = attestations.into_inner().split();
        if carry && is_reserved(&predicate_type) {
            let message = format!(
                "attestations of type {predicate_type} say what only promo may say in production, so they can't be carried"
            );
            return Err(Wrong::At { start, message });
        }
        if carry {
            carried.insert(predicate_type.clone());
        }
        let need = checked_need(&trust, need, start)?;
        trust = trust.with_attestation(predicate_type, need);
    }
    Ok((trust, carried))
}

fn roots(paths: &[PathBuf], named: &dyn NamedFiles) -> Result<Vec<Arc<TrustedRoot>>, Wrong> {
    let read = |path: &PathBuf| {
        let root = named.trusted_root(path);
        root.map(Arc::new)
            .map_err(|error| Wrong::File(Box::new(error)))
    };
    paths.iter().map(read).collect()
}

fn repositories(
    all: &[Spanned<raw::Tuf>],
    named: &dyn NamedFiles,
) -> Result<Vec<SigstoreRepository>, Wrong> {
    let mut known = BTreeSet::new();
    let mut checked = Vec::new();
    for tuf in all {
        let raw::Tuf { repository, root } = tuf.get_ref();
        let Text(RepositoryUrl(url)) = repository;
        if !known.insert(url) {
            return Err(at(tuf, format!("the repository {url} stands here twice")));
        }
        let repository = named.repository(url.clone(), root.as_deref());
        checked.push(repository.map_err(|error| Wrong::File(Box::new(error)))?);
    }
    Ok(checked)
}

fn names_holder(raw: &raw::Signer) -> bool {
    raw.issuer.is_some()
        || raw.issuer_matches.is_some()
        || raw.subject.is_some()
        || raw.subject_matches.is_some()
        || !raw.claims.is_empty()
}

/// Whoever holds a certificate as this signer says.
fn holder(signer: &Spanned<raw::Signer>, has_roots: bool) -> Result<KeylessSigner, Wrong> {
    let raw = signer.get_ref();
    let one = |name: &str, exact: &Option<String>, matches: &Option<String>| {
        let pattern = match (exact, matches) {
            (Some(exact), None) if !exact.is_empty() => Ok(Pattern::exact(exact.clone())),
            (None, Some(text)) => Pattern::expression(text.clone())
                .map_err(|error| format!("`{name}-matches`: {error}")),
            _ => Err(format!(
                "a signer has a `key`, or its `{name}` exactly or as `{name}-matches`"
            )),
        };
        pattern.map_err(|message| at(signer, message))
    };
    let issuer = one("issuer", &raw.issuer, &raw.issuer_matches)?;
    let subject = one("subject", &raw.subject, &raw.subject_matches)?;
    if raw.valid_from.is_some() || raw.valid_until.is_some() || raw.revoked.is_some() {
        let message = "`valid-from`, `valid-until` and `revoked` are for keys: a certificate has bounds of its own";
        return Err(at(signer, message.to_owned()));
    }
    if !has_roots {
        let message = "certificates are verified by `roots` or those of `[[tuf]]`, and the document names none";
        return Err(at(signer, message.to_owned()));
    }
    let claims = raw.claims.iter();
    let claims = claims.map(|(name, value)| (name.clone(), Pattern::exact(value.clone())));
    Ok(KeylessSigner {
        issuer,
        subject,
        claims: claims.collect(),
    })
}

/// The key of a signer who is nothing else.
fn signer_key(
    signer: &Spanned<raw::Signer>,
    key: &Path,
    named: &dyn NamedFiles,
) -> Result<PublicKey, Wrong> {
    if names_holder(signer.get_ref()) {
        let message = "a signer has a `key`, or `issuer` and `subject`, and not both";
        return Err(at(signer, message.to_owned()));
    }
    let key = named.public_key(key);
    key.map_err(|error| Wrong::File(Box::new(error)))
}

fn validity(signer: &Spanned<raw::Signer>) -> Result<KeyValidity, Wrong> {
    let raw = signer.get_ref();
    let (from, until) = (raw.valid_from, raw.valid_until);
    if let (Some(raw::Moment(from)), Some(raw::Moment(until))) = (from, until)
        && from >= until
    {
        return Err(at(
            signer,
            "`valid-until` has to be after `valid-from`".to_owned(),
        ));
    }
    let revoked = match (raw.revoked, raw.revoked_because) {
        (None, None) => None,
        (Some(raw::Moment(since)), Some(because)) => Some(Revocation {
            at: since,
            reason: because.into(),
        }),
        (Some(_), None) | (None, Some(_)) => {
            let message = "`revoked` and `revoked-because` go together: since when, and `compromised` or `superseded`";
            return Err(at(signer, message.to_owned()));
        }
    };
    Ok(KeyValidity {
        from: from.map(|raw::Moment(time)| time),
        until: until.map(|raw::Moment(time)| time),
        revoked,
    })
}

fn checked_need(trust: &Trust, raw: raw::Need, start: usize) -> Result<Need, Wrong> {
    let wrong = |message: String| Err(Wrong::At { start, message });
    let signers = match raw.signers {
        None => None,
        Some(names) => {
            let mut known = BTreeSet::new();
            for name in names {
                let Some((signer, _)) = trust.signers().get_key_value(name.as_str()) else {
                    return wrong(format!("no signer has the name `{name}`"));
                };
                known.insert(signer.clone());
            }
            Some(known)
        }
    };
    let at_least = raw.at_least.unwrap_or(NonZeroUsize::MIN);
    let possible = signers
        .as_ref()
        .map_or(trust.signers().len(), BTreeSet::len);
    let strictness = raw.otherwise.map(Into::into).unwrap_or_default();
    if at_least.get() > possible {
        return wrong(format!(
            "`at-least` is {at_least}, and {possible} signers could count"
        ));
    }
    Ok(Need {
        signers,
        at_least,
        log: !matches!(raw.log, raw::Logged::Any(false)),
        log_proof: matches!(raw.log, raw::Logged::Proven(_)),
        timestamp: raw.timestamp,
        max_age: raw.max_age.map(|Text(raw::Age(age))| age),
        strictness,
    })
}

fn at<T>(spanned: &Spanned<T>, message: String) -> Wrong {
    Wrong::At {
        start: spanned.span().start,
        message,
    }
}

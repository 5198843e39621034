//! Sigstore's public conformance suite (sigstore/sigstore-conformance, the folders of `test/assets/bundle-verify`): each of its
//! bundles is accepted or refused as the suite says, by the library, the witnesses, the certificate, and a trust in the
//! identity that the suite expects.
//!
//! Most of them sign the bytes of a file, which is no evidence about an image. So they enter below that rule: the file is
//! taken for the layer of a signature, and what it says isn't read. Statements go the whole way, by the file's digest.
//!
//! `fixtures/conformance` has the cases that may be kept here; the others are read where somebody has the suite.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use promo_core::oci::{Descriptor, Digest, MediaType};
use promo_core::ports::{
    AcceptedEvidence, CertificateFacts, Evidence, EvidenceBlob, EvidenceSet, ExaminedEvidence,
    Failure, SignatureFacts, SignerFacts, TagSuffix, Verifier,
};
use promo_core::trust::{AboutImage, Judge, KeylessSigner, Pattern, Trust, TrustedSigner};
use sigstore_verify::types::{Bundle, SignatureContent};

use super::beside_key::{BesideKey, judged};
use super::candidate::{self, Candidate, Origin};
use super::{BUNDLE, SIG, TrustedRoot, unread, witnesses};
use crate::refusal::Refusal;
use crate::{Error, PublicKey, codes, json};

/// Who has signed, where a case says nothing else.
const SUBJECT: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The commit of the suite whose cases are counted here, and how many of them there are, and are to be refused.
const COMMIT: &str = "a73de4970176d258e0154c530b89d20b89444e4d";
const CASES: usize = 70;
const REFUSED: usize = 49;

/// Cases of the suite that are refused here although it accepts them, each with the reason.
const STRICTER: [(&str, &str); 0] = [];

/// A folder of the suite.
struct Case {
    name: String,
    bundle: Vec<u8>,
    artifact: Vec<u8>,
    root: Result<TrustedRoot, Error>,
    key: Option<Result<PublicKey, Error>>,
    subject: String,
    issuer: String,
}

impl Case {
    /// What isn't in the folder is as for all.
    fn read(folder: &Path, artifact: &Path, production: &Path) -> Self {
        let own = |name: &str| fs::read(folder.join(name)).ok();
        let text = |name: &str| own(name).map(|bytes| String::from_utf8(bytes).unwrap());
        let root = own("trusted_root.json").unwrap_or_else(|| fs::read(production).unwrap());
        let key = own("key.pub").map(|pem| PublicKey::from_pem(&pem));
        let trimmed = |name: &str, otherwise: &str| {
            text(name).map_or_else(|| otherwise.to_owned(), |text| text.trim().to_owned())
        };
        Self {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            bundle: own("bundle.sigstore.json").unwrap(),
            artifact: own("artifact").unwrap_or_else(|| fs::read(artifact).unwrap()),
            root: TrustedRoot::from_json(&root),
            key,
            subject: trimmed("identity", SUBJECT),
            issuer: trimmed("issuer", ISSUER),
        }
    }

    fn has_to_be_refused(&self) -> bool {
        self.name.ends_with("_fail")
    }

    /// Whether it is accepted, and if not, why.
    async fn judged(&self) -> Result<(), String> {
        let digest = Digest::sha256_of(&self.artifact);
        let root = self.root.as_ref().map_err(ToString::to_string)?;
        let key = self.key.as_ref().map(Result::as_ref).transpose();
        let key = key.map_err(ToString::to_string)?;
        let facts = match key {
            Some(key) => self.facts_by_key(root, key),
            None => self.facts(root, &digest),
        };
        let facts = facts.ok_or("there is no signature in it")?;
        let signer = match key {
            Some(key) => TrustedSigner::Key {
                key: key.fingerprint(),
                validity: promo_core::trust::KeyValidity::default(),
            },
            None => TrustedSigner::Keyless(KeylessSigner {
                issuer: Pattern::exact(self.issuer.as_str()),
                subject: Pattern::exact(self.subject.as_str()),
                claims: [].into(),
            }),
        };
        let trust = Trust::nobody().with_signer("suite".parse().unwrap(), signer);
        let judge = Judge::new(Arc::new(Stated(facts)), Arc::new(trust));
        let about = AboutImage {
            digest: &digest,
            identity: None,
            now: Timestamp::now(),
        };
        let evidence = EvidenceSet {
            evidence: vec![Evidence::TagLayer {
                suffix: TagSuffix::Sig,
                layer: self.layer(),
            }],
            passed_over: Vec::new(),
        };
        let found = judge.verify(about, &evidence).await.unwrap();
        if found.accepted.is_empty() {
            return Err(format!("{:?} {:?}", found.refused, found.unknown));
        }
        Ok(())
    }

    fn layer(&self) -> EvidenceBlob {
        EvidenceBlob {
            descriptor: Descriptor::of(MediaType::SIMPLE_SIGNING, &self.artifact),
            bytes: self.artifact.clone().into(),
        }
    }

    fn facts(&self, root: &TrustedRoot, digest: &Digest) -> Option<SignatureFacts> {
        let found = match candidate::certified(&self.bundle)? {
            Ok(found) => found,
            Err(refusal) => return Some(refused(None, refusal)),
        };
        if let SignatureContent::DsseEnvelope(_) = found.content {
            let candidate = Candidate::of(found, Origin::Bundle);
            return root.layer(digest, Some(candidate), &BUNDLE).pop();
        }
        let candidate = Candidate::of(found, Origin::Signature(self.layer()));
        let read = candidate.and_then(|candidate| Ok((candidate.certificate()?, candidate)));
        let (certificate, candidate) = match read {
            Ok(read) => read,
            Err(refusal) => return Some(refused(None, refusal)),
        };
        let witnesses = match root.vouched(digest, &candidate) {
            Ok(witnesses) => witnesses,
            Err(failed) => return Some(refused(Some(certificate), failed.refusal)),
        };
        let signer = SignerFacts::Certificate(Box::new(certificate));
        Some(SignatureFacts {
            checks: root.held(&candidate),
            proven_times: witnesses.times,
            logs: witnesses.logs,
            signed_digest: Some(candidate.signed_digest()),
            ..SignatureFacts::new(SIG, signer)
        })
    }

    /// Of a signature over the file's bytes by a key, with what stands beside it.
    fn facts_by_key(&self, root: &TrustedRoot, key: &PublicKey) -> Option<SignatureFacts> {
        let found: Bundle = json::parse(&self.bundle)?;
        let material = found.verification_material;
        let beside = BesideKey {
            version: found.media_type,
            content: found.content,
            origin: Origin::Signature(self.layer()),
            entries: material.tlog_entries,
            tokens: material.timestamp_verification_data.rfc3161_timestamps,
            annotations: [].into(),
        };
        let signature = witnesses::signature(&beside.content)?;
        if !key.verifies(&self.artifact, signature.as_bytes()) {
            return None;
        }
        let signer = SignerFacts::Key(key.fingerprint());
        let digest = Digest::sha256_of(&self.artifact);
        Some(match judged([root], &digest, key, &beside)? {
            Ok(held) => SignatureFacts {
                proven_times: held.times,
                logs: held.logs,
                signed_digest: Some(beside.signed_digest()),
                ..SignatureFacts::new(SIG, signer)
            },
            Err(failed) => unread(SIG, signer, failed.refusal),
        })
    }
}

fn refused(certificate: Option<CertificateFacts>, refusal: Refusal) -> SignatureFacts {
    let signer = match certificate {
        Some(certificate) => SignerFacts::Certificate(Box::new(certificate)),
        None => SignerFacts::Unproven { claim: None },
    };
    unread(SIG, signer, refusal)
}

/// States these facts of whatever it is asked about: what was verified comes to the trust by the port.
#[derive(Debug)]
struct Stated(SignatureFacts);

#[async_trait]
impl Verifier for Stated {
    async fn examine(
        &self,
        _digest: &Digest,
        evidence: &EvidenceSet,
    ) -> Result<Vec<ExaminedEvidence>, Failure> {
        let pieces = evidence.evidence.iter();
        let examined = pieces.map(|piece| ExaminedEvidence {
            evidence: piece.clone(),
            signatures: vec![self.0.clone()],
        });
        Ok(examined.collect())
    }

    fn carried(
        &self,
        _accepted: &AcceptedEvidence,
        _subject: &Descriptor,
    ) -> Result<Evidence, Failure> {
        Err(crate::verifier::NOT_ACCEPTED.into())
    }
}

/// Judges each case below a folder; how many there are, and how many are refused.
async fn judge_all(folder: &Path, production: &Path) -> (usize, usize) {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let (mut refused, mut others) = (0, Vec::new());
    for path in &folders {
        let case = Case::read(path, &folder.join("a.txt"), production);
        let judged = case.judged().await;
        refused += usize::from(judged.is_err());
        let stricter = STRICTER.iter().any(|(name, _)| *name == case.name);
        if judged.is_err() != (case.has_to_be_refused() || stricter) {
            others.push(format!("{}: {judged:?}", case.name));
        }
        println!("{}: {judged:?}", case.name);
    }
    assert_eq!(others, [] as [String; 0]);
    (folders.len(), refused)
}

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/conformance")
}

#[tokio::test]
async fn kept_cases_are_judged_as_the_suite_says() {
    let production = kept().join("trusted_root.json");
    assert_eq!(judge_all(&kept(), &production).await, (7, 3));
}

/// Whoever changes what is signed, or asks for another key or identity, is refused in each of the kept cases.
#[tokio::test]
async fn kept_cases_hold_for_nothing_else() {
    let read = |name: &str| {
        let production = kept().join("trusted_root.json");
        Case::read(&kept().join(name), &kept().join("a.txt"), &production)
    };
    let accepted = [
        "happy-path-intoto-in-dsse-v3",
        "happy-path-v0.1",
        "managed-key-happy-path",
        "rekor2-timestamp-with-embedded-cert",
    ];
    for name in accepted {
        read(name).judged().await.unwrap();
        let other = Case {
            artifact: b"something else".to_vec(),
            ..read(name)
        };
        other.judged().await.unwrap_err();
        let key = crate::SigningKey::generate().unwrap();
        let other = Case {
            key: Some(Ok(key.public_key().clone())),
            ..read(name)
        };
        other.judged().await.unwrap_err();
        if read(name).key.is_none() {
            for (subject, issuer) in [("somebody@promo.example", ISSUER), (SUBJECT, SUBJECT)] {
                let other = Case {
                    subject: subject.to_owned(),
                    issuer: issuer.to_owned(),
                    ..read(name)
                };
                other.judged().await.unwrap_err();
            }
        }
    }
}

/// The suite's own case of that has further faults, and would be refused anyway.
#[tokio::test]
async fn a_root_in_the_chain_is_refused() {
    let production = kept().join("trusted_root.json");
    let folder = kept().join("happy-path-v0.1");
    let mut case = Case::read(&folder, &kept().join("a.txt"), &production);
    case.judged().await.unwrap();
    let root: serde_json::Value = serde_json::from_slice(&fs::read(&production).unwrap()).unwrap();
    let authority = "/certificateAuthorities/0/certChain/certificates/0";
    let mut bundle: serde_json::Value = serde_json::from_slice(&case.bundle).unwrap();
    let chain = "/verificationMaterial/x509CertificateChain/certificates";
    let chain = bundle.pointer_mut(chain).unwrap().as_array_mut().unwrap();
    chain.push(root.pointer(authority).unwrap().clone());
    case.bundle = serde_json::to_vec(&bundle).unwrap();
    let facts = case.facts(
        case.root.as_ref().unwrap(),
        &Digest::sha256_of(&case.artifact),
    );
    let facts = facts.unwrap();
    assert_eq!(facts.failure().unwrap().code, codes::CERTIFICATE_CHAIN);
}

/// `PROMO_CONFORMANCE_SUITE` names the folder `test/assets/bundle-verify` of the suite at [`COMMIT`]; without it this is told, not
/// checked.
#[tokio::test]
async fn all_cases_are_judged_as_the_suite_says() {
    let Some(folder) = std::env::var_os("PROMO_CONFORMANCE_SUITE") else {
        println!("PROMO_CONFORMANCE_SUITE is not set: only the cases that are kept were checked");
        return;
    };
    let production = kept().join("trusted_root.json");
    let judged = judge_all(Path::new(&folder), &production).await;
    let expected = (CASES, REFUSED + STRICTER.len());
    assert_eq!(judged, expected, "the suite of commit {COMMIT}");
}

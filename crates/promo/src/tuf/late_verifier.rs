//! [`LateVerifier`]: examines evidence by trusted roots of TUF repositories, which it reads when there is evidence. Where
//! nothing is signed nothing is asked.

use std::sync::Arc;

use async_trait::async_trait;
use promo_core::oci::{Descriptor, Digest};
use promo_core::ports::{
    AcceptedEvidence, Evidence, EvidenceSet, ExaminedEvidence, Failure, Verifier,
};
use promo_sign::{EvidenceVerifier, KeyVerifier, SigstoreRepository, TrustedRoot};
use tokio::sync::OnceCell;

use super::Access;

/// A verifier that isn't whole yet.
#[derive(Debug)]
pub(crate) struct LateVerifier {
    keys: KeyVerifier,
    roots: Vec<Arc<TrustedRoot>>,
    repositories: Vec<SigstoreRepository>,
    access: Access,
    /// One that can't be made stays so: what can't be read for one image isn't asked for again for the next.
    whole: OnceCell<Result<EvidenceVerifier, Failure>>,
}

impl LateVerifier {
    /// A verifier that knows these keys and roots, and those of the repositories.
    pub(crate) fn new(
        keys: KeyVerifier,
        roots: Vec<Arc<TrustedRoot>>,
        repositories: Vec<SigstoreRepository>,
        access: Access,
    ) -> Self {
        Self {
            keys,
            roots,
            repositories,
            access,
            whole: OnceCell::new(),
        }
    }

    async fn whole(&self) -> Result<&EvidenceVerifier, Failure> {
        let made = self.whole.get_or_init(|| self.read()).await;
        made.as_ref().map_err(Clone::clone)
    }

    async fn read(&self) -> Result<EvidenceVerifier, Failure> {
        let mut roots = self.roots.clone();
        for repository in &self.repositories {
            let mut documents = self.access.read(repository).await?;
            roots.push(Arc::new(documents.trusted_root().await?));
        }
        Ok(EvidenceVerifier::new(self.keys.clone(), roots))
    }
}

#[async_trait]
impl Verifier for LateVerifier {
    async fn examine(
        &self,
        digest: &Digest,
        evidence: &EvidenceSet,
    ) -> Result<Vec<ExaminedEvidence>, Failure> {
        if evidence.evidence.is_empty() {
            return Ok(Vec::new());
        }
        self.whole().await?.examine(digest, evidence).await
    }

    fn carried(
        &self,
        accepted: &AcceptedEvidence,
        subject: &Descriptor,
    ) -> Result<Evidence, Failure> {
        match self.whole.get() {
            Some(Ok(whole)) => whole.carried(accepted, subject),
            Some(Err(failure)) => Err(failure.clone()),
            // What was accepted was examined, so that nobody comes here; by keys alone it would still hold.
            None => self.keys.carried(accepted, subject),
        }
    }
}

//! Reads the evidence about a digest, all of it or up to a bound, and says what was passed over. Where it stands is found
//! out in `places`; whether it is true, nobody asks here.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use promo_core::oci::{Descriptor, Digest, MediaType, RawManifest, Repository};
use promo_core::ports::{
    BoundedEvidence, Evidence, EvidenceBlob, EvidenceForms, EvidenceSet, Failure, TagSuffix,
};

use super::places::Listed;
use super::{OciEvidenceStore, blob};
use crate::Error;
use crate::limits::{
    CONCURRENCY, MAX_BLOB, MAX_BOUNDED, MAX_LAYERS, MAX_MISSING, MAX_PIECES, MAX_WHOLE,
};
use crate::manifest::{self, ImageManifest, ReferrerForm};

/// What is kept of [`MAX_BOUNDED`] for what is read later: after `.sig`, and after the referrers.
const AFTER_SIG: u64 = 30 * MEBI;
const AFTER_REFERRERS: u64 = 6 * MEBI;
const MEBI: u64 = 1024 * 1024;
/// The limits as a person reads them.
const PIECES: &str = "1,000 pieces";
const TOTAL: &str = "64 MiB";

/// One read of the evidence about a digest.
pub(super) struct Reading<'a> {
    pub(super) store: &'a OciEvidenceStore,
    pub(super) repository: &'a Repository,
    pub(super) digest: &'a Digest,
    /// Bytes that may still be read.
    allowance: AtomicU64,
    /// Whether what is too much is left out instead of an error, and is counted here.
    pub(super) bounded: bool,
    unread: AtomicU64,
}

type Recognised<T> = Result<T, &'static str>;
/// What was read under a digest, or why not.
type Piece = (Digest, Recognised<Evidence>);

/// Why a piece was not read, if what is too much is left out.
const UNREAD: &str = "it was not read: there is too much";
/// Why a piece that is listed is passed over.
const NOT_THERE: &str = "it is listed but not there";

impl<'a> Reading<'a> {
    /// All of it.
    pub(super) fn whole(
        store: &'a OciEvidenceStore,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> Self {
        Self {
            store,
            repository,
            digest,
            allowance: AtomicU64::new(MAX_WHOLE),
            bounded: false,
            unread: AtomicU64::new(0),
        }
    }

    /// As much as the bounds allow.
    pub(super) fn bounded(
        store: &'a OciEvidenceStore,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> Self {
        Self {
            allowance: AtomicU64::new(MAX_BOUNDED),
            bounded: true,
            ..Self::whole(store, repository, digest)
        }
    }

    /// Reads everything in these forms, or fails.
    pub(super) async fn all(&self, forms: EvidenceForms) -> Result<EvidenceSet, Failure> {
        let places = self.places(forms).await?;
        let listed = [places.referrers, places.sig, places.att];
        let listed = listed.into_iter().flatten().collect();
        let mut set = EvidenceSet::default();
        add(&mut set, self.pieces(listed, 0).await?);
        Ok(set)
    }

    /// Reads what the bounds allow. Each kind has its share, so that none keeps the others from being read.
    pub(super) async fn some(&self) -> Result<BoundedEvidence, Failure> {
        let places = self.places(EvidenceForms::ALL).await?;
        let sig = self.pieces(places.sig, AFTER_SIG).await?;
        let mut referrers = self.pieces(places.referrers, AFTER_REFERRERS).await?;
        referrers.sort_by_key(|(digest, _)| *digest);
        let att = self.pieces(places.att, 0).await?;
        let mut set = EvidenceSet::default();
        for pieces in [referrers, sig, att] {
            add(&mut set, pieces);
        }
        Ok(BoundedEvidence {
            set,
            unread: self.unread.load(Ordering::Relaxed),
        })
    }

    /// Reads those referrers that the list says are of a predicate type, or of which it says nothing. What is known
    /// already is not read again: it has the same digest, and is listed.
    pub(super) async fn attestations(
        &self,
        predicate_type: &str,
        known: &[Evidence],
        set: &mut EvidenceSet,
    ) -> Result<(), Failure> {
        let registry = &self.store.registry;
        let list = registry.referrers(self.repository, self.digest).await?;
        if list.descriptors.len() > MAX_PIECES {
            return Err(self.too_much(PIECES));
        }
        for found in list.descriptors {
            let is_known = |piece: &&Evidence| matches!(piece, Evidence::Referrer { manifest, .. } if manifest.digest() == found.digest);
            if let Some(piece) = known.iter().find(is_known) {
                set.evidence.push(piece.clone());
                return Ok(());
            }
            let said = found.annotations.get(manifest::BUNDLE_PREDICATE_TYPE);
            if said.is_some_and(|said| said != predicate_type) {
                continue;
            }
            match self.referrer(found.digest, 0).await? {
                Ok(evidence) => set.evidence.push(evidence),
                Err(reason) => set.passed_over.push((found.digest, reason.to_owned())),
            }
        }
        Ok(())
    }

    async fn referrer(&self, digest: Digest, kept: u64) -> Result<Recognised<Evidence>, Failure> {
        let registry = &self.store.registry;
        let manifest = registry
            .get_manifest(self.repository, &digest.into())
            .await?;
        let (manifest, image) = match recognise(manifest, self.digest) {
            Ok(recognised) => recognised,
            Err(reason) => return Ok(Err(reason)),
        };
        if !self.take(manifest.bytes().len() as u64, kept)? {
            return Ok(Err(UNREAD));
        }
        let mut blobs: Vec<EvidenceBlob> = Vec::new();
        // To be judged, evidence needs no config.
        let config =
            (!self.bounded || blob::is_empty_config(&image.config)).then_some(&image.config);
        for descriptor in config.into_iter().chain(&image.layers) {
            let read = blobs
                .iter()
                .find(|blob| blob.descriptor.digest == descriptor.digest);
            if let Some(read) = read {
                if read.descriptor.size == descriptor.size {
                    continue;
                }
                return Ok(Err("it names a blob with two sizes"));
            }
            match self.blob(descriptor, kept).await? {
                Ok(blob) => blobs.push(blob),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        if blob::is_empty_config(&image.config) {
            self.store.shared.known.saw_empty_config(self.repository);
        }
        Ok(Ok(Evidence::Referrer { manifest, blobs }))
    }

    /// Reads a piece, or says why it is passed over.
    async fn piece(&self, listed: Listed, kept: u64) -> Result<Piece, Failure> {
        match listed {
            Listed::Referrer(digest) => Ok((digest, self.referrer(digest, kept).await?)),
            Listed::Foreign(suffix, digest) => Ok((digest, Err(no_image(suffix)))),
            Listed::Layer(suffix, layer) if layer.media_type.as_str() != layer_type(suffix) => {
                Ok((layer.digest, Err("its layer is of another type")))
            }
            Listed::Layer(suffix, layer) => {
                let read = self.blob(&layer, kept).await?;
                let read = read.map(|layer| Evidence::TagLayer { suffix, layer });
                Ok((layer.digest, read))
            }
        }
    }

    /// Reads a blob, as long as all blobs together are not too large to be held in memory.
    async fn blob(
        &self,
        descriptor: &Descriptor,
        kept: u64,
    ) -> Result<Recognised<EvidenceBlob>, Failure> {
        if descriptor.size <= MAX_BLOB && !self.take(descriptor.size, kept)? {
            return Ok(Err(UNREAD));
        }
        self.store.read_blob(self.repository, descriptor).await
    }

    /// Reads the pieces of a list, some at a time and in their order. What is listed and isn't there costs a request and
    /// tells nothing: up to a bound, reading ends where there is too much of it.
    async fn pieces(&self, listed: Vec<Listed>, kept: u64) -> Result<Vec<Piece>, Failure> {
        let mut remaining = listed.len() as u64;
        let reading = stream::iter(listed).map(|listed| self.piece(listed, kept));
        let mut reading = reading.buffered(CONCURRENCY);
        let (mut pieces, mut missing) = (Vec::new(), 0);
        while let Some(piece) = reading.try_next().await? {
            remaining -= 1;
            missing += usize::from(matches!(piece.1, Err(NOT_THERE | blob::MISSING)));
            pieces.push(piece);
            if self.bounded && missing >= MAX_MISSING {
                self.unread.fetch_add(remaining, Ordering::Relaxed);
                break;
            }
        }
        Ok(pieces)
    }

    /// As many as are read.
    pub(super) fn first<T>(&self, mut pieces: Vec<T>) -> Result<Vec<T>, Failure> {
        if pieces.len() > MAX_PIECES {
            if !self.bounded {
                return Err(self.too_much(PIECES));
            }
            let unread = pieces.split_off(MAX_PIECES).len() as u64;
            self.unread.fetch_add(unread, Ordering::Relaxed);
        }
        Ok(pieces)
    }

    /// Takes bytes from what may be read, of which `kept` must remain; or counts a piece as not read.
    fn take(&self, bytes: u64, kept: u64) -> Result<bool, Failure> {
        let taken = self
            .allowance
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes).filter(|left| *left >= kept)
            });
        if taken.is_ok() {
            return Ok(true);
        }
        if !self.bounded {
            return Err(self.too_much(TOTAL));
        }
        self.unread.fetch_add(1, Ordering::Relaxed);
        Ok(false)
    }

    fn too_much(&self, limit: &'static str) -> Failure {
        let error = Error::TooMuchEvidence {
            repository: self.repository.clone(),
            digest: *self.digest,
            limit,
        };
        error.into()
    }
}

fn add(set: &mut EvidenceSet, pieces: Vec<Piece>) {
    for (digest, piece) in pieces {
        match piece {
            Ok(evidence) => set.evidence.push(evidence),
            Err(reason) => set.passed_over.push((digest, reason.to_owned())),
        }
    }
}

const fn no_image(suffix: TagSuffix) -> &'static str {
    match suffix {
        TagSuffix::Sig => "it stands under .sig and is no image manifest",
        TagSuffix::Att => "it stands under .att and is no image manifest",
    }
}

/// The media type of the layers under a tag.
pub(super) const fn layer_type(suffix: TagSuffix) -> &'static str {
    match suffix {
        TagSuffix::Sig => MediaType::SIMPLE_SIGNING,
        TagSuffix::Att => MediaType::DSSE_ENVELOPE,
    }
}

/// Whether a manifest that is said to refer to `subject` is evidence about it.
fn recognise(
    manifest: Option<RawManifest>,
    subject: &Digest,
) -> Result<(RawManifest, ImageManifest), &'static str> {
    let manifest = manifest.ok_or(NOT_THERE)?;
    let image = ImageManifest::read(&manifest).ok_or("it is no image manifest")?;
    if image.subject.as_ref().map(|found| found.digest) != Some(*subject) {
        return Err("its subject is another digest");
    }
    if ReferrerForm::of(&image).is_none() {
        return Err("it is neither a signature nor an attestation in a form that is known");
    }
    if image.layers.len() > MAX_LAYERS {
        return Err("it has more layers than evidence has");
    }
    Ok((manifest, image))
}

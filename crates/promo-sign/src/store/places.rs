//! Where evidence about a digest stands: the list of its referrers, and what the images under `.sig` and `.att` name. All
//! that is wanted of it is asked for side by side; the pieces themselves are read in `read`.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join3;
use promo_core::oci::{Descriptor, Digest, MediaType};
use promo_core::ports::{EvidenceForm, EvidenceForms, Failure, TagSuffix};

use super::read::{Reading, layer_type};
use super::tag_image::TagImage;
use super::tag_update::SharedTag;
use crate::manifest::ImageManifest;

/// A piece of evidence before it is read.
pub(super) enum Listed {
    /// A manifest that is said to refer to the digest.
    Referrer(Digest),
    /// A layer of the image under a shared tag.
    Layer(TagSuffix, Descriptor),
    /// What stands under a shared tag and is no image.
    Foreign(TagSuffix, Digest),
}

/// What is read of each form, in the order in which it is read.
pub(super) struct Places {
    pub(super) referrers: Vec<Listed>,
    pub(super) sig: Vec<Listed>,
    pub(super) att: Vec<Listed>,
}

impl Reading<'_> {
    /// Asks for what stands in these forms, and for nothing else.
    pub(super) async fn places(&self, forms: EvidenceForms) -> Result<Places, Failure> {
        let (referrers, sig, att) = join3(
            self.list(forms),
            self.layers(forms, TagSuffix::Sig),
            self.layers(forms, TagSuffix::Att),
        )
        .await;
        Ok(Places {
            referrers: referrers?,
            sig: sig?,
            att: att?,
        })
    }

    async fn list(&self, forms: EvidenceForms) -> Result<Vec<Listed>, Failure> {
        if !forms.contains(EvidenceForm::Referrer) {
            return Ok(Vec::new());
        }
        let registry = &self.store.registry;
        let list = registry.referrers(self.repository, self.digest).await?;
        let found: BTreeSet<Digest> = list.descriptors.iter().map(|it| it.digest).collect();
        let mut order: Vec<Digest> = found.iter().copied().collect();
        if self.bounded {
            let ranks = ranks(&list.descriptors);
            order.sort_by_key(|digest| ranks.get(digest).copied());
        }
        let order = self.first(order)?;
        let known = &self.store.shared.known;
        known.saw_referrers(self.repository, self.digest, found);
        Ok(order.into_iter().map(Listed::Referrer).collect())
    }

    async fn layers(
        &self,
        forms: EvidenceForms,
        suffix: TagSuffix,
    ) -> Result<Vec<Listed>, Failure> {
        if !forms.contains(EvidenceForm::TagLayer(suffix)) {
            return Ok(Vec::new());
        }
        let tag = SharedTag {
            repository: self.repository.clone(),
            digest: *self.digest,
            suffix,
        };
        let registry = &self.store.registry;
        let known = &self.store.shared.known;
        let reference = tag.name().into();
        let Some(manifest) = registry.get_manifest(self.repository, &reference).await? else {
            known.saw_tag(&tag, None);
            return Ok(Vec::new());
        };
        if let Some(image) = TagImage::read(&manifest, layer_type(suffix)) {
            known.saw_tag(&tag, Some((manifest.digest(), image)));
        }
        let Some(image) = ImageManifest::read(&manifest) else {
            return Ok(vec![Listed::Foreign(suffix, manifest.digest())]);
        };
        let layers = self.first(image.layers)?.into_iter();
        Ok(layers.map(|layer| Listed::Layer(suffix, layer)).collect())
    }
}

/// In which order referrers are read: those that the list calls evidence before those of which it says nothing, and
/// what it calls something else last. It may lie, so nothing is left out by what it says.
fn ranks(listed: &[Descriptor]) -> BTreeMap<Digest, u8> {
    let mut ranks = BTreeMap::new();
    for descriptor in listed {
        let rank = match descriptor.artifact_type.as_deref() {
            Some(found) if found.starts_with("application/vnd.dev.sigstore.bundle") => 0,
            Some(found) if found.starts_with("application/vnd.dev.cosign.") => 0,
            None | Some("" | MediaType::OCI_EMPTY | MediaType::OCI_CONFIG) => 1,
            Some(_) => 2,
        };
        let least = ranks.entry(descriptor.digest).or_insert(rank);
        *least = rank.min(*least);
    }
    ranks
}

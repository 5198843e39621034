//! Sign: makes signatures stand at every destination, before the image itself is there.
//!
//! From here on images of one (identity, digest) go together: they share their evidence.

use std::sync::Arc;

use super::children;
use super::evidence_repository::Target;
use super::flow::{Flow, Run};
use super::group::{self, ImageGroup};
use super::making;
use super::outcome::{Blocked, EdgeOutcome};
use super::placing;
use super::promote::{Promoted, PromotedImage};
use crate::oci::Descriptor;
use crate::ports::{Evidence, Failure, Phase};

/// Images whose signatures stand.
#[derive(Debug)]
pub struct Signed {
    flow: Flow,
    passed: Vec<SignedImage>,
}

/// Proof that the signatures of one (identity, digest) stand at all its remaining destinations, or
/// that the run was told to go without. Only the end of this phase makes it.
#[derive(Debug)]
pub struct SignedImage(ImageGroup);

impl Promoted {
    /// Signs them.
    pub async fn sign(self) -> Signed {
        let (mut flow, passed) = self.into_parts();
        let groups = group::group(&flow.run, passed);
        let status = flow.run.evidence_status();
        let passed = flow.carry_out(Phase::Sign, status, groups, sign).await;
        Signed { flow, passed }
    }
}

impl Signed {
    /// The images whose signatures stand.
    pub fn passed(&self) -> &[SignedImage] {
        &self.passed
    }

    /// What the next phase works on.
    pub(super) fn into_parts(self) -> (Flow, Vec<ImageGroup>) {
        let passed = self.passed.into_iter().map(|image| image.0);
        (self.flow, passed.collect())
    }
}

impl SignedImage {
    /// The promotions of this image: one for each source it comes from.
    pub fn images(&self) -> &[PromotedImage] {
        &self.0.images
    }
}

async fn sign(run: Arc<Run>, mut image: ImageGroup) -> (Option<SignedImage>, Vec<EdgeOutcome>) {
    let Some(first) = image.first() else {
        return (None, Vec::new());
    };
    let name = format!("{}@{}", first.work().identity, first.work().digest);
    let result = if run.interrupt.is_raised() {
        Err(Blocked::interrupted(Phase::Sign))
    } else {
        sign_all(&run, &mut image).await
    };
    let (image, outcomes) = image.conclude(&run, Phase::Sign, name, result);
    (image.map(SignedImage), outcomes)
}

/// Signs the image and, where that is asked for, its children.
async fn sign_all(run: &Run, image: &mut ImageGroup) -> Result<(), Blocked> {
    let Some(first) = image.first() else {
        return Ok(());
    };
    let (identity, manifest) = (first.work().identity.clone(), first.manifest.clone());
    let descriptor = manifest.descriptor();
    let target = Target {
        identity: &identity,
        descriptor: &descriptor,
        manifest: Some(&manifest),
    };
    let carried = carried(run, &image.images, &descriptor)
        .map_err(|failure| Blocked::failed(Phase::Sign, &failure))?;
    making::sign(run, target, &mut image.repositories, &image.mirrors).await?;
    placing::carry(run, Phase::Sign, target, &mut image.repositories, &carried).await;
    children::sign(run, image).await
}

/// What all sources of the image carry, each piece once, in their order.
fn carried(
    run: &Run,
    images: &[PromotedImage],
    subject: &Descriptor,
) -> Result<Vec<Evidence>, Failure> {
    let mut carried: Vec<Evidence> = Vec::new();
    for image in images {
        for evidence in image.validated.carried(run, subject)? {
            if !carried.contains(&evidence) {
                carried.push(evidence);
            }
        }
    }
    Ok(carried)
}

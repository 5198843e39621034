//! What stands in production at a moment, looked at from outside by plain HTTP, and the laws that it keeps: nothing has a
//! tag, and no image is there, without its evidence; no manifest without its blobs and children; nothing goes away.

use std::collections::{BTreeMap, BTreeSet};

use super::stage::Image;
use crate::audit::Repository;
use crate::http::Client;
use xtask::error::{Error, Result};

/// Tags with their digests, and the images and their children, by repository.
#[derive(Debug, Default)]
pub(super) struct Standing {
    tags: BTreeMap<(String, String), String>,
    manifests: BTreeSet<(String, String)>,
}

impl Standing {
    /// Looks at everything that a round may have put, and holds it to the laws.
    pub(super) fn look(production: &Client, round: &str, images: &[Image]) -> Result<Self> {
        let mut standing = Self::default();
        for image in images {
            let repository =
                Repository::new(production.clone(), &format!("{round}/{}", image.name));
            standing.look_at(&repository, image)?;
        }
        Ok(standing)
    }

    fn look_at(&mut self, repository: &Repository, image: &Image) -> Result<()> {
        let mut content = BTreeSet::new();
        for (tag, digest) in repository.all_tags()? {
            if !tag.starts_with("sha256-") && digest != image.digest {
                let name = &image.name;
                return Err(Error::unmet(format!("{name}:{tag} is {digest}")));
            }
            content.insert(digest.clone());
            self.tags.insert((image.name.clone(), tag), digest);
        }
        // It has its evidence before it can be pulled, whether or not a tag leads to it.
        repository.demand_evidence_of_digest(&image.digest)?;
        for digest in image.children.iter().chain([&image.digest]) {
            if repository.has(digest)? {
                content.insert(digest.clone());
                self.manifests.insert((image.name.clone(), digest.clone()));
            }
        }
        content
            .iter()
            .try_for_each(|digest| repository.demand_content(digest))
    }

    /// How many tags of images there are.
    pub(super) fn published(&self) -> usize {
        let tags = self.tags.keys();
        tags.filter(|(_, tag)| !tag.starts_with("sha256-")).count()
    }

    /// How many there are to be.
    pub(super) fn wanted(images: &[Image]) -> usize {
        images.iter().map(|image| image.tags.len()).sum()
    }

    /// Demands every tag and every digest that is wanted.
    pub(super) fn demand_all(&self, round: &str, images: &[Image]) -> Result<()> {
        for image in images {
            let stands = |tag: &str| {
                let tag = (image.name.clone(), tag.to_owned());
                self.tags.get(&tag) == Some(&image.digest)
            };
            let is_there = self
                .manifests
                .contains(&(image.name.clone(), image.digest.clone()));
            if !is_there || !image.tags.iter().all(|tag| stands(tag)) {
                let name = &image.name;
                return Err(Error::unmet(format!("{round}/{name} isn't all there")));
            }
        }
        Ok(())
    }

    /// Demands that everything stands that stood before. A tag of evidence may list more than it did.
    pub(super) fn demand_still(&self, before: &Self) -> Result<()> {
        let mut tags = before.tags.iter();
        let lost = tags.find(|(tag, digest)| match self.tags.get(*tag) {
            Some(now) => now != *digest && !tag.1.starts_with("sha256-"),
            None => true,
        });
        let gone = before.manifests.difference(&self.manifests).next();
        match (lost, gone) {
            (None, None) => Ok(()),
            (lost, gone) => Err(Error::unmet(format!(
                "this stood before, and doesn't now: {lost:?}, {gone:?}"
            ))),
        }
    }
}

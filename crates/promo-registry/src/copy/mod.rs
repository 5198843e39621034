//! `RegistryCopier`: the `Copier` port over any `Registry`.
//!
//! An image's manifests are read from the source once (`graphs`, `graph`, `parse`). Then each destination gets what it
//! lacks at its own pace (`delivery`): the blobs, each at most once per host and run (`deliveries`) and read together
//! with whoever wants the same bytes at the same time (`transfer`), then the manifests below the image's own, children
//! before parents. The image's own manifest is not put: that is publish's work, last of all.
//!
//! # Requests
//!
//! What one copy sends, retries and tokens not counted. *B* is the number of different blobs of the image,
//! *M* that of the manifests below its own; "lacks" and "has" are what a destination does with a blob.
//!
//! | what | at the source | at a destination that lacks all | at one that has all |
//! |---|---|---|---|
//! | manifests | 1 + *M* GET | *M* PUT | *M* PUT |
//! | blobs | *B* GET for all destinations together | *B* POST (mount), *B* PUT | *B* POST (mount) |
//! | source on the same host | no blob GET | *B* POST (mount) | *B* POST (mount) |
//! | blobs that this run brought to the same repository | – | none | none |
//! | blobs that this run brought to another repository of the host | – | POST (mount) | POST (mount) |
//! | source and destination are the same repository | 1 + *M* GET | none | none |
//!
//! A request that has the image's own manifest saves the GET of it.
//!
//! No HEAD is sent, except for the blobs of Docker's schema 1, whose sizes its manifests don't tell: one
//! HEAD each at the source. A host that answers an error to the mount of a blob from the repository
//! itself gets one POST more for that blob, and no such mount again in this run. A host that doesn't mount
//! across repositories costs one more GET of the blob.
//!
//! Manifests that this run put into a repository are not put there again. A destination that is much slower than the
//! others, or that comes to a blob a second after them, gets its bytes by a GET of its own.

mod children;
mod deliveries;
mod delivery;
mod destinations;
mod error;
mod graph;
mod graphs;
mod parse;
mod settings;
mod transfer;
mod tries;

use std::sync::Arc;

use async_trait::async_trait;
use promo_core::oci::{Digest, RawManifest, Repository};
use promo_core::ports::{
    Contained, CopiedContent, Copier, CopyRequest, Failure, ImageSize, Observer, Registry,
};

use self::deliveries::Deliveries;
use self::delivery::ImageCopy;
use self::destinations::Destination;
pub use self::error::CopyError;
use self::graph::ImageGraph;
use self::graphs::Graphs;
pub use self::settings::CopySettings;
use self::transfer::Transfers;

/// Copies the content of images through a [`Registry`]. One value serves one run: it remembers what it
/// brought where.
#[derive(Debug)]
pub struct RegistryCopier {
    registry: Arc<dyn Registry>,
    observer: Arc<dyn Observer>,
    settings: CopySettings,
    deliveries: Arc<Deliveries>,
    graphs: Graphs,
    transfers: Transfers,
}

impl RegistryCopier {
    /// A copier for one run. The observer hears of uploads that are tried again; the bytes that are sent are
    /// told by the registry.
    pub fn new(
        registry: Arc<dyn Registry>,
        observer: Arc<dyn Observer>,
        settings: CopySettings,
    ) -> Self {
        // A panic at one destination is that destination's failure, not the image's.
        let registry: Arc<dyn Registry> = Arc::new(Contained::new(registry));
        Self {
            transfers: Transfers::new(Arc::clone(&registry), &settings),
            registry,
            observer: Arc::new(Contained::new(observer)),
            settings,
            deliveries: Arc::default(),
            graphs: Graphs::default(),
        }
    }
}

#[async_trait]
impl Copier for RegistryCopier {
    async fn copy(&self, request: &CopyRequest) -> Result<CopiedContent, Failure> {
        let source = &request.source;
        let graph = self.graphs.read(&*self.registry, request, &self.settings);
        let graph = graph.await?;
        let destinations: Vec<Destination> = request
            .destinations
            .iter()
            .map(|repository| Destination::new(repository.clone()))
            .collect();
        // What is in the source repository needs not be brought there.
        let elsewhere: Vec<&Destination> = destinations
            .iter()
            .filter(|destination| destination.repository() != source)
            .collect();
        let copy = ImageCopy::new(self, request, &graph);
        let mut left_behind = graph.elsewhere.clone();
        left_behind.extend(copy.run(&elsewhere).await?);
        let children = graph.children.iter().flatten();
        Ok(CopiedContent {
            manifest: graph.top.clone(),
            children: children.map(RawManifest::descriptor).collect(),
            left_behind,
            destinations: destinations.into_iter().map(Destination::finish).collect(),
        })
    }

    async fn measure(&self, source: &Repository, digest: &Digest) -> Result<ImageSize, Failure> {
        let graph = ImageGraph::read(&*self.registry, source, digest, None, &self.settings).await?;
        Ok(graph.size())
    }
}

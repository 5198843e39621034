//! The manifests of images that several copies of a run want at the same time: read once for all of them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use promo_core::oci::{Digest, Repository};
use promo_core::ports::{CopyRequest, Failure, Registry};
use tokio::sync::OnceCell;

use super::CopySettings;
use super::graph::ImageGraph;

/// How many readings are kept for copies that have not begun, those that were asked for last: who comes later reads anew.
const KEPT: usize = 256;

/// The readings that others of this run will ask for.
#[derive(Debug, Default)]
pub(super) struct Graphs(Mutex<VecDeque<Kept>>);

type Reading = Arc<OnceCell<Result<Arc<ImageGraph>, Failure>>>;

#[derive(Debug)]
struct Kept {
    source: Repository,
    digest: Digest,
    /// Destinations for which nobody has asked yet.
    expected: BTreeSet<Repository>,
    reading: Reading,
}

impl Graphs {
    /// The image of a request.
    pub(super) async fn read(
        &self,
        registry: &dyn Registry,
        request: &CopyRequest,
        settings: &CopySettings,
    ) -> Result<Arc<ImageGraph>, Failure> {
        let (source, digest) = (&request.source, &request.digest);
        let reading = self.reading(request);
        let read = || async {
            let known = request.manifest.as_ref();
            let graph = ImageGraph::read(registry, source, digest, known, settings).await;
            graph.map(Arc::new)
        };
        reading.get_or_init(read).await.clone()
    }

    fn reading(&self, request: &CopyRequest) -> Reading {
        let mut all = self.all();
        let of_request = |it: &Kept| it.digest == request.digest && it.source == request.source;
        let known = all.iter().position(of_request);
        let Some(mut kept) = known.and_then(|at| all.remove(at)) else {
            let reading = Reading::default();
            if !request.partners.is_empty() {
                all.truncate(KEPT - 1);
                all.push_front(Kept {
                    source: request.source.clone(),
                    digest: request.digest,
                    expected: request.partners.iter().cloned().collect(),
                    reading: Arc::clone(&reading),
                });
            }
            return reading;
        };
        for destination in &request.destinations {
            kept.expected.remove(destination);
        }
        let reading = Arc::clone(&kept.reading);
        if !kept.expected.is_empty() {
            all.push_front(kept);
        }
        reading
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

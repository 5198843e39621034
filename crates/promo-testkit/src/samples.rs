//! One image of each kind that promoters meet, the same bytes each time: what promo's demo promotes and what a registry for
//! trying things out holds.

use crate::image::{ArtifactBuilder, BuiltImage, ImageBuilder, IndexBuilder, Layer};
use crate::registry::EmbeddedRegistry;

/// One image, as a team would push it to staging.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SampleImage {
    /// What it is called, below the prefix of a registry.
    pub name: &'static str,
    /// The tags that it has in staging.
    pub tags: &'static [&'static str],
    /// What is particular about it, for a person.
    pub what: &'static str,
    /// The image.
    pub image: BuiltImage,
}

impl SampleImage {
    /// Puts it to a registry, below `prefix`, as a build would.
    pub fn push_to(&self, registry: &EmbeddedRegistry, prefix: &str) {
        let repository = format!("{prefix}/{}", self.name);
        self.image.push_untagged(&registry.state(), &repository);
        for tag in self.tags {
            self.image.push_to(&registry.state(), &repository, tag);
        }
    }
}

/// All of them, in the order in which the demo tells of them.
pub fn all() -> Vec<SampleImage> {
    let base = Layer::opaque(1, 200_000);
    let single = |file: &str| {
        ImageBuilder::new()
            .layer(base.clone())
            .layer(Layer::file(file, file))
            .build()
    };
    let platform = |architecture: &str| {
        ImageBuilder::new()
            .platform("linux", architecture)
            .layer(Layer::file("bin/server", architecture))
            .build()
    };
    let index = IndexBuilder::new()
        .image(platform("amd64"))
        .image(platform("arm64"))
        .build();
    let chart = ArtifactBuilder::new("application/vnd.example.chart.v1+json")
        .layer("application/vnd.example.chart.content.v1.tar", "a chart")
        .build();
    let promoted = |name, tags, what, image| SampleImage {
        name,
        tags,
        what,
        image,
    };
    vec![
        promoted("hello", &["v1.0.0"], "a single image", single("hello")),
        promoted(
            "server",
            &["v2.1.0", "latest"],
            "an index for two platforms",
            index,
        ),
        promoted(
            "client",
            &["v1.0.0"],
            "shares a layer with hello",
            single("client"),
        ),
        promoted("worker", &[], "a digest without a tag", single("worker")),
        promoted(
            "signed",
            &["v3.0.0"],
            "signed in staging by the build team",
            single("signed"),
        ),
        promoted("chart", &["v0.3.0"], "an artifact", chart),
    ]
}

//! Trees of promoter manifests of the shape of real ones, from a seed and a size.
//!
//! The largest public tree has 75 thin manifests, 822 images, 20,000 digests and 720,000 edges, and the
//! blemishes of what people write by hand. [`TreeShape::june_2024`] makes one like it, [`TreeShape::times`]
//! a larger one. The same shape gives the same bytes, everywhere and always.
//!
//! ```
//! use promo_core::manifest::ManifestSet;
//! use promo_testkit::tree::TreeShape;
//!
//! let tree = TreeShape::small(7).generate();
//! let set = ManifestSet::parse_thin(tree.files()).unwrap();
//! assert_eq!(set.summary().edges, tree.expected().edges);
//! ```

mod inventory;
mod write;

use std::fs;
use std::io;
use std::path::Path;

use promo_core::manifest::TreeFiles;

pub use inventory::Holdings;

/// Manifests of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// How many promoter manifests.
    pub manifests: u32,
    /// How many times the 22 regional hosts are destinations, each time with another path.
    pub paths: u32,
    /// Images of all of them together.
    pub images: u32,
    /// Entries of tags of all of them together.
    pub tags: u32,
}

/// What a tree looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeShape {
    seed: u64,
    hosts: u32,
    groups: Vec<Group>,
    has_blemishes: bool,
}

impl TreeShape {
    /// A shape of its own: groups of manifests, each with `paths` × `hosts` destinations.
    pub fn new(seed: u64, hosts: u32, groups: Vec<Group>) -> Self {
        Self {
            seed,
            hosts,
            groups,
            has_blemishes: true,
        }
    }

    /// The shape of the largest public tree in June 2024.
    pub fn june_2024(seed: u64) -> Self {
        let group = |manifests, paths, images, tags| Group {
            manifests,
            paths,
            images,
            tags,
        };
        let groups = vec![
            group(72, 1, 400, 7_489),
            group(2, 2, 416, 12_531),
            group(1, 3, 6, 66),
        ];
        Self::new(seed, 22, groups)
    }

    /// A shape with a bit of everything, for quick tests.
    pub fn small(seed: u64) -> Self {
        let group = |manifests, paths, images, tags| Group {
            manifests,
            paths,
            images,
            tags,
        };
        Self::new(seed, 3, vec![group(8, 1, 20, 90), group(1, 2, 5, 40)])
    }

    /// The same, so many times larger: more manifests of each kind.
    #[must_use]
    pub fn times(mut self, factor: u32) -> Self {
        for group in &mut self.groups {
            group.manifests *= factor;
            group.images *= factor;
            group.tags *= factor;
        }
        self
    }

    /// The same without comments-only files, bad digests, empty images and odd styles.
    #[must_use]
    pub fn without_blemishes(mut self) -> Self {
        self.has_blemishes = false;
        self
    }

    /// Makes the tree.
    pub fn generate(&self) -> GeneratedTree {
        write::tree(self)
    }

    /// Makes one plain manifest of so many images, each digest with one tag, without blemishes.
    pub fn plain(seed: u64, hosts: u32, images: u32, tags: u32) -> Vec<u8> {
        write::plain(seed, hosts, images, tags)
    }
}

/// How much there is in a generated tree, counted while it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expected {
    /// Promoter manifests.
    pub manifests: u64,
    /// Entries of images.
    pub images: u64,
    /// Tags of sound entries.
    pub tags: u64,
    /// One for each tag and destination.
    pub edges: u64,
    /// Bad entries.
    pub invalid: u64,
}

/// A tree that was made.
#[derive(Debug, Clone)]
pub struct GeneratedTree {
    files: TreeFiles,
    expected: Expected,
}

impl GeneratedTree {
    /// The files.
    pub fn files(&self) -> &TreeFiles {
        &self.files
    }

    /// How much there is.
    pub fn expected(&self) -> Expected {
        self.expected
    }

    /// The bytes of all files together.
    pub fn size(&self) -> usize {
        self.files.files().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Writes the tree into a folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn write_to(&self, dir: &Path) -> io::Result<()> {
        for (path, bytes) in self.files.files() {
            let file = dir.join(path);
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(file, bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

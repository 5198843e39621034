//! Writes the YAML of generated trees.

use std::fmt::Write as _;

use promo_core::manifest::TreeFiles;

use super::{Expected, GeneratedTree, Group, TreeShape};
use crate::random::Random;

/// What stands in the names of generated images.
const WORDS: [&str; 8] = [
    "pause",
    "kube-proxy",
    "csi-attacher",
    "coredns",
    "etcd",
    "node-problem-detector",
    "conformance",
    "e2e",
];

/// A tree that is being written.
struct Writer<'a> {
    shape: &'a TreeShape,
    random: Random,
    expected: Expected,
    files: TreeFiles,
    /// How many empty images and bad digests are still to come.
    empty_images: u32,
    bad_digests: u32,
}

pub(super) fn tree(shape: &TreeShape) -> GeneratedTree {
    let blemishes = u32::from(shape.has_blemishes);
    let mut writer = Writer {
        shape,
        random: Random::new(shape.seed),
        expected: Expected::default(),
        files: TreeFiles::new(),
        empty_images: 2 * blemishes,
        bad_digests: blemishes,
    };
    let mut number = 0;
    for group in &shape.groups {
        for index in 0..group.manifests {
            writer.manifest(group, index, number);
            number += 1;
        }
    }
    GeneratedTree {
        files: writer.files,
        expected: writer.expected,
    }
}

/// The part of `total` that falls to `index` of `count`.
fn part(total: u32, count: u32, index: u32) -> u32 {
    total / count + u32::from(index < total % count)
}

impl Writer<'_> {
    fn manifest(&mut self, group: &Group, index: u32, number: u32) {
        let project = format!("staging-{}-{number}", word(number));
        let registries = registries(&project, self.shape.hosts, group.paths);
        self.files.insert(
            format!("manifests/{project}/promoter-manifest.yaml"),
            registries,
        );
        self.expected.manifests += 1;
        // In one of four there is nothing but a comment; its share goes to the others.
        let quarter = |index: u32| self.shape.has_blemishes && index % 4 == 3;
        let full = (0..group.manifests)
            .filter(|index| !quarter(*index))
            .count();
        let full = u32::try_from(full).unwrap_or(u32::MAX);
        let text = if quarter(index) {
            "# No images yet.\n".to_owned()
        } else {
            let place = index
                - if self.shape.has_blemishes {
                    index / 4
                } else {
                    0
                };
            let images = part(group.images, full, place);
            let tags = part(group.tags, full, place);
            let destinations = u64::from(group.paths * self.shape.hosts);
            self.images(&project, images, tags, destinations)
        };
        self.files
            .insert(format!("images/{project}/images.yaml"), text);
    }

    fn images(&mut self, project: &str, images: u32, tags: u32, destinations: u64) -> String {
        let mut text = String::new();
        let mut tag = 0;
        for index in 0..images {
            // A few names stand twice, as they do in real files.
            let is_twice = self.shape.has_blemishes && index > 0 && self.random.one_in(60);
            let name = index - u32::from(is_twice);
            push(
                &mut text,
                format_args!("- name: {}-{project}-{name}\n", word(name)),
            );
            self.expected.images += 1;
            let count = part(tags, images, index);
            self.dmap(&mut text, tag, count, destinations);
            tag += count;
        }
        text
    }

    /// Writes the digests of an image with the tags from `first` on.
    fn dmap(&mut self, text: &mut String, first: u32, count: u32, destinations: u64) {
        if count == 0 || (self.empty_images > 0 && self.random.one_in(30)) {
            self.empty_images = self.empty_images.saturating_sub(1);
            text.push_str("  dmap: {}\n");
            if count == 0 {
                return;
            }
            // Its tags are not lost: they stand in an image of their own.
            push(
                text,
                format_args!("- name: more-{first}-{:x}\n", self.random.next()),
            );
            self.expected.images += 1;
        }
        text.push_str("  dmap:\n");
        let style = if self.shape.has_blemishes {
            self.random.next() % 50
        } else {
            9
        };
        let mut tag = first;
        while tag < first + count {
            // A few digests have two tags.
            let tags = 1 + u32::from(tag + 1 < first + count && self.random.one_in(160));
            self.entry(text, style, tag, tags);
            self.expected.tags += u64::from(tags);
            self.expected.edges += u64::from(tags) * destinations;
            tag += tags;
        }
        if self.bad_digests > 0 && self.random.one_in(10) {
            self.bad_digests -= 1;
            self.expected.invalid += 1;
            let hex = self.random.hex();
            let short = hex.split_at(63).0;
            push(
                text,
                format_args!("    \"sha256:{short}\": [\"v0.0.1-cut\"]\n"),
            );
        }
    }

    fn entry(&mut self, text: &mut String, style: u64, tag: u32, count: u32) {
        let hex = self.random.hex();
        let names =
            (tag..tag + count).map(|tag| format!("v{}.{}.{}", tag / 100, tag / 10 % 10, tag % 10));
        match style {
            // Most lines are as the tools write them; the others are by hand.
            0 => push(text, format_args!("    sha256:{hex}:\n")),
            1 => push(
                text,
                format_args!(
                    "    'sha256:{hex}' :   [ {} ]\n",
                    names.clone().collect::<Vec<_>>().join(" , ")
                ),
            ),
            2 => push(
                text,
                format_args!(
                    "    # by hand\n    sha256:{hex}: [{}]  # kept\n",
                    names.clone().collect::<Vec<_>>().join(",")
                ),
            ),
            _ => push(
                text,
                format_args!(
                    "    \"sha256:{hex}\": [\"{}\"]\n",
                    names.clone().collect::<Vec<_>>().join("\", \"")
                ),
            ),
        }
        if style == 0 {
            for name in names {
                push(text, format_args!("    - {name}\n"));
            }
        }
    }
}

fn word(number: u32) -> &'static str {
    let index = usize::try_from(number).unwrap_or_default() % WORDS.len();
    WORDS.get(index).copied().unwrap_or("pause")
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    text.write_fmt(arguments).unwrap_or_default();
}

fn registries(project: &str, hosts: u32, paths: u32) -> String {
    let mut text = format!(
        "# The project {project}.\nregistries:\n- name: staging.example/{project}\n  src: true\n"
    );
    for path in 0..paths {
        // The first path lies above the others, as it does in real trees.
        let path = match path {
            0 => "images".to_owned(),
            1 => format!("images/{project}"),
            more => format!("images-{more}/{project}"),
        };
        for host in 0..hosts {
            push(
                &mut text,
                format_args!(
                    "- name: region-{host}-docker.example/artifacts/{path}\n  service-account: promoter@artifacts.iam.example\n"
                ),
            );
        }
    }
    text
}

pub(super) fn plain(seed: u64, hosts: u32, images: u32, tags: u32) -> Vec<u8> {
    let shape = TreeShape::new(seed, hosts, Vec::new()).without_blemishes();
    let mut writer = Writer {
        shape: &shape,
        random: Random::new(seed),
        expected: Expected::default(),
        files: TreeFiles::new(),
        empty_images: 0,
        bad_digests: 0,
    };
    let mut text = registries("plain", hosts, 1);
    text.push_str("images:\n");
    text.push_str(&writer.images("plain", images, tags, u64::from(hosts)));
    text.into_bytes()
}

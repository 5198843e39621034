//! Serves a registry in which trees of promoter manifests have been promoted in part: `half_promoted DIR [TREE…]`.
//!
//! Generated trees, and the real ones in each folder TREE, are written into DIR as plain manifests, one for each promoter
//! manifest, with all registries moved below this one. What stands where is drawn by lot, from their digests alone: all
//! that can be about an edge is. It lists tags as Google's registries do, prints its address, and serves until
//! standard input ends. `cargo xtask interop` has kpromo and promo plan the same against it.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use promo_core::manifest::{ManifestSet, PromoterManifest};
use promo_core::oci::{Digest, RegistryPath};
use promo_testkit::registry::{EmbeddedRegistry, RegistryOptions, RegistryState};
use promo_testkit::tree::TreeShape;

const SEEDS: std::ops::Range<u64> = 1..6;
const MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("usage: half_promoted DIR [TREE…]")?;
    let registry = EmbeddedRegistry::start(RegistryOptions::default().log_capacity(1)).await?;
    registry.switch(|switches| switches.google_listing = true);
    let generated = SEEDS.map(|seed| {
        let tree = TreeShape::small(seed).generate();
        ManifestSet::parse_thin(tree.files())
    });
    let real = arguments.map(|tree| ManifestSet::load_thin(&tree));
    let mut number = 0;
    for set in generated.chain(real) {
        for manifest in set?.manifests() {
            if manifest.images().is_empty() {
                continue;
            }
            if has_nested_registries(manifest) {
                let file = manifest.file();
                writeln!(
                    std::io::stderr(),
                    "left out, a registry lies in another: {file}"
                )?;
                continue;
            }
            number += 1;
            let text = plain(manifest, &registry.host());
            std::fs::write(folder.join(format!("{number:03}.yaml")), text)?;
            deal(manifest, &registry.state());
        }
    }
    writeln!(std::io::stdout(), "{}", registry.host())?;
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    ended.await??;
    Ok(())
}

/// Whether a registry lies in another: what kpromo finds there is a matter of chance.
fn has_nested_registries(manifest: &PromoterManifest) -> bool {
    let all = || manifest.destinations().iter().chain([manifest.source()]);
    let is_in = |one: &RegistryPath, other: &RegistryPath| {
        let image = one.join("image");
        image.is_ok_and(|image| other.relative(&image).is_some())
    };
    let others = |one: &RegistryPath| all().filter(|other| is_in(one, other)).count();
    all().any(|one| others(one) > 1)
}

fn plain(manifest: &PromoterManifest, host: &str) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = writeln!(
        text,
        "registries:\n- name: {host}/{}\n  src: true",
        manifest.source()
    );
    for destination in manifest.destinations() {
        let _ = writeln!(text, "- name: {host}/{destination}");
    }
    text.push_str("images:\n");
    for image in manifest
        .images()
        .iter()
        .filter(|image| !image.digests().is_empty())
    {
        let _ = writeln!(text, "- name: {}\n  dmap:", image.name());
        for entry in image.digests() {
            let tags: Vec<_> = entry
                .tags()
                .iter()
                .map(|tag| format!("\"{}\"", tag.tag()))
                .collect();
            let _ = writeln!(text, "    \"{}\": [{}]", entry.digest(), tags.join(", "));
        }
    }
    text
}

/// Puts into the registry what an earlier promotion may have left.
fn deal(manifest: &PromoterManifest, state: &RegistryState) {
    let other = Digest::sha256_of(b"another image");
    let older = Digest::sha256_of(b"an older image");
    let put = |repository: &str, digest: &Digest| {
        state.put_manifest_as(repository, &digest.to_string(), MEDIA_TYPE, "{}");
    };
    for image in manifest.images() {
        // kpromo gives up at a repository that isn't there: Google's registries list it as empty.
        for registry in manifest.destinations().iter().chain([manifest.source()]) {
            put(&format!("{registry}/{}", image.name()), &older);
        }
        for entry in image.digests() {
            let digest = entry.digest();
            let source = format!("{}/{}", manifest.source(), image.name());
            if !lot(&[&source, &digest.to_string()]).is_multiple_of(8) {
                put(&source, &digest);
            }
            for registry in manifest.destinations() {
                let repository = format!("{registry}/{}", image.name());
                let is_there = lot(&[&repository, &digest.to_string()]).is_multiple_of(2);
                if entry.tags().is_empty() && is_there {
                    put(&repository, &digest);
                }
                for tag in entry.tags() {
                    let tag = tag.tag().as_str();
                    match lot(&[&repository, tag]) % 6 {
                        0 | 1 => {
                            put(&repository, &digest);
                            state.tag(&repository, tag, &digest.to_string());
                        }
                        2 => put(&repository, &digest),
                        3 => {
                            put(&repository, &other);
                            state.tag(&repository, tag, &other.to_string());
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}

/// A number that follows from texts.
fn lot(texts: &[&str]) -> u8 {
    let digest = Digest::sha256_of(texts.join(" ").as_bytes());
    digest.as_bytes().first().copied().unwrap_or_default()
}

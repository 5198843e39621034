//! Writes generated promoter manifests: `tree thin DIR [TIMES]` a tree of the shape of the largest public one, or so many
//! times larger; `tree plain FILE` one file with as many tags, for 22 destinations.
//!
//! Prints how much there is: the edges and the bytes. The measurements of the plan start from it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use promo_testkit::tree::TreeShape;

const SEED: u64 = 2024;
const HOSTS: u32 = 22;
const IMAGES: u32 = 822;
const TAGS: u32 = 20_086;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (edges, bytes) = match arguments.as_slice() {
        ["thin", dir] => thin(Path::new(dir), 1)?,
        ["thin", dir, times] => thin(Path::new(dir), times.parse()?)?,
        ["plain", file] => plain(Path::new(file))?,
        _ => return Err("usage: tree thin DIR [TIMES] | tree plain FILE".into()),
    };
    writeln!(std::io::stdout(), "{edges} {bytes}")?;
    Ok(())
}

fn thin(dir: &Path, times: u32) -> std::io::Result<(u64, usize)> {
    let tree = TreeShape::june_2024(SEED).times(times).generate();
    tree.write_to(dir)?;
    Ok((tree.expected().edges, tree.size()))
}

fn plain(file: &Path) -> std::io::Result<(u64, usize)> {
    let text = TreeShape::plain(SEED, HOSTS, IMAGES, TAGS);
    fs::write(file, &text)?;
    Ok((u64::from(TAGS) * u64::from(HOSTS), text.len()))
}

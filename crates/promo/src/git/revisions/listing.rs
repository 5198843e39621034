//! What git lists and prints, and which of it is read.

use std::collections::BTreeSet;

use super::{MAX_FILE, unclear};
use crate::error::Result;

/// The paths of files that are read over these links: links to files, and the images of projects in linked folders.
pub(super) fn read_through(links: &[Listed], listed: &[Listed]) -> BTreeSet<String> {
    let is_read =
        |path: &str| path.ends_with("/promoter-manifest.yaml") || path.ends_with("/images.yaml");
    let direct = links.iter().map(|link| link.path.clone());
    let all: BTreeSet<String> = direct.filter(|path| is_read(path)).collect();
    let files = listed.iter().map(|entry| entry.path.as_str());
    let projects = files.chain(all.iter().map(String::as_str));
    let projects = projects.filter_map(|path| {
        let project = path.strip_prefix("manifests/")?;
        project.strip_suffix("/promoter-manifest.yaml")
    });
    let is_linked = |folder: &str| {
        links
            .iter()
            .any(|link| link.path == "images" || link.path == folder)
    };
    let images = projects
        .map(|project| format!("images/{project}"))
        .filter(|folder| is_linked(folder))
        .map(|folder| format!("{folder}/images.yaml"));
    images
        .collect::<BTreeSet<_>>()
        .into_iter()
        .chain(all.clone())
        .collect()
}

/// One entry of git's listing.
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) is_link: bool,
}

impl Listed {
    /// `MODE TYPE ID SIZE<tab>PATH`; nothing for what is neither file nor link.
    pub(super) fn parse(line: &str) -> Result<Option<Self>> {
        let not_understood = || unclear("git's listing can't be understood");
        let (head, path) = line.split_once('\t').ok_or_else(not_understood)?;
        let mut fields = head.split_ascii_whitespace();
        let mode = fields.next().ok_or_else(not_understood)?;
        let kind = fields.next().ok_or_else(not_understood)?;
        let id = fields.next().ok_or_else(not_understood)?;
        if kind != "blob" {
            return Ok(None);
        }
        let size: u64 = fields
            .next()
            .and_then(|size| size.parse().ok())
            .ok_or_else(not_understood)?;
        if size > MAX_FILE {
            return Err(unclear(&format!("`{path}` has {size} bytes there")));
        }
        Ok(Some(Self {
            id: id.to_owned(),
            path: path.to_owned(),
            is_link: mode == "120000",
        }))
    }
}

/// The first content of `git cat-file --batch`, and what follows it: `ID blob SIZE<lf>CONTENT<lf>`.
pub(super) fn one_of_batch(output: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = output.iter().position(|byte| *byte == b'\n')?;
    let (head, rest) = output.split_at_checked(end)?;
    let head = std::str::from_utf8(head).ok()?;
    let size: usize = head
        .strip_suffix('\r')
        .unwrap_or(head)
        .rsplit(' ')
        .next()?
        .parse()
        .ok()?;
    let (content, rest) = rest.get(1..)?.split_at_checked(size)?;
    Some((content, rest.get(1..)?))
}

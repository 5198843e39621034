//! The promoter manifests as they were at another revision: the base of what changed since then.
//!
//! git is asked for commits and for the content of files. What a shallow clone lacks is said with the command that
//! fetches it.

mod listing;

use std::path::Path;

use jiff::Timestamp;
use promo_core::manifest::{ManifestSet, TreeFiles};

use self::listing::{Listed, one_of_batch, read_through};
use super::{Git, NoAnswer};
use crate::error::{Error, Result, RevisionError};
use crate::tree::TreeSource;

/// Since when changes count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// Since this revision: a branch, a tag, a commit, or an expression such as `HEAD^`.
    Revision(String),
    /// Since the state before the first commit after this date, as git understands dates.
    Date(String),
}

/// The most bytes that one file of a revision may have: 64 MiB. Files that are larger than promo reads are
/// refused when they are parsed.
const MAX_FILE: u64 = 64 << 20;

impl Git {
    /// The promoter manifests of `source` as they were then. Nothing if no commit was made since that date: then nothing
    /// changed. Manifests that weren't there yet are an empty set. `now` bounds dates: what isn't past is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Revision`] (`PROMO-X015`) if git doesn't know it, or what stood there can't be compared with.
    pub fn manifests_since(
        &self,
        source: &TreeSource,
        since: &Since,
        now: Timestamp,
    ) -> Result<Option<ManifestSet>> {
        let repository = Repository::of(self, source);
        let commit = match since {
            Since::Revision(name) => repository.commit(name)?,
            Since::Date(date) => match repository.before(date, now)? {
                Before::NothingSince => return Ok(None),
                Before::FirstCommit => return Ok(Some(ManifestSet::default())),
                Before::Commit(commit) => commit,
            },
        };
        repository.manifests(source, &commit).map(Some)
    }
}

/// What stood before the commits since a date.
enum Before {
    /// There are no commits since.
    NothingSince,
    /// All commits of the repository are since then.
    FirstCommit,
    Commit(String),
}

/// The work tree that the manifests stand in.
struct Repository<'a> {
    git: &'a Git,
    folder: &'a Path,
}

impl<'a> Repository<'a> {
    fn of(git: &'a Git, source: &'a TreeSource) -> Self {
        let folder = match source {
            TreeSource::Thin(folder) => folder,
            TreeSource::Plain(file) => file.parent().unwrap_or(file),
        };
        let here = folder.as_os_str().is_empty();
        Self {
            git,
            folder: if here { Path::new(".") } else { folder },
        }
    }

    /// The commit that a revision names.
    fn commit(&self, name: &str) -> Result<String> {
        let wanted = format!("{name}^{{commit}}");
        let found = self.text(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &wanted,
        ]);
        match found {
            Ok(commit) => Ok(commit),
            Err(error) if self.text(&["rev-parse", "--git-dir"]).is_err() => Err(error),
            Err(_) => Err(RevisionError::Unknown {
                name: name.to_owned(),
                is_shallow: self.is_shallow(),
            }
            .into()),
        }
    }

    /// The commit before the first one since `date`, along first parents: what a merge brought in counts from the
    /// merge on.
    fn before(&self, date: &str, now: Timestamp) -> Result<Before> {
        self.check_date(date, now)?;
        let since = format!("--since={date}");
        let commits = self.text(&["log", "--first-parent", "--format=%H", &since, "HEAD", "--"])?;
        let Some(oldest) = commits.lines().last() else {
            return Ok(Before::NothingSince);
        };
        let parent = format!("{oldest}^");
        if let Ok(commit) = self.text(&["rev-parse", "--verify", "--quiet", &parent]) {
            return Ok(Before::Commit(commit));
        }
        // In a shallow clone the commit itself still says that it has a parent.
        let raw = self.text(&["cat-file", "commit", oldest])?;
        let header = raw.split("\n\n").next().unwrap_or_default();
        if header.lines().any(|line| line.starts_with("parent ")) {
            return Err(RevisionError::TooShallow(date.to_owned()).into());
        }
        Ok(Before::FirstCommit)
    }

    /// Refuses a date that git doesn't understand: git takes it for now, and nothing would seem to have changed.
    fn check_date(&self, date: &str, now: Timestamp) -> Result<()> {
        let understood = self.text(&["rev-parse", &format!("--since={date}")])?;
        let second = understood.strip_prefix("--max-age=");
        match second.and_then(|second| second.trim().parse::<i64>().ok()) {
            Some(second) if second < now.as_second() => Ok(()),
            _ => Err(RevisionError::NoPastDate(date.to_owned()).into()),
        }
    }

    fn is_shallow(&self) -> bool {
        self.text(&["rev-parse", "--is-shallow-repository"])
            .is_ok_and(|text| text == "true")
    }

    fn manifests(&self, source: &TreeSource, commit: &str) -> Result<ManifestSet> {
        let loaded = match source {
            TreeSource::Plain(file) => {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let mut listed = self.listed(commit, &[&name])?;
                let content = if listed.first().is_some_and(|entry| entry.is_link) {
                    self.followed(commit, &name)?
                } else {
                    listed.truncate(1);
                    self.contents(&listed)?.pop()
                };
                match content {
                    Some(bytes) => ManifestSet::parse_plain(&file.to_string_lossy(), &bytes),
                    None => return Ok(ManifestSet::default()),
                }
            }
            TreeSource::Thin(_) => {
                let files = self.tree(commit)?;
                if files == TreeFiles::new() {
                    return Ok(ManifestSet::default());
                }
                ManifestSet::parse_thin(&files)
            }
        };
        loaded.map_err(|error| {
            RevisionError::Manifests {
                commit: commit.to_owned(),
                source: Box::new(error),
            }
            .into()
        })
    }

    fn tree(&self, commit: &str) -> Result<TreeFiles> {
        let folders = [
            "manifests",
            "images",
            "promoter-manifest.yaml",
            "images.yaml",
        ];
        let (links, mut listed): (Vec<_>, Vec<_>) = self
            .listed(commit, &folders)?
            .into_iter()
            .partition(|entry| entry.is_link);
        listed.retain(|entry| {
            let name = entry.path.rsplit('/').next();
            matches!(name, Some("promoter-manifest.yaml" | "images.yaml"))
        });
        let mut files = TreeFiles::new();
        if links.iter().any(|link| link.path == "manifests") {
            files.insert_bad_link("manifests");
        }
        for path in read_through(&links, &listed) {
            match self.followed(commit, &path)? {
                Some(bytes) => files.insert(path, bytes),
                None => files.insert_bad_link(path),
            }
        }
        let contents = self.contents(&listed)?;
        for (entry, bytes) in listed.into_iter().zip(contents) {
            files.insert(entry.path, bytes);
        }
        Ok(files)
    }

    /// The files and links of a commit below these names, which are relative to the folder.
    fn listed(&self, commit: &str, names: &[&str]) -> Result<Vec<Listed>> {
        let mut arguments = vec!["ls-tree", "-r", "-l", "-z", commit, "--"];
        arguments.extend(names);
        let output = self.bytes(&arguments, None)?;
        let text = String::from_utf8_lossy(&output);
        let entries = text.split('\0').filter(|line| !line.is_empty());
        entries
            .filter_map(|line| Listed::parse(line).transpose())
            .collect()
    }

    /// The contents of files, all by one process.
    fn contents(&self, files: &[Listed]) -> Result<Vec<Vec<u8>>> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let names: String = files.iter().flat_map(|file| [&file.id, "\n"]).collect();
        let output = self.bytes(&["cat-file", "--batch"], Some(names.into_bytes()))?;
        let mut rest = output.as_slice();
        let mut contents = Vec::with_capacity(files.len());
        for _ in files {
            let (content, after) =
                one_of_batch(rest).ok_or_else(|| unclear("git gave an answer without its end"))?;
            contents.push(content.to_vec());
            rest = after;
        }
        Ok(contents)
    }

    /// The content that a path of a commit leads to over symbolic links; nothing if that is no file of the repository.
    fn followed(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>> {
        if path.contains('\n') {
            return Ok(None);
        }
        let name = format!("{commit}:./{path}\n");
        let arguments = ["cat-file", "--batch", "--follow-symlinks"];
        let output = self.bytes(&arguments, Some(name.into_bytes()))?;
        let head = output.split(|byte| *byte == b'\n').next();
        let head = String::from_utf8_lossy(head.unwrap_or_default()).into_owned();
        let is_file = head.split(' ').nth(1) == Some("blob");
        Ok(one_of_batch(&output)
            .filter(|_| is_file)
            .map(|(content, _)| content.to_vec()))
    }

    fn text(&self, arguments: &[&str]) -> Result<String> {
        Ok(self.git.text(self.folder, arguments)?)
    }

    fn bytes(&self, arguments: &[&str], input: Option<Vec<u8>>) -> Result<Vec<u8>> {
        Ok(self.git.bytes(self.folder, arguments, input)?)
    }
}

impl From<NoAnswer> for Error {
    fn from(error: NoAnswer) -> Self {
        unclear(&error.to_string())
    }
}

fn unclear(problem: &str) -> Error {
    RevisionError::Git(problem.to_owned()).into()
}

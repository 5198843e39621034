//! The promoter manifests as they were at another revision: the base of `--since`.
//!
//! git is asked for commits and for the content of files, never told to change anything: nothing is fetched or
//! checked out, and no hook or filter runs. What a shallow clone lacks is said with the command that fetches it.

mod listing;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use promo_core::Code;
use promo_core::manifest::{ManifestSet, TreeFiles};
use promo_core::ports::Clock as _;

use self::listing::{Listed, one_of_batch, read_through};
use super::{Environment, TreeSource};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::time::SystemClock;

/// Since when changes count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Since {
    /// Since this revision: a branch, a tag, a commit, or an expression such as `HEAD^`.
    Revision(String),
    /// Since the state before the first commit after this date, as git understands dates.
    Date(String),
}

/// The most bytes that one file of a revision may have: 64 MiB. Files that are larger than promo reads are
/// refused when they are parsed.
const MAX_FILE: u64 = 64 << 20;

impl Since {
    /// The revision that a Prow job is compared with: for a pull request its base, after a merge the commit before it.
    pub(crate) fn of_prow(environment: &Environment) -> Result<Self> {
        let wrong = |message: String, hint: &str| Error::Usage {
            message,
            hint: hint.to_owned(),
        };
        match environment.text("JOB_TYPE").as_deref() {
            Some("presubmit" | "batch") => environment
                .text("PULL_BASE_SHA")
                .map(Self::Revision)
                .ok_or_else(|| {
                    wrong(
                        "PULL_BASE_SHA is not set".to_owned(),
                        "Prow sets it for presubmits; elsewhere pass `--manifest-diff-since DATE`",
                    )
                }),
            Some("postsubmit") => Ok(Self::Revision("HEAD^".to_owned())),
            Some(other) => Err(wrong(
                format!("JOB_TYPE is `{other}`: such a job has no revision to compare with"),
                "for periodic jobs pass `--manifest-diff-since DATE`",
            )),
            None => Err(wrong(
                "JOB_TYPE is not set: this is no job of Prow".to_owned(),
                "pass `--manifest-diff-since DATE`",
            )),
        }
    }
}

/// The promoter manifests of `source` as they were then. Nothing if no commit was made since that date: then nothing
/// changed. Manifests that weren't there yet are an empty set.
pub(crate) fn manifests_since(source: &TreeSource, since: &Since) -> Result<Option<ManifestSet>> {
    let repository = Repository::of(source);
    let commit = match since {
        Since::Revision(name) => repository.commit(name)?,
        Since::Date(date) => match repository.before(date)? {
            Before::NothingSince => return Ok(None),
            Before::FirstCommit => return Ok(Some(ManifestSet::default())),
            Before::Commit(commit) => commit,
        },
    };
    repository.manifests(source, &commit).map(Some)
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
    folder: &'a Path,
}

impl<'a> Repository<'a> {
    fn of(source: &'a TreeSource) -> Self {
        let folder = match source {
            TreeSource::Thin(folder) => folder,
            TreeSource::Plain(file) => file.parent().unwrap_or(file),
        };
        let here = folder.as_os_str().is_empty();
        Self {
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
            Err(_) => Err(unknown(name, self.is_shallow())),
        }
    }

    /// The commit before the first one since `date`, along first parents: what a merge brought in counts from the
    /// merge on.
    fn before(&self, date: &str) -> Result<Before> {
        self.check_date(date)?;
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
            return Err(too_shallow(date));
        }
        Ok(Before::FirstCommit)
    }

    /// Refuses a date that git doesn't understand: git takes it for now, and nothing would seem to have changed.
    fn check_date(&self, date: &str) -> Result<()> {
        let now = SystemClock.now().as_second();
        let understood = self.text(&["rev-parse", &format!("--since={date}")])?;
        let second = understood.strip_prefix("--max-age=");
        match second.and_then(|second| second.trim().parse::<i64>().ok()) {
            Some(second) if second < now => Ok(()),
            _ => Err(no_past_date(date)),
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
        loaded.map_err(|error| Error::Other {
            message: format!(
                "the promoter manifests of the commit {commit} can't be compared with"
            ),
            code: REVISION,
            hints: vec!["name another revision, one whose manifests are sound".to_owned()],
            exit: Exit::Usage,
            source: Some(Box::new(error)),
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
                one_of_batch(rest).ok_or_else(|| failed("git gave an answer without its end"))?;
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
        let output = self.bytes(arguments, None)?;
        Ok(String::from_utf8_lossy(&output).trim_end().to_owned())
    }

    fn bytes(&self, arguments: &[&str], input: Option<Vec<u8>>) -> Result<Vec<u8>> {
        let stdin = if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        let mut child = Command::new("git")
            .arg("-C")
            .arg(self.folder)
            .args(["-c", "core.fsmonitor=false"])
            .args(arguments)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&format!("git can't be run: {error}")))?;
        // The names are written while the contents are read: both pipes may be full.
        let writer = child.stdin.take().zip(input);
        let writer = writer.map(|(mut stdin, input)| {
            std::thread::spawn(move || {
                // If git doesn't read them, what it says is the error.
                let _unread = stdin.write_all(&input);
            })
        });
        let output = child
            .wait_with_output()
            .map_err(|error| failed(&format!("git can't be run: {error}")))?;
        if let Some(writer) = writer {
            let _ended = writer.join();
        }
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(failed(said.trim().lines().next().unwrap_or("git failed")))
    }
}

/// A revision of the promoter manifests can't be read.
const REVISION: Code = Code::new("PROMO-X015");

fn failed(message: &str) -> Error {
    revision_error(
        format!("the earlier promoter manifests can't be read: {message}"),
        Vec::new(),
    )
}

fn unknown(name: &str, is_shallow: bool) -> Error {
    let hint = if is_shallow {
        format!(
            "this clone is shallow: `git fetch --depth=1 origin {name}` fetches a commit or a branch, \
             `git fetch --deepen=1` what `HEAD^` needs, `git fetch --unshallow` everything"
        )
    } else {
        format!("`git fetch origin {name}` fetches it if it is elsewhere")
    };
    revision_error(format!("git knows no commit `{name}` here"), vec![hint])
}

fn no_past_date(date: &str) -> Error {
    let message = format!("`{date}` is no date in the past that git understands");
    let hint = "write it as git does, such as `14 days` or `2024-06-01`".to_owned();
    revision_error(message, vec![hint])
}

fn too_shallow(date: &str) -> Error {
    let message = format!("this clone is too shallow to know what stood here before `{date}`");
    let hint = format!(
        "`git fetch --shallow-since='{date}' && git fetch --deepen=1`, or `git fetch --unshallow`"
    );
    revision_error(message, vec![hint])
}

fn revision_error(message: String, hints: Vec<String>) -> Error {
    Error::Other {
        message,
        code: REVISION,
        hints,
        exit: Exit::Usage,
        source: None,
    }
}

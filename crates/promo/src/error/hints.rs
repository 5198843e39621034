//! What to do about an error, in words of settings and files. A frontend may know better, by its flags.

use std::path::Path;

use promo_core::plan::Unmatched;

use super::Error;
use crate::counted::counted;

impl Error {
    /// What to do about it, one sentence each.
    pub fn hints(&self) -> Vec<String> {
        let hint: String = match self {
            Self::Setting { expected, .. } => format!("expected: {expected}"),
            Self::Argument { expected, .. } => (*expected).to_owned(),
            Self::TwoTrees { .. } => "keep one of `manifest` and `thin-manifest-dir`".to_owned(),
            Self::NoPlaceForLogins => {
                "name one in REGISTRY_AUTH_FILE, or set HOME or DOCKER_CONFIG".to_owned()
            }
            Self::Pattern(_) => {
                "in a glob `*` stands for anything, `?` for one character".to_owned()
            }
            Self::Unmatched(unmatched) => what_there_is(unmatched),
            Self::TagMoves { .. } => {
                "each entry has `repository`, `tag`, `from` and `to` (digests in full)".to_owned()
            }
            Self::Taken { .. } => {
                "copy it to another tag, or promote it: a tag moves only by review".to_owned()
            }
            Self::OtherTree { .. } => {
                "the plan was made for other promoter manifests: make it anew".to_owned()
            }
            Self::IsARepository { .. } => {
                "take the snapshot of the path above it: names in a snapshot are relative \
                                           to the registry"
                    .to_owned()
            }
            Self::Image { .. } => {
                "an image is written HOST/NAME:TAG or HOST/NAME@sha256:DIGEST".to_owned()
            }
            Self::Key { path, source }
                if matches!(**source, promo_sign::Error::OtherHalf { .. }) =>
            {
                other_half(path, source)
            }
            Self::KeyReference { scheme, .. } => key_reference(scheme),
            Self::Key { source, .. } | Self::Sign(source) => {
                return source.hints().iter().map(|&hint| hint.to_owned()).collect();
            }
            Self::Revision(error) => return error.hints(),
            Self::NotAPlan { source, .. } => return source.hints(),
            Self::NotAnInventory { source, .. } => return source.hints(),
            Self::Edit { source, .. } => return source.hints(),
            Self::Placement(error) => return error.hints(),
            Self::IdentityToken(error) => return error.hints(),
            Self::Manifests(error) => return error.hints(),
            Self::Run(error) => return error.hints(),
            Self::Port(failure) => return failure.hints().to_vec(),
            _ => return Vec::new(),
        };
        vec![hint]
    }
}

/// The file that is to be named instead: both halves of a pair stand side by side.
fn other_half(path: &Path, source: &promo_sign::Error) -> String {
    let ending = match source {
        promo_sign::Error::OtherHalf {
            needed: "public", ..
        } => "pub",
        _ => "key",
    };
    format!(
        "give its other half, `{}`",
        path.with_extension(ending).display()
    )
}

/// What to do in place of naming a key that is no file.
fn key_reference(scheme: &str) -> String {
    match scheme {
        "env" => "write the key into a file that only you can read, and name the file".to_owned(),
        "http" | "https" => "fetch the key, look at it, and name the file".to_owned(),
        _ => "sign with a key in a file, or keyless with the identity of the machine or the job"
            .to_owned(),
    }
}

/// What there is instead of what a pattern looked for.
fn what_there_is(unmatched: &Unmatched) -> String {
    match unmatched {
        Unmatched::Image { count, nearest, .. } => known(*count, "image", nearest),
        Unmatched::Destination { count, nearest, .. } => known(*count, "destination", nearest),
        _ => "an image goes to the destinations of its own promoter manifest".to_owned(),
    }
}

fn known(count: usize, noun: &str, nearest: &[String]) -> String {
    let names: Vec<_> = nearest.iter().map(|name| format!("`{name}`")).collect();
    let there = counted(count as u64, noun);
    match (count, names.join(", ")) {
        (0, _) => format!("the promoter manifests have no {noun}"),
        (count, names) if count == nearest.len() => {
            format!("the promoter manifests have {there}: {names}")
        }
        (_, names) => format!("the promoter manifests have {there}; nearest: {names}"),
    }
}

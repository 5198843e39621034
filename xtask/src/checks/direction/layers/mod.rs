//! The modules' direction: which of a crate's modules may use which. The crates' own is in the parent.
//!
//! A crate, or a folder of modules within one, is declared by its [`Layers`], the lowest first. A module may use what is in
//! the layers below its own; what is above it and what stands beside it in its own layer it may not. Each file's paths are
//! read (`source`), imports and others, and what the folder's root file re-exports counts as the module that it comes from.
//! The root file itself and tests may use everything.
//!
//! To have another crate checked, add its folder to [`LAYERED`]. Every module of the folder needs a layer: a new one fails
//! until it has its place.

mod source;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use self::source::Source;
use xtask::error::{Error, OnPath, Result};
use xtask::workspace;

/// A folder of modules, and their order.
struct Layers {
    /// Where they are: the `src` of a crate, or a module's folder below it.
    folder: &'static str,
    /// The layers, the lowest first. Modules of one layer don't use each other.
    layers: &'static [&'static [&'static str]],
}

const LAYERED: [Layers; 5] = [
    Layers {
        folder: "crates/promo-registry/src",
        layers: &[
            &["codes", "held_back", "limits", "monotonic", "secret"],
            &["error", "settings"],
            &["budget", "connections", "dialect", "health"],
            &["http"],
            &["auth", "services"],
            &["wire"],
            &["copy", "inventory", "oci_client", "revocable"],
        ],
    },
    // A promotion's stages, from promoter manifests to the report.
    Layers {
        folder: "crates/promo-core/src",
        layers: &[
            &["causes", "code", "codes", "oci", "quoted", "setting"],
            &["failure", "identity", "json_schema", "manifest"],
            &["inventory"],
            &["ports", "snapshot"],
            &["trust"],
            &["evidence", "plan", "predicate"],
            &["pipeline"],
            &["report"],
            &["schema"],
        ],
    },
    Layers {
        folder: "crates/promo-core/src/manifest",
        layers: &[
            &["events", "path_match", "position", "severity"],
            &["kinds", "provenance", "relaxed"],
            &["finding"],
            &["load_error", "model", "text"],
            &["lint", "tree_files", "yaml"],
            &["provenance_section", "registries"],
            &["images"],
            &["parse"],
            &["document", "thin"],
            &["edit", "format", "load"],
        ],
    },
    // The phases in their order, each with what it is made of below it.
    Layers {
        folder: "crates/promo-core/src/pipeline",
        layers: &[
            &["concurrent", "error", "interrupt", "refusal", "trust"],
            &[
                "intent",
                "measure",
                "outcome",
                "partners",
                "read_inventory",
                "settings",
                "source_manifests",
                "staged",
                "tag_lists",
            ],
            &[
                "ended",
                "evidence_repository",
                "read_for_copying",
                "shared_evidence",
                "source_reads",
            ],
            &["flow"],
            &["shown", "standing"],
            &["gate", "in_question", "placing", "setup", "staging"],
            &["beside", "look_again", "planned", "staged_children"],
            &["look_beside", "provenance"],
            &["validate"],
            &["push_check"],
            &["promote"],
            &["group"],
            &["making"],
            &["children"],
            &["sign"],
            &["attest"],
            &["publish"],
            &["mirror_progress"],
            &["mirrors"],
            &["shards"],
        ],
    },
    Layers {
        folder: "crates/promo/src",
        layers: &[
            &[
                "account",
                "clock",
                "counted",
                "ending",
                "human",
                "text",
                "toml_schema",
            ],
            &["error"],
            &["files", "tree"],
            &["git", "identity_token", "manifests", "public_files"],
            &["tuf"],
            &["trust"],
            &["settings"],
            &[
                "connect",
                "image",
                "keys",
                "planning",
                "saved_plan",
                "snapshot_file",
                "trace",
            ],
            &["identity_source"],
            &["keyless"],
            &["promoter"],
            &["documents"],
        ],
    },
];

/// The files that can be the root of a folder of modules.
const ROOTS: [&str; 3] = ["lib.rs", "main.rs", "mod.rs"];

/// Checks all folders that are declared.
pub(crate) fn check() -> Result<()> {
    let mut wrong = Vec::new();
    for layers in &LAYERED {
        let folder = workspace::root().join(layers.folder);
        let mut files = Vec::new();
        for path in workspace::files(&folder, "rs")? {
            let text = fs::read_to_string(&path).on("read", &path)?;
            let inner = path.strip_prefix(&folder).unwrap_or(&path);
            files.push((inner.to_path_buf(), text));
        }
        let files = files.iter().map(|(path, text)| Source::new(path, text));
        wrong.extend(layers.faults(&files.collect::<Vec<_>>()));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::unmet(wrong.join("; ")))
    }
}

impl Layers {
    /// What is wrong with the modules in these files, whose paths are those below the folder.
    fn faults(&self, files: &[Source<'_>]) -> Vec<String> {
        let root = files.iter().find(|file| is_root(file.path));
        let exported = root.map(Source::exports).unwrap_or_default();
        let mut wrong = self.misplaced(files);
        for file in files {
            let Some(module) = file.module.first() else {
                continue;
            };
            // What has no layer is told once, above.
            let Some(layer) = self.layer(module) else {
                continue;
            };
            for path in file.paths(&self.prefix()) {
                let told = path.join("::");
                let Some(used) = used(&path, &exported, files) else {
                    wrong.push(format!(
                        "{} uses {told}, which no module of {} is or is known to re-export",
                        self.file(file),
                        self.folder
                    ));
                    continue;
                };
                let fault = match self.layer(used) {
                    _ if used == module => continue,
                    Some(below) if below < layer => continue,
                    Some(beside) if beside == layer => "beside",
                    Some(_) => "above",
                    None => continue,
                };
                let file = self.file(file);
                wrong.push(format!("{file} uses {told}: {used} is {fault} {module}"));
            }
        }
        wrong.dedup();
        wrong
    }

    /// Modules without a layer, and layers without a module.
    fn misplaced(&self, files: &[Source<'_>]) -> Vec<String> {
        let mut modules: Vec<&str> = files
            .iter()
            .filter_map(|file| file.module.first().map(String::as_str))
            .filter(|module| *module != "tests")
            .collect();
        modules.sort_unstable();
        modules.dedup();
        let folder = self.folder;
        let homeless = modules
            .iter()
            .filter(|module| self.layer(module).is_none())
            .map(|module| format!("{folder}: the module {module} has no layer"));
        let declared = self.layers.iter().copied().flatten();
        let gone = declared
            .filter(|module| !modules.contains(module))
            .map(|module| format!("{folder}: there is no module {module}"));
        homeless.chain(gone).collect()
    }

    fn layer(&self, module: &str) -> Option<usize> {
        let mut layers = self.layers.iter();
        layers.position(|layer| layer.contains(&module))
    }

    /// The path of the folder's module: nothing for a crate's `src`.
    fn prefix(&self) -> Vec<&'static str> {
        let (_, inner) = self.folder.split_once("/src").unwrap_or_default();
        inner.split('/').filter(|part| !part.is_empty()).collect()
    }

    fn file(&self, file: &Source<'_>) -> String {
        format!("{}/{}", self.folder, file.path.display())
    }
}

/// The module that a path from the folder's root leads to.
fn used<'a>(
    path: &'a [String],
    exported: &'a BTreeMap<String, String>,
    files: &[Source<'_>],
) -> Option<&'a str> {
    let first = path.first()?;
    let is_module = files.iter().any(|file| file.module.first() == Some(first));
    if is_module {
        return Some(first);
    }
    exported.get(first).map(String::as_str)
}

fn is_root(path: &Path) -> bool {
    ROOTS.iter().any(|root| path == Path::new(root))
}

#[cfg(test)]
mod tests;

//! Document → plan, with every reference and every number checked.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::super::decision::{Decision, Decisions, Exception, Statement};
use super::super::flat_manifests::{Entry, FlatManifests, Image, Origin};
use super::super::index::count;
use super::super::provenance::ProvenanceDemand;
use super::super::repositories::Repositories;
use super::super::{Plan, PlanOptions, Verdict, codes};
use super::document::{Document, Group, Inputs, Judgement, Options, SavedException, SavedFinding};
use super::numbers::{check_counts, sizes, summary};
use super::{ArtifactError, PlanInputs, SCHEMA, SavedPlan};
use crate::Code;
use crate::identity::{IdentityRule, IdentityRules};
use crate::manifest::{FINDING_KINDS, FilePath, Finding, Position, TagEntry};
use crate::oci::{Digest, RegistryPath, Repository, Tag};

impl SavedPlan {
    /// Loads a document that [`Plan::to_document`] made.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ArtifactError> {
        #[derive(serde::Deserialize)]
        struct Versioned {
            schema: String,
        }
        let versioned: Versioned =
            serde_json::from_slice(bytes).map_err(ArtifactError::Document)?;
        if versioned.schema != SCHEMA {
            return Err(ArtifactError::Schema {
                schema: versioned.schema,
            });
        }
        let document: Document = serde_json::from_slice(bytes).map_err(ArtifactError::Document)?;
        let inputs = inputs(document.inputs)?;
        let mut loader = Loader::default();
        for group in &document.groups {
            let destinations = document.destination_sets.get(group.destinations);
            let destinations = destinations.ok_or_else(|| no("destination set", group))?;
            loader.group(group, destinations)?;
        }
        let plan = loader.plan(
            options(document.options),
            document.offline,
            document
                .findings
                .into_iter()
                .map(finding)
                .collect::<Result<_, _>>()?,
        );
        let plan = match document.cost {
            Some(said) => {
                let plan = plan.with_sizes(sizes(&document.groups));
                // What a plan takes is a matter of its groups alone.
                if plan.cost() != Some(said) {
                    return Err(contradiction("it takes something else".to_owned()));
                }
                plan
            }
            None => plan,
        };
        let plan = match document.beside {
            Some(beside) => plan.with_beside(beside),
            None => plan,
        };
        let said = document.summary;
        let unchanged = document.unchanged.edges;
        check_counts(&plan, &said, unchanged)?;
        let plan = Plan {
            saved_summary: Some(summary(&said)),
            ..plan
        };
        Ok(Self { plan, inputs })
    }
}

fn contradiction(message: String) -> ArtifactError {
    ArtifactError::Contradiction { message }
}

fn no(what: &str, group: &Group) -> ArtifactError {
    contradiction(format!(
        "there is no such {what} of {}@{}",
        group.source, group.digest
    ))
}

fn inputs(inputs: Inputs) -> Result<PlanInputs, ArtifactError> {
    let read = inputs.inventory_read.map(|text| {
        let parsed = text.parse();
        parsed.map_err(|_| contradiction(format!("`{text}` is not a time")))
    });
    Ok(PlanInputs {
        tree: inputs.tree,
        commit: inputs.commit,
        inventory_read: read.transpose()?,
    })
}

fn options(options: Options) -> PlanOptions {
    let rules = options.identities.into_iter();
    let rules = rules.map(|rule| IdentityRule::new(rule.registry, rule.name));
    PlanOptions {
        identities: IdentityRules::new(rules.collect()),
        tag_moves: options.tag_moves,
        mutable_tags: options.mutable_tags,
        fail_fast: options.fail_fast,
        complete: options.complete,
        ..PlanOptions::default()
    }
}

fn finding(saved: SavedFinding) -> Result<Finding, ArtifactError> {
    let kind = FINDING_KINDS
        .iter()
        .find(|kind| kind.code.as_str() == saved.code);
    let kind = kind.ok_or_else(|| contradiction(format!("there is no code `{}`", saved.code)))?;
    if kind.severity != saved.severity {
        let message = format!("`{}` is no code of severity {}", kind.code, saved.severity);
        return Err(contradiction(message));
    }
    let position = saved.line.zip(saved.column);
    Ok(Finding {
        file: FilePath::new(&saved.file),
        position: position.map(|(line, column)| Position { line, column }),
        severity: kind.severity,
        code: kind.code,
        message: saved.message,
        expected: saved.expected,
    })
}

fn code(text: &str) -> Result<Code, ArtifactError> {
    let known = codes::ALL
        .iter()
        .map(|entry| entry.code)
        .find(|code| code.as_str() == text);
    known.ok_or_else(|| contradiction(format!("there is no code `{text}`")))
}

/// Collects the parts of a plan.
#[derive(Default)]
struct Loader {
    manifests: FlatManifests,
    decisions: Decisions,
    found: Vec<Digest>,
    statements: Vec<Statement>,
    repositories: HashMap<Repository, u32>,
    origins: HashMap<(String, usize), usize>,
    destinations: Vec<Arc<[RegistryPath]>>,
}

impl Loader {
    fn group(&mut self, group: &Group, registries: &[RegistryPath]) -> Result<(), ArtifactError> {
        let distinct: BTreeSet<&RegistryPath> = registries.iter().collect();
        let tags: BTreeSet<&Tag> = group.tags.iter().collect();
        if distinct.len() != registries.len() || tags.len() != group.tags.len() {
            return Err(no("single destination or tag", group));
        }
        let image = self.image(group, registries)?;
        let position = Position {
            line: group.line,
            column: group.column,
        };
        let first_tag = count(self.manifests.tags.len());
        let tags = group.tags.iter().cloned();
        self.manifests
            .tags
            .extend(tags.map(|tag| TagEntry::from_parts(tag, position)));
        self.manifests.entries.push(Entry {
            image,
            digest: group.digest,
            position,
            tags: first_tag..count(self.manifests.tags.len()),
        });
        let usual = self.decision(group.usual.as_ref())?;
        let mut exceptions = Vec::with_capacity(group.exceptions.len());
        for saved in &group.exceptions {
            exceptions.push(self.exception(group, saved, registries)?);
        }
        let in_order =
            exceptions.is_sorted_by(|a, b| (a.slot, a.destination) < (b.slot, b.destination));
        if !in_order
            || exceptions
                .iter()
                .any(|exception| exception.decision == usual)
        {
            return Err(no("order of exceptions", group));
        }
        self.decisions.push(usual, exceptions);
        Ok(())
    }

    /// The image of a group: that of the group before it, if it is the same.
    fn image(&mut self, group: &Group, registries: &[RegistryPath]) -> Result<u32, ArtifactError> {
        let manifest = self.origin(group, registries);
        let index = self.manifests.entries.len();
        if let Some(last) = self.manifests.images.last_mut()
            && last.manifest == manifest
            && last.source == group.source
            && *last.name == *group.image
        {
            last.entries.end = index + 1;
            return Ok(count(self.manifests.images.len() - 1));
        }
        let mut destinations = Vec::with_capacity(registries.len());
        for registry in registries {
            let joined = registry.join(&group.image);
            let repository = joined.map_err(|_| no("image name", group))?;
            destinations.push(self.repository(repository));
        }
        self.manifests.images.push(Image {
            manifest,
            name: group.image.as_str().into(),
            source: group.source.clone(),
            // What may be carried out is planned anew from the promoter manifests.
            provenance: ProvenanceDemand::default(),
            destinations: destinations.into(),
            entries: index..index + 1,
        });
        Ok(count(self.manifests.images.len() - 1))
    }

    fn origin(&mut self, group: &Group, registries: &[RegistryPath]) -> usize {
        let key = (group.file.clone(), group.destinations);
        if let Some(index) = self.origins.get(&key) {
            return *index;
        }
        let known = self
            .destinations
            .iter()
            .find(|known| ***known == *registries);
        let destinations = known.map_or_else(|| registries.into(), Arc::clone);
        self.destinations.push(Arc::clone(&destinations));
        let index = self.manifests.origins.len();
        self.manifests.origins.push(Origin {
            images_file: FilePath::new(&group.file),
            destinations,
        });
        self.origins.insert(key, index);
        index
    }

    fn repository(&mut self, repository: Repository) -> u32 {
        let next = count(self.repositories.len());
        *self.repositories.entry(repository).or_insert(next)
    }

    fn exception(
        &mut self,
        group: &Group,
        saved: &SavedException,
        registries: &[RegistryPath],
    ) -> Result<Exception, ArtifactError> {
        let destination = registries.iter().position(|r| *r == saved.destination);
        let slot = match &saved.tag {
            Some(wanted) => group.tags.iter().position(|tag| tag == wanted),
            None => group.tags.is_empty().then_some(0),
        };
        let (Some(destination), Some(slot)) = (destination, slot) else {
            return Err(no("edge", group));
        };
        Ok(Exception {
            slot: count(slot),
            destination: count(destination),
            decision: self.decision(saved.judgement.as_ref())?,
        })
    }

    fn decision(&mut self, saved: Option<&Judgement>) -> Result<Decision, ArtifactError> {
        let Some(saved) = saved else {
            return Ok(Decision::Unselected);
        };
        let code = code(&saved.code)?;
        let plain = [
            Decision::Present,
            Decision::Promote,
            Decision::Finish,
            Decision::Wanted,
            Decision::Lost,
        ];
        let decision = match (code, saved.from) {
            (codes::ALLOWED_MOVE, Some(from)) => Decision::Move {
                from: self.found(from),
                digest_present: saved.digest_present,
            },
            (codes::TAG_MOVE, Some(from)) => Decision::TagMove {
                from: self.found(from),
            },
            (codes::ALLOWED_MOVE | codes::TAG_MOVE, None) | (_, Some(_)) => {
                let message = format!("`{code}` and a digest to move from don't fit");
                return Err(contradiction(message));
            }
            _ => match plain.into_iter().find(|plain| plain.code() == Some(code)) {
                Some(plain) => plain,
                None => self.stated(saved.verdict, code, &saved.reason),
            },
        };
        if decision.verdict() != Some(saved.verdict) || !fits(saved.verdict, code) {
            let message = format!("`{code}` is no code of `{}`", saved.verdict);
            return Err(contradiction(message));
        }
        Ok(decision)
    }

    fn stated(&mut self, verdict: Verdict, code: Code, reason: &str) -> Decision {
        let statement = count(self.statements.len());
        self.statements.push(Statement {
            code,
            reason: reason.to_owned(),
        });
        Decision::Stated { verdict, statement }
    }

    fn found(&mut self, digest: Digest) -> u32 {
        self.found.push(digest);
        count(self.found.len() - 1)
    }

    fn plan(mut self, options: PlanOptions, offline: bool, findings: Vec<Finding>) -> Plan {
        let mut repositories: Vec<(Repository, u32)> = self.repositories.into_iter().collect();
        repositories.sort_unstable_by_key(|(_, index)| *index);
        let repositories = repositories.into_iter().map(|(repository, _)| repository);
        self.manifests.repositories = Repositories::written(repositories.collect());
        Plan {
            manifests: Arc::new(self.manifests),
            conflicts: Vec::new(),
            decisions: self.decisions,
            found: self.found,
            causes: Vec::new(),
            statements: self.statements,
            findings,
            options,
            offline,
            sizes: None,
            beside: None,
            saved_summary: None,
        }
    }
}

/// Whether a code that is kept as text belongs to the verdict.
fn fits(verdict: Verdict, code: Code) -> bool {
    match code {
        codes::REDUNDANT => verdict == Verdict::Redundant,
        codes::CONFLICT => verdict == Verdict::Conflict,
        codes::REFUSED | codes::OBJECTED => verdict == Verdict::Refused,
        codes::DESTINATION_UNREADABLE
        | codes::TAG_UNKNOWN
        | codes::DIGEST_UNKNOWN
        | codes::SOURCE_UNREADABLE
        | codes::SOURCE_UNKNOWN => verdict == Verdict::Undecided,
        // The others make a decision of their own, whose verdict was compared.
        _ => true,
    }
}

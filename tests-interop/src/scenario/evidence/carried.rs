//! What cosign signed and attested in staging, in every form that it has, is promoted, with promo's own signatures in
//! every form beside it: cosign accepts both in production, and the second run writes nothing.

use std::path::Path;

use crate::audit::{Evidence, Repository};
use crate::containers::Containers;
use crate::cosign::{CONTROL_TYPE, Cosign, Form, Generation, Keys};
use crate::interop::Setting;
use crate::login;
use crate::promo::{PROMOTION_TYPE, Promotion, write_tree};
use crate::servers::{Access, DockerRegistry};
use xtask::error::{Error, Result};
use xtask::process;

const SIGNATURE_TYPE: &str = "https://sigstore.dev/cosign/sign/v1";

/// How a team signs and attests an image in staging.
struct Case {
    name: &'static str,
    /// Whether it is an index that is signed with its children.
    recursive: bool,
    signatures: &'static [(Generation, Form)],
    attestations: &'static [(Generation, Form)],
}

const CASES: [Case; 7] = [
    Case {
        name: "tags",
        recursive: false,
        signatures: &[(Generation::Two, Form::Tag)],
        attestations: &[(Generation::Two, Form::Tag)],
    },
    Case {
        name: "bundles",
        recursive: false,
        signatures: &[(Generation::Three, Form::Bundle)],
        attestations: &[(Generation::Three, Form::Bundle)],
    },
    Case {
        name: "both",
        recursive: false,
        signatures: &[
            (Generation::Two, Form::Tag),
            (Generation::Three, Form::Bundle),
        ],
        attestations: &[
            (Generation::Three, Form::Tag),
            (Generation::Three, Form::Bundle),
        ],
    },
    Case {
        name: "referrers-two",
        recursive: false,
        signatures: &[(Generation::Two, Form::Referrer)],
        attestations: &[],
    },
    Case {
        name: "referrers-three",
        recursive: false,
        signatures: &[(Generation::Three, Form::Referrer)],
        attestations: &[(Generation::Three, Form::Bundle)],
    },
    Case {
        name: "recursive-tags",
        recursive: true,
        signatures: &[(Generation::Two, Form::Tag)],
        attestations: &[],
    },
    Case {
        name: "recursive-bundles",
        recursive: true,
        signatures: &[(Generation::Three, Form::Bundle)],
        attestations: &[],
    },
];

/// In which forms promo signs: what production's folder is called, what promo is told, and where that stands.
struct Signing {
    name: &'static str,
    formats: &'static str,
    signatures: &'static [Form],
    attestation: Form,
}

const SIGNINGS: [Signing; 3] = [
    Signing {
        name: "sig",
        formats: "sig",
        signatures: &[Form::Tag],
        attestation: Form::Tag,
    },
    Signing {
        name: "bundle",
        formats: "bundle",
        signatures: &[Form::Bundle],
        attestation: Form::Bundle,
    },
    Signing {
        name: "both",
        formats: "bundle,sig",
        signatures: &[Form::Tag, Form::Bundle],
        attestation: Form::Bundle,
    },
];

/// A signature, or an attestation of a type, in production.
struct Piece<'a> {
    keys: &'a Keys,
    form: Form,
    attests: Option<&'static str>,
}

/// The registries, who signs, and who judges.
struct Stage {
    staging: DockerRegistry,
    production: DockerRegistry,
    two: Cosign,
    three: Cosign,
    team: Keys,
    release: Keys,
    other: Keys,
    /// The digests of the images, as [`CASES`] has them.
    digests: Vec<String>,
}

pub(super) fn run(setting: &Setting<'_>) -> Result<()> {
    let stage = Stage::prepare(setting)?;
    for signing in &SIGNINGS {
        stage.promote(setting, signing)?;
        let mut judgements = 0;
        for (case, digest) in CASES.iter().zip(&stage.digests) {
            stage.demand_nothing_else(signing, case, digest)?;
            judgements += stage.judge(signing, case, digest)?;
            judgements += stage.judge_children(signing, case, digest)?;
        }
        println!(
            "carried beside promo's {}: {} images, {judgements} judgements of cosign",
            signing.formats,
            CASES.len()
        );
    }
    Ok(())
}

impl Stage {
    fn prepare(setting: &Setting<'_>) -> Result<Self> {
        let home = setting.folder().join("carried-home");
        let passwords = login::write_config(&home, &[])?;
        let three = Cosign::new(&setting.tools.cosign_3()?, Generation::Three, &home)?;
        let mut stage = Self {
            staging: DockerRegistry::start(setting.folder(), "carried-staging", Access::Open)?,
            production: DockerRegistry::start(
                setting.folder(),
                "carried-production",
                Access::Open,
            )?,
            two: Cosign::new(&setting.tools.cosign_2()?, Generation::Two, &home)?,
            team: three.generate_keys(setting.folder(), "team")?,
            release: three.generate_keys(setting.folder(), "release")?,
            other: three.generate_keys(setting.folder(), "stranger")?,
            three,
            digests: Vec::new(),
        };
        let containers = Containers::new(setting.folder(), &passwords)?;
        for case in &CASES {
            let repository = format!("{}/staging/{}", stage.staging.address(), case.name);
            let tag = format!("{repository}:v1");
            let digest = if case.recursive {
                containers.push_index(case.name, &tag)?
            } else {
                containers.push_image(case.name, 1000, &tag)?
            };
            let image = format!("{repository}@{digest}");
            for (generation, form) in case.signatures {
                let cosign = stage.cosign(*generation);
                if case.recursive {
                    cosign.sign_recursively(&image, &stage.team, *form)?;
                } else {
                    cosign.sign(&image, &stage.team, *form)?;
                }
            }
            for (generation, form) in case.attestations {
                stage
                    .cosign(*generation)
                    .attest(&image, &stage.team, *form)?;
            }
            stage.digests.push(digest);
        }
        Ok(stage)
    }

    fn cosign(&self, generation: Generation) -> &Cosign {
        match generation {
            Generation::Two => &self.two,
            Generation::Three => &self.three,
        }
    }

    /// Promotes twice; the second run finds what it would carry and make.
    fn promote(&self, setting: &Setting<'_>, signing: &Signing) -> Result<()> {
        let tree = setting.folder().join(format!("carried-{}", signing.name));
        let images: Vec<(&str, &str, &[&str])> = CASES
            .iter()
            .zip(&self.digests)
            .map(|(case, digest)| (case.name, digest.as_str(), ["v1"].as_slice()))
            .collect();
        write_tree(
            &tree,
            &format!("{}/staging", self.staging.address()),
            &[&format!("{}/{}", self.production.address(), signing.name)],
            &images,
        )?;
        let authfile = setting.folder().join("carried-home/config.json");
        let promotion = Promotion {
            tree: &tree,
            keys: &self.release,
            authfile: &authfile,
            staging_key: Some(&self.team.public),
            link: None,
        };
        let promo = setting.promo()?;
        let mut writes = Vec::new();
        for _ in 0..2 {
            let mut command = promo.promote(&promotion);
            command.args(["--signature-formats", signing.formats]);
            command.args(["--staging-attestation", CONTROL_TYPE]);
            process::capture(&mut command)?.success()?;
            writes.push(self.production.writes()?.len());
        }
        match writes.as_slice() {
            [first, second] if first == second => Ok(()),
            _ => Err(Error::unmet("the second run wrote something")),
        }
    }

    /// Production has what the team and promo made, and nothing else.
    fn demand_nothing_else(&self, signing: &Signing, case: &Case, digest: &str) -> Result<()> {
        let name = format!("{}/{}", signing.name, case.name);
        let found = Repository::new(self.production.client(), &name).evidence(digest)?;
        let mut wanted = Evidence::default();
        for piece in self.pieces(signing, case) {
            match (piece.form, piece.attests) {
                (Form::Bundle, attests) => {
                    let predicate_type = attests.unwrap_or(SIGNATURE_TYPE);
                    wanted.bundles.push(predicate_type.to_owned());
                }
                (_, None) => wanted.signatures += 1,
                (_, Some(_)) => wanted.attestations += 1,
            }
        }
        wanted.bundles.sort();
        if found == wanted {
            return Ok(());
        }
        Err(Error::unmet(format!(
            "{name} has {found:?}, not {wanted:?}"
        )))
    }

    /// Both generations accept what stands in each form by its key, and by no other; returns how often they were asked.
    fn judge(&self, signing: &Signing, case: &Case, digest: &str) -> Result<usize> {
        let repository = format!("{}/{}", self.production.address(), signing.name);
        let image = format!("{repository}/{}@{digest}", case.name);
        let pieces = self.pieces(signing, case);
        let any_bundle = pieces.iter().any(|piece| piece.form == Form::Bundle);
        let mut judgements = 0;
        for piece in &pieces {
            for cosign in [&self.two, &self.three] {
                // Where there is a bundle, cosign 2 looks at nothing else, whatever it is told.
                if cosign.generation == Generation::Two && any_bundle && piece.form == Form::Tag {
                    continue;
                }
                piece
                    .judged_by(cosign, &image, &piece.keys.public)?
                    .success()?;
                piece
                    .judged_by(cosign, &image, &self.other.public)?
                    .refusal()?;
                judgements += 2;
            }
        }
        // As it comes, cosign 3 looks under `.sig` only where there is no bundle, and takes any bundle for a signature.
        let looked_at = if any_bundle { Form::Bundle } else { Form::Tag };
        for keys in [&self.team, &self.release] {
            let answer = self.three.verify_any(&image, &keys.public)?;
            let is_seen =
                |piece: &&Piece<'_>| piece.form == looked_at && piece.keys.public == keys.public;
            match pieces.iter().find(is_seen) {
                Some(_) => answer.success().map(drop)?,
                None => answer.refusal().map(drop)?,
            }
            judgements += 1;
        }
        Ok(judgements)
    }

    /// What the team signed of an index's children is carried as well; promo signs them only where it is told.
    fn judge_children(&self, signing: &Signing, case: &Case, digest: &str) -> Result<usize> {
        if !case.recursive {
            return Ok(0);
        }
        let name = format!("{}/{}", signing.name, case.name);
        let children = Repository::new(self.production.client(), &name).children(digest)?;
        if children.is_empty() {
            return Err(Error::unmet(format!("the index of {name} has no children")));
        }
        let mut judgements = 0;
        for child in children {
            let image = format!("{}/{name}@{child}", self.production.address());
            for (_, form) in case.signatures {
                let piece = Piece {
                    keys: &self.team,
                    form: stands(*form),
                    attests: None,
                };
                for cosign in [&self.two, &self.three] {
                    let judged = |key| piece.judged_by(cosign, &image, key);
                    judged(&self.team.public)?.success()?;
                    judged(&self.other.public)?.refusal()?;
                    judgements += 2;
                }
            }
        }
        Ok(judgements)
    }

    /// What production must have of an image.
    fn pieces(&self, signing: &Signing, case: &Case) -> Vec<Piece<'_>> {
        let piece = |keys, form, attests| Piece {
            keys,
            form,
            attests,
        };
        let signed = case.signatures.iter();
        let signed = signed.map(|(_, form)| piece(&self.team, stands(*form), None));
        let attested = case.attestations.iter();
        let attested = attested.map(|(_, form)| piece(&self.team, *form, Some(CONTROL_TYPE)));
        let ours = signing.signatures.iter();
        let ours = ours.map(|form| piece(&self.release, *form, None));
        let ours = ours.chain([piece(
            &self.release,
            signing.attestation,
            Some(PROMOTION_TYPE),
        )]);
        signed.chain(attested).chain(ours).collect()
    }
}

impl Piece<'_> {
    fn judged_by(&self, cosign: &Cosign, image: &str, key: &Path) -> Result<process::Output> {
        match self.attests {
            None => cosign.verify(image, key, self.form),
            Some(predicate_type) => {
                cosign.verify_attestation(image, key, predicate_type, self.form)
            }
        }
    }
}

/// Where production has what staging has in one form.
fn stands(form: Form) -> Form {
    match form {
        Form::Tag | Form::Referrer => Form::Tag,
        Form::Bundle => Form::Bundle,
    }
}

//! A whole sigstore: cosign signs and attests with certificates for a person and for a workflow, in every form and to
//! both generations of the log; cosign and promo judge what it made. Then promo signs, and others judge that. With `--record FOLDER` all of it is kept for promo-sign's tests.

mod by_promo;
mod record;
mod tuf;

use std::fs;
use std::path::{Path, PathBuf};

use self::record::Signed;
use crate::containers::Containers;
use crate::cosign::{CONTROL_TYPE, Cosign, Form, Generation, Keyless, Wanted};
use crate::interop::Setting;
use crate::login;
use crate::promo::Promo;
use crate::servers::{Access, DockerRegistry};
use crate::sigstore_clients::{SigstoreClient, TufRepositories};
use crate::sigstore_stack::{Log, PERSON, Sigstore, WORKFLOW};
use crate::tools;
use xtask::error::{Error, OnPath, Result};

/// How an image is signed.
struct Case {
    name: &'static str,
    generation: Generation,
    form: Form,
    log: Log,
    by_workflow: bool,
}

const CASES: [Case; 5] = [
    Case {
        name: "bundle-1",
        generation: Generation::Three,
        form: Form::Bundle,
        log: Log::One,
        by_workflow: false,
    },
    Case {
        name: "bundle-1-alone",
        generation: Generation::Three,
        form: Form::Bundle,
        log: Log::OneAlone,
        by_workflow: true,
    },
    Case {
        name: "bundle-2",
        generation: Generation::Three,
        form: Form::Bundle,
        log: Log::Two,
        by_workflow: true,
    },
    Case {
        name: "tag-2",
        generation: Generation::Two,
        form: Form::Tag,
        log: Log::OneAlone,
        by_workflow: false,
    },
    Case {
        name: "tag-3",
        generation: Generation::Three,
        form: Form::Tag,
        log: Log::OneAlone,
        by_workflow: true,
    },
];

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let stage = Stage::prepare(setting)?;
    if let Some(folder) = setting.record() {
        stage.record_roots(folder)?;
    }
    let unsigned = stage.push("unsigned")?;
    for case in &CASES {
        let image = stage.push(case.name)?;
        let signer = stage.sign(case, &image)?;
        stage.judge(case, &image, &unsigned, &signer)?;
        println!(
            "{}: signed, attested, and judged by cosign and promo",
            case.name
        );
        if let Some(folder) = setting.record() {
            let signed = Signed {
                name: case.name,
                repository: &format!("team/{}", case.name),
                digest: &image.digest,
                issuer: &signer.issuer,
                subject: signer.subject,
            };
            record::evidence(folder, &stage.registry.client(), &signed)?;
        }
    }
    by_promo::run(&stage, &unsigned)?;
    tuf::run(&stage)
}

/// The stack, another one whose root is not to be trusted, and who works with them.
struct Stage {
    sigstore: Sigstore,
    other: Sigstore,
    registry: DockerRegistry,
    containers: Containers,
    two: Cosign,
    three: Cosign,
    promo: Promo,
    clients: [SigstoreClient; 2],
    repositories: TufRepositories,
    folder: PathBuf,
}

/// An image in the registry.
struct Image {
    digest: String,
    /// With its digest.
    name: String,
}

/// Whose certificate it was.
struct Signer {
    issuer: String,
    subject: &'static str,
}

impl Signer {
    /// What is wanted of evidence that has gone to this log, by this root.
    fn wanted<'a>(&'a self, trusted_root: &'a Path, log: Log) -> Wanted<'a> {
        Wanted {
            trusted_root,
            issuer: &self.issuer,
            subject: self.subject,
            is_timestamped: log != Log::OneAlone,
        }
    }
}

impl Stage {
    fn prepare(setting: &Setting<'_>) -> Result<Self> {
        let programs = tools::sigstore()?;
        let cosign = &setting.tools.cosign_3()?;
        let home = setting.folder().join("home");
        let sigstore = Sigstore::start(setting.folder(), &programs, cosign)?;
        let repositories = TufRepositories::write(
            &setting.folder().join("tuf"),
            &sigstore.trusted_root(),
            &sigstore.signing_config(Log::One),
        )?;
        let passwords = login::write_config(&home, &[])?;
        Ok(Self {
            sigstore,
            repositories,
            other: Sigstore::start(&setting.folder().join("other"), &programs, cosign)?,
            registry: DockerRegistry::start(setting.folder(), "sigstore", Access::Open)?,
            containers: Containers::new(setting.folder(), &passwords)?,
            two: Cosign::new(&setting.tools.cosign_2()?, Generation::Two, &home)?,
            three: Cosign::new(cosign, Generation::Three, &home)?,
            promo: setting.promo()?,
            clients: SigstoreClient::all(setting.folder())?,
            folder: setting.folder().to_owned(),
        })
    }

    fn push(&self, name: &str) -> Result<Image> {
        let repository = format!("{}/team/{name}", self.registry.address());
        let digest = self
            .containers
            .push_image(name, 1000, &format!("{repository}:v1"))?;
        let name = format!("{repository}@{digest}");
        Ok(Image { digest, name })
    }

    fn sign(&self, case: &Case, image: &Image) -> Result<Signer> {
        let (token, signer) = self.identity(case.by_workflow)?;
        let keyless = Keyless {
            sigstore: &self.sigstore,
            token: &token,
            log: case.log,
        };
        let cosign = match case.generation {
            Generation::Two => &self.two,
            Generation::Three => &self.three,
        };
        cosign.sign_keyless(&image.name, keyless, case.form)?;
        cosign.attest_keyless(&image.name, keyless, case.form)?;
        Ok(signer)
    }

    /// A new token of the workflow or of the person, and whom certificates for it name.
    fn identity(&self, by_workflow: bool) -> Result<(String, Signer)> {
        let (token, issuer, subject) = if by_workflow {
            let token = self.sigstore.workflow()?;
            (token, self.sigstore.workflows(), WORKFLOW)
        } else {
            let token = self.sigstore.person(PERSON)?;
            (token, self.sigstore.people(), PERSON)
        };
        let signer = Signer {
            issuer: issuer.to_owned(),
            subject,
        };
        Ok((token, signer))
    }

    /// cosign and promo accept it from this signer, and from nobody else, by no other root, and for no other image.
    fn judge(&self, case: &Case, image: &Image, unsigned: &Image, signer: &Signer) -> Result<()> {
        let trusted_root = self.sigstore.trusted_root();
        let wanted = signer.wanted(&trusted_root, case.log);
        let somebody = wanted.of_somebody_else();
        let elsewhere = Wanted {
            trusted_root: &self.other.trusted_root(),
            ..wanted
        };
        let whole = format!(
            "[signatures]\nlog = true\ntimestamp = true\n\
             [attestations.{CONTROL_TYPE:?}]\nlog = true\ntimestamp = true\n"
        );
        let verify = |image: &Image, wanted: Wanted<'_>| {
            let by_cosign = self.three.verify_keyless(&image.name, wanted, case.form)?;
            let trust = self.write_trust(wanted, &whole)?;
            let by_promo = self.promo.verify_by(&trust, CONTROL_TYPE, &image.name)?;
            Ok::<_, Error>([by_cosign, by_promo])
        };
        for judgement in verify(image, wanted)? {
            judgement.success()?;
        }
        for (image, wanted) in [(image, somebody), (image, elsewhere), (unsigned, wanted)] {
            for judgement in verify(image, wanted)? {
                judgement.refusal()?;
            }
        }
        Ok(())
    }

    /// A trust document that knows this signer, and asks for this.
    fn write_trust(&self, wanted: Wanted<'_>, needs: &str) -> Result<PathBuf> {
        let root = wanted.trusted_root.to_string_lossy();
        self.write_trust_by(&format!("roots = [{root:?}]\n"), wanted, needs)
    }

    /// The same by roots that are said so.
    fn write_trust_by(&self, roots: &str, wanted: Wanted<'_>, needs: &str) -> Result<PathBuf> {
        let path = self.folder.join("trust.toml");
        let (issuer, subject) = (wanted.issuer, wanted.subject);
        let text = format!(
            "schema = \"promo.trust/v1\"\n{roots}\
             [signer.release]\nissuer = {issuer:?}\nsubject = {subject:?}\n{needs}"
        );
        fs::write(&path, text).on("write", &path)?;
        Ok(path)
    }

    /// Copies the trusted roots of both stacks.
    fn record_roots(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).on("create", folder)?;
        for (stack, name) in [
            (&self.sigstore, "trusted_root.json"),
            (&self.other, "other_trusted_root.json"),
        ] {
            let path = folder.join(name);
            let root = fs::read(stack.trusted_root()).on("read", &stack.trusted_root())?;
            fs::write(&path, root).on("write", &path)?;
        }
        Ok(())
    }
}

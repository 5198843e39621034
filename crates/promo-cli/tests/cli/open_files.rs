//! Few open files: connections wait for each other, no host is blamed, and all is done.

use std::fmt::Write as _;
use std::time::Duration;

use promo_testkit::image::{BuiltImage, ImageBuilder, Layer};
use promo_testkit::registry::{EmbeddedRegistry, Operation, RegistryOptions};

use crate::support::{Output, Sandbox, promote};

const MIRRORS: usize = 8;
const IMAGES: usize = 12;

/// A staging registry with images, and mirrors that get them.
struct Mirrored {
    sandbox: Sandbox,
    staging: EmbeddedRegistry,
    mirrors: Vec<EmbeddedRegistry>,
    images: Vec<BuiltImage>,
}

impl Mirrored {
    async fn start() -> Self {
        // Requests take long enough to be under way together.
        let options =
            || RegistryOptions::default().switch(|it| it.latency = Duration::from_millis(20));
        let staging = EmbeddedRegistry::start(options()).await.unwrap();
        let mut mirrors = Vec::new();
        for _ in 0..MIRRORS {
            mirrors.push(EmbeddedRegistry::start(options()).await.unwrap());
        }
        let image = |number: usize| {
            let layer = |part| Layer::file("app", format!("layer {part} of {number}"));
            ImageBuilder::new()
                .layer(layer(1))
                .layer(layer(2))
                .layer(layer(3))
                .build()
        };
        let images: Vec<_> = (0..IMAGES).map(image).collect();
        let mut yaml = String::new();
        for (number, image) in images.iter().enumerate() {
            image.push_to(&staging.state(), &format!("team/app{number}"), "v1");
            let digest = image.digest();
            let _ = write!(
                yaml,
                "- name: app{number}\n  dmap:\n    \"{digest}\": [\"v1\"]\n"
            );
        }
        let mut registries = format!(
            "registries:\n- name: {}/team\n  src: true\n",
            staging.host()
        );
        for mirror in &mirrors {
            let _ = writeln!(registries, "- name: {}/team", mirror.host());
        }
        let sandbox = Sandbox::new();
        sandbox.write("tree/manifests/team/promoter-manifest.yaml", &registries);
        sandbox.write("tree/images/team/images.yaml", &yaml);
        Self {
            sandbox,
            staging,
            mirrors,
            images,
        }
    }

    /// Promotes with so many open files at the most.
    async fn promoted_with(&self, limit: &str) -> Output {
        let script = format!("{limit}; exec \"$@\"");
        let arguments = promote(&["--no-sign", "--report", "report.json"]);
        self.sandbox.shell(&script, &arguments).await
    }

    /// How many images a mirror has as they should be.
    fn held_by(&self, mirror: &EmbeddedRegistry) -> usize {
        let images = self.images.iter().enumerate();
        images
            .filter(|(number, image)| {
                let tag = mirror
                    .state()
                    .tag_digest(&format!("team/app{number}"), "v1");
                tag.as_deref() == Some(image.digest())
            })
            .count()
    }

    fn all_is_done(&self, run: &Output) {
        assert_eq!(run.code, Some(0), "{run}");
        for mirror in &self.mirrors {
            assert_eq!(self.held_by(mirror), IMAGES, "{run}");
        }
    }

    /// How many requests were sent again, as the report tells.
    fn retries(&self) -> u64 {
        let report: serde_json::Value =
            serde_json::from_str(&self.sandbox.read("report.json")).unwrap();
        let hosts = report["hosts"].as_array().unwrap().iter();
        hosts.map(|host| host["retries"].as_u64().unwrap()).sum()
    }

    fn connections(&self) -> u64 {
        let all = self.mirrors.iter().chain([&self.staging]);
        all.map(EmbeddedRegistry::connections).sum()
    }
}

/// Here the command can't raise the limit.
#[tokio::test]
async fn few_open_files_make_a_run_slower_and_nothing_worse() {
    for files in [64, 256] {
        let world = Mirrored::start().await;
        let run = world.promoted_with(&format!("ulimit -n {files}")).await;
        world.all_is_done(&run);
        // Nothing failed for want of a file: fewer connections were opened in the first place. Each blob was read once.
        assert_eq!(world.retries(), 0, "{files} files: {run}");
        let blobs = IMAGES * 4;
        let read = world.staging.log().count(Operation::BlobGet);
        assert!(
            read <= blobs + blobs / 4,
            "{files} files: {read} of {blobs}"
        );
    }
}

/// Half of the files are taken by somebody else, so that there are fewer than can be known.
#[tokio::test]
async fn a_file_that_is_missing_is_waited_for_and_no_host_is_blamed() {
    const HOLD: &str = "import os, sys
for _ in range(34):
    os.set_inheritable(os.open('/dev/null', os.O_RDONLY), True)
os.execv(sys.argv[1], sys.argv[1:])";
    let world = Mirrored::start().await;
    let limit = format!("ulimit -n 64; set -- python3 -c \"{HOLD}\" \"$@\"");
    let run = world.promoted_with(&limit).await;
    world.all_is_done(&run);
    assert!(world.retries() > 0, "no file was missing: {run}");
    assert!(!run.stderr.contains("has not answered"), "{run}");
}

/// Where it may, the command allows itself what it needs.
#[tokio::test]
async fn a_low_limit_is_raised_where_that_is_allowed() {
    let world = Mirrored::start().await;
    let run = world.promoted_with("ulimit -n 64").await;
    world.all_is_done(&run);
    let with_few = world.connections();
    let world = Mirrored::start().await;
    let run = world.promoted_with("ulimit -Sn 64").await;
    world.all_is_done(&run);
    let with_many = world.connections();
    assert!(with_many > 2 * 64, "{with_many}, and {with_few} with few");
}

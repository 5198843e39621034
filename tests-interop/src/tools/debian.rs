//! What Debian has: installed where Debian puts it, when this may.

use std::process::Command;

use xtask::error::{Error, Result};
use xtask::process;

/// A program of a Debian package, and how it says that it is the version we know.
struct DebianProgram {
    package: &'static str,
    program: &'static str,
    ask: &'static [&'static str],
    says: &'static str,
}

/// Debian 12.
const DEBIAN: [DebianProgram; 6] = [
    DebianProgram {
        package: "docker-registry",
        program: "docker-registry",
        ask: &["--version"],
        says: "distribution 2.8.2",
    },
    DebianProgram {
        package: "skopeo",
        program: "skopeo",
        ask: &["--version"],
        says: "skopeo version 1.9.3",
    },
    DebianProgram {
        package: "umoci",
        program: "umoci",
        ask: &["--version"],
        says: "umoci version 0.4.7",
    },
    DebianProgram {
        package: "buildah",
        program: "buildah",
        ask: &["--version"],
        says: "buildah version 1.28.2",
    },
    DebianProgram {
        package: "busybox-static",
        program: "busybox",
        ask: &[],
        says: "BusyBox v1.35.0",
    },
    DebianProgram {
        package: "openssl",
        program: "openssl",
        ask: &["version"],
        says: "OpenSSL 3.0.",
    },
];

/// A browser and what drives it. Debian replaces them whenever one of their holes is closed, and keeps no version before.
const BROWSER: [DebianProgram; 2] = [
    DebianProgram {
        package: "chromium",
        program: "chromium",
        ask: &["--version"],
        says: "built on Debian GNU/Linux 12",
    },
    DebianProgram {
        package: "chromium-driver",
        program: "chromedriver",
        ask: &["--version"],
        says: "ChromeDriver ",
    },
];

/// Installs what is missing, and demands that each program is the version that is known here.
pub(crate) fn ensure_debian() -> Result<()> {
    ensure(&DEBIAN)
}

/// The same for a browser.
pub(super) fn ensure_browser() -> Result<()> {
    ensure(&BROWSER)
}

fn ensure(programs: &[DebianProgram]) -> Result<()> {
    let wrong: Vec<&DebianProgram> = programs.iter().filter(|one| !one.is_here()).collect();
    if !wrong.is_empty() {
        let packages: Vec<&str> = wrong.iter().map(|wanted| wanted.package).collect();
        install_debian(&packages)?;
    }
    match programs.iter().find(|wanted| !wanted.is_here()) {
        None => Ok(()),
        Some(wanted) => Err(Error::Missing(format!(
            "`{}` of Debian should say `{}`",
            wanted.program, wanted.says
        ))),
    }
}

fn install_debian(packages: &[&str]) -> Result<()> {
    let root = process::capture(Command::new("id").arg("-u"))?
        .success()?
        .trim()
        == "0";
    if !root {
        return Err(Error::Missing(format!(
            "install as root: apt-get install {}",
            packages.join(" ")
        )));
    }
    process::run(Command::new("apt-get").args(["update", "--quiet"]))?;
    let mut install = Command::new("apt-get");
    install
        .args(["install", "--yes", "--quiet", "--no-install-recommends"])
        .args(packages);
    process::run(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

impl DebianProgram {
    fn is_here(&self) -> bool {
        // A program that can't be started is as good as missing.
        let answer = process::capture(Command::new(self.program).args(self.ask));
        answer.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(self.says))
    }
}

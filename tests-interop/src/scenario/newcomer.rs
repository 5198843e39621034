//! A newcomer's path: the page "Your first promotion between your own registries" as it stands in the book, between two CNCF
//! registries that want passwords and have certificates of an authority of their own.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::containers::Containers;
use crate::interop::Setting;
use crate::login;
use crate::servers::{Access, DockerRegistry};
use crate::ways::{Kind, Way, Workshop};
use xtask::error::{Error, OnPath, Result};
use xtask::process::{self, Output};
use xtask::workspace;

const PAGE: &str = "docs/how-to/first-promotion.md";
/// What the page has for its reader to fill in.
const OWN: [&str; 2] = ["STAGING=", "PRODUCTION="];
const WAY: Way = Way {
    transport: "http2",
    login: "basic",
};

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let workshop = Workshop::open(setting.folder())?;
    let start = |name| workshop.start(Kind::DockerRegistry, WAY, (setting.folder(), name), None);
    let (staging, production) = (start("staging")?, start("production")?);
    plant(setting, staging.address())?;
    let home = setting.folder().join("newcomer");
    let here = home.join("release");
    fs::create_dir_all(&here).on("create", &here)?;
    write(&here.join("password"), login::PASSWORD)?;
    let registries = [staging.address(), production.address()];
    write(
        &home.join(".config/promo/promo.toml"),
        &settings(&workshop.authority(), registries),
    )?;
    let path = workspace::root().join(PAGE);
    let page = fs::read_to_string(&path).on("read", &path)?;
    let script = script(&page, staging.address(), production.address())?;
    let told = follow(setting, &workshop, &home, &script)?;
    for wanted in [
        "logged in to",
        "nothing left to do",
        "accepted",
        "docker-reference",
    ] {
        if !told.contains(wanted) {
            return Err(Error::unmet(format!(
                "the page was followed, and `{wanted}` wasn't said:\n{told}"
            )));
        }
    }
    let plan = here.join("plan.html");
    let plan = fs::read_to_string(&plan).on("read", &plan)?;
    if !plan.contains("stable") {
        return Err(Error::unmet("the page of the plan has no tag `stable`"));
    }
    let commands = script.lines().filter(|line| !line.is_empty()).count();
    println!("{PAGE}: {commands} lines, followed between two CNCF registries");
    Ok(())
}

/// What the page says of an authority; and that these loopback addresses speak TLS, as every other host does unless it is said.
fn settings(authority: &Path, registries: [&str; 2]) -> String {
    let hosts = registries.map(|host| format!("[registry.\"{host}\"]\nplain-http = false\n"));
    format!(
        "[tls]\nroots = [\"{}\"]\n{}",
        authority.display(),
        hosts.concat()
    )
}

/// What a build has pushed to staging.
fn plant(setting: &Setting<'_>, staging: &str) -> Result<()> {
    let seed = DockerRegistry::start(setting.folder(), "seed", Access::Open)?;
    let passwords = login::write_config(&setting.folder().join("builder"), &[staging])?;
    let containers = Containers::new(setting.folder(), &passwords)?;
    for name in ["app", "tool"] {
        let pushed = format!("{}/seed/{name}:v1", seed.address());
        containers.push_image(name, 3000, &pushed)?;
        let staged = format!("docker://{staging}/team/{name}:v1");
        containers.copy(&format!("docker://{pushed}"), &staged)?;
    }
    Ok(())
}

/// The page's commands, with registries of ours.
fn script(page: &str, staging: &str, production: &str) -> Result<String> {
    let mut script = format!("STAGING={staging}/team\nPRODUCTION={production}/team\n");
    let mut within = false;
    let mut filled_in = 0;
    for line in page.lines() {
        match line {
            "```sh" => within = true,
            "```" => within = false,
            line if within && OWN.iter().any(|own| line.starts_with(own)) => filled_in += 1,
            line if within => {
                script.push_str(line);
                script.push('\n');
            }
            _ => {}
        }
    }
    if filled_in == OWN.len() {
        return Ok(script);
    }
    Err(Error::unmet("the page doesn't say where registries go"))
}

fn follow(setting: &Setting<'_>, workshop: &Workshop, home: &Path, script: &str) -> Result<String> {
    // As a person has both on the path, by these names.
    let bin = home.join("bin");
    fs::create_dir_all(&bin).on("create", &bin)?;
    let programs = [
        ("promo", setting.promo()?.program().to_owned()),
        ("cosign", setting.tools.cosign_3()?),
    ];
    for (name, program) in programs {
        let link = bin.join(name);
        std::os::unix::fs::symlink(program, &link).on("link", &link)?;
    }
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c"])
        .arg(format!("exec 2>&1\n{script}"))
        .current_dir(home.join("release"))
        .env_clear()
        .env("HOME", home)
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("SSL_CERT_FILE", workshop.authority());
    let output: Output = process::capture(&mut shell)?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    output.success()?;
    Ok(told)
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.with_file_name("");
    fs::create_dir_all(&folder).on("create", &folder)?;
    fs::write(path, text).on("write", path)
}

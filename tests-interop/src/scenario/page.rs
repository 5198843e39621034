//! The page of a plan in a browser: what it shows, that what others wrote stays text, that nothing is requested, and that
//! axe-core finds nothing serious, light and dark.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::browser::{Browser, at};
use crate::digest::sha256;
use crate::interop::Setting;
use crate::servers::{Server, free_address};
use crate::tools;
use xtask::error::{Error, OnPath, Result};
use xtask::process;

/// The name of a bad entry, which would run if it weren't text.
const MARKUP: &str = "<img src=/stolen onerror=document.title=/taken/>";

/// What the page says of itself, as a script in it finds it.
const FACTS: &str = include_str!("page/facts.js");

/// What axe-core objects to.
const JUDGE: &str = include_str!("page/judge.js");

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let tools = tools::browser()?;
    let folder = setting.folder();
    let page = plan(setting)?;
    let (server, url) = serve(folder, &page)?;
    let axe = fs::read_to_string(&tools.axe).on("read", &tools.axe)?;
    let browser = Browser::start(&tools)?;
    let mut papers = Vec::new();
    for (scheme, width) in [("light", 1200), ("dark", 1200), ("light", 600)] {
        browser.resize(width, 900)?;
        browser.prefer(scheme)?;
        browser.open(&url)?;
        let facts = browser.run(FACTS)?;
        shows_the_plan(&facts)?;
        papers.push(at(&facts, "/paper").to_string());
        let objections = browser.run_later(&format!("{axe}\n{JUDGE}"))?;
        demand(
            objections.as_array().is_some_and(Vec::is_empty),
            &format!("axe-core objects in {scheme}: {objections}"),
        )?;
    }
    demand(
        papers.first() != papers.get(1),
        &format!("dark looks like light: {papers:?}"),
    )?;
    // The page itself, three times; its own icon is in it.
    let requested = browser.requested()?;
    let elsewhere: Vec<&String> = requested
        .iter()
        .filter(|one| **one != url && !one.starts_with("data:"))
        .collect();
    let pages = requested.iter().filter(|one| **one == url).count();
    demand(
        elsewhere.is_empty() && pages == 3,
        &format!("the page requested {elsewhere:?}, itself {pages} times"),
    )?;
    judges_tell_bad_from_good(&browser, &axe)?;
    drop(server);
    println!("opened 3 times, requested nothing else, nothing serious was found");
    Ok(())
}

fn shows_the_plan(facts: &Value) -> Result<()> {
    let is = |what: &str, wanted: &Value| {
        let found = at(facts, &format!("/{what}"));
        demand(found == wanted, &format!("{what}: {found}, not {wanted}"))
    };
    is("title", &"promo plan".into())?;
    let headings = [
        "decisions",
        "blocked",
        "matrix",
        "changes",
        "mirrors",
        "findings",
    ];
    is("headings", &headings.to_vec().into())?;
    let mirrors = ["image", "a.example/production", "b.example/production"];
    is("mirrors", &mirrors.to_vec().into())?;
    is("matrix", &["app", "+1!1", "+2"].to_vec().into())?;
    is("active", &0.into())?;
    let decision = at(facts, "/decisions").to_string();
    demand(decision.contains("would move"), &decision)?;
    let link = "https://forge.example/o/r/blob/main/manifest.yaml#L8";
    let links = at(facts, "/links").as_array();
    let leads_there = links.is_some_and(|links| links.iter().any(|one| one == link));
    demand(
        leads_there,
        &format!("no link to {link}: {}", at(facts, "/links")),
    )?;
    let text = at(facts, "/text").as_str().unwrap_or_default();
    demand(
        text.contains(MARKUP),
        "the bad name is not shown as it stands",
    )?;
    let (wide, window) = (at(facts, "/wide").as_u64(), at(facts, "/window").as_u64());
    demand(
        wide <= window,
        &format!("{wide:?} in a window of {window:?}"),
    )
}

/// What these judges can't tell, nothing above may rest on.
fn judges_tell_bad_from_good(browser: &Browser, axe: &str) -> Result<()> {
    browser.run("document.body.append(Object.assign(document.createElement('button'), {style: 'color: #777; background: #888'}))")?;
    let objections = browser.run_later(&format!("{axe}\n{JUDGE}"))?;
    demand(
        objections.to_string().contains("button-name"),
        &format!("axe-core is content with a button without a name: {objections}"),
    )?;
    browser.run("return fetch('/stolen').catch(() => null)")?;
    let requested = browser.requested()?;
    let seen = requested.iter().any(|one| one.ends_with("/stolen"));
    // The policy of the page refuses it before it is sent; a browser without the policy would tell of it.
    demand(!seen, "the page's policy lets a request through")
}

/// A plan from snapshots with each kind of trouble, and its page.
fn plan(setting: &Setting<'_>) -> Result<PathBuf> {
    let folder = setting.folder();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).on("write", &path)
    };
    let [app, twice, other, lost] =
        ["app", "twice", "other", "lost"].map(|one| sha256(one.as_bytes()));
    write(
        "manifest.yaml",
        &format!(
            "registries:\n- {{name: s.example/staging, src: true}}\n- name: a.example/production\n- name: b.example/production\nimages:\n\
             - name: app\n  dmap:\n    \"{app}\": [v1, latest]\n\
             - name: twice\n  dmap:\n    \"{twice}\": [v1]\n    \"{other}\": [v1]\n\
             - name: lost\n  dmap:\n    \"{lost}\": [v1]\n\
             - name: \"{MARKUP}\"\n  dmap: {{}}\n"
        ),
    )?;
    write(
        "staging",
        &format!(
            "- name: app\n  dmap:\n    \"{app}\": [x]\n- name: twice\n  dmap:\n    \"{twice}\": [x]\n    \"{other}\": [y]\n"
        ),
    )?;
    write(
        "a",
        &format!("- name: app\n  dmap:\n    \"{other}\": [latest]\n"),
    )?;
    write(
        "b",
        &format!("- name: elsewhere\n  dmap:\n    \"{other}\": [latest]\n"),
    )?;
    let page = folder.join("page");
    fs::create_dir(&page).on("create", &page)?;
    let page = page.join("plan.html");
    let mut command = setting.promo()?.plan("manifest.yaml");
    for given in [
        "s.example/staging=staging",
        "a.example/production=a",
        "b.example/production=b",
    ] {
        command.args(["--inventory", given]);
    }
    command.args([
        "--link-base",
        "https://forge.example/o/r/blob/main",
        "--report",
    ]);
    command.arg(&page).current_dir(folder);
    let planned = process::capture(&mut command)?;
    demand(
        planned.status.code() == Some(3),
        &format!("the plan ended with {}", planned.status),
    )?;
    Ok(page)
}

/// Serves the folder of the page, so that the browser has somewhere to ask for more.
fn serve(folder: &Path, page: &Path) -> Result<(Server, String)> {
    let address = free_address()?;
    let port = address.rsplit(':').next().unwrap_or_default().to_owned();
    let mut command = Command::new(tools::on_path("python3")?);
    command.args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"]);
    command.arg(page.parent().unwrap_or(folder)).arg(&port);
    let server = Server::start_listening(&mut command, address.clone())?;
    Ok((server, format!("http://{address}/plan.html")))
}

fn demand(holds: bool, else_what: &str) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Error::unmet(else_what.to_owned()))
    }
}

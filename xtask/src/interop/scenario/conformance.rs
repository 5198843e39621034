//! The official suite of the OCI Distribution specification against the embedded registry, all of it.

use std::fs;
use std::process::Command;

use crate::error::{Error, OnPath, Result};
use crate::interop::Setting;
use crate::interop::servers::{Server, free_address};
use crate::process;

/// The four workflows of the suite.
const WORKFLOWS: [&str; 4] = [
    "OCI_TEST_PULL",
    "OCI_TEST_PUSH",
    "OCI_TEST_CONTENT_DISCOVERY",
    "OCI_TEST_CONTENT_MANAGEMENT",
];

/// So many of its specs must have run: fewer would mean that a workflow was left out.
const FEWEST_SPECS: usize = 70;

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let promo = setting.promo()?;
    let address = free_address()?;
    let server = Server::start(&mut promo.serve(&address), address)?;
    let mut suite = Command::new(&setting.tools.conformance);
    suite
        .current_dir(setting.folder())
        .env("OCI_REPORT_DIR", setting.folder());
    suite.env("OCI_ROOT_URL", format!("http://{}", server.address()));
    suite
        .env("OCI_NAMESPACE", "conformance/one")
        .env("OCI_CROSSMOUNT_NAMESPACE", "conformance/two");
    suite.envs(WORKFLOWS.map(|workflow| (workflow, "1")));
    suite.args(["-ginkgo.no-color"]);
    process::run(&mut suite)?;
    let report = setting.folder().join("junit.xml");
    let report = fs::read_to_string(&report).on("read", &report)?;
    let (tests, skipped) = (count(&report, "tests")?, count(&report, "skipped")?);
    if tests < FEWEST_SPECS + skipped {
        return Err(Error::unmet(format!(
            "only {} of {tests} specs ran",
            tests - skipped
        )));
    }
    Ok(())
}

/// The first number called so in the report, which is that of the whole suite.
fn count(report: &str, name: &str) -> Result<usize> {
    let found = report
        .split_once(&format!(" {name}=\""))
        .and_then(|(_, rest)| rest.split('"').next()?.parse().ok());
    found.ok_or_else(|| Error::document("the suite's report", format!("it has no {name}")))
}

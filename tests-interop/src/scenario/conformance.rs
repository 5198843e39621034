//! The official suite of the OCI Distribution specification against the embedded registry, all of it.

use std::fs;
use std::process::Command;

use crate::interop::Setting;
use crate::servers::{Server, free_address};
use xtask::error::{Error, OnPath, Result};
use xtask::process;

/// The four workflows of the suite.
const WORKFLOWS: [&str; 4] = [
    "OCI_TEST_PULL",
    "OCI_TEST_PUSH",
    "OCI_TEST_CONTENT_DISCOVERY",
    "OCI_TEST_CONTENT_MANAGEMENT",
];

/// The specs that this configuration rules out: values given from outside, and mounting blobs unasked.
const SKIPPED: usize = 4;

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let promo = setting.promo()?;
    let address = free_address()?;
    let server = Server::start(&mut promo.serve(&address), address)?;
    let mut suite = Command::new(&setting.tools.conformance()?);
    suite
        .current_dir(setting.folder())
        .env("OCI_REPORT_DIR", setting.folder());
    suite.env("OCI_ROOT_URL", format!("http://{}", server.address()));
    suite
        .env("OCI_NAMESPACE", "conformance/one")
        .env("OCI_CROSSMOUNT_NAMESPACE", "conformance/two");
    suite.envs(WORKFLOWS.map(|workflow| (workflow, "1")));
    suite
        .env("OCI_AUTOMATIC_CROSSMOUNT", "0")
        .arg("-ginkgo.no-color");
    process::run(&mut suite)?;
    let report = setting.folder().join("junit.xml");
    let report = fs::read_to_string(&report).on("read", &report)?;
    let skipped = count(&report, "skipped")?;
    if skipped == SKIPPED {
        Ok(())
    } else {
        Err(Error::unmet(format!(
            "{skipped} specs were skipped, not {SKIPPED}"
        )))
    }
}

/// The first number called so in the report, which is that of the whole suite.
fn count(report: &str, name: &str) -> Result<usize> {
    let found = report
        .split_once(&format!(" {name}=\""))
        .and_then(|(_, rest)| rest.split('"').next()?.parse().ok());
    found.ok_or_else(|| Error::document("the suite's report", format!("it has no {name}")))
}

//! A browser, and the judge of what it shows: axe-core, which finds what keeps people from reading a page.

use std::path::PathBuf;

use super::{Cache, debian, named_after, on_path};
use xtask::error::Result;

/// axe-core by its digest.
const PACKAGE: &str = include_str!("../pins/axe/package.json");
const LOCK: &str = include_str!("../pins/axe/package-lock.json");

/// Where they are.
#[derive(Debug)]
pub(crate) struct BrowserTools {
    /// What drives the browser.
    pub(crate) driver: PathBuf,
    /// The script that judges a page.
    pub(crate) axe: PathBuf,
}

/// Both, installed when they are missing.
pub(crate) fn browser() -> Result<BrowserTools> {
    debian::ensure_browser()?;
    let cache = Cache::open(&format!("axe-{}", named_after(LOCK)))?;
    let modules = cache.node_modules(PACKAGE, LOCK)?;
    Ok(BrowserTools {
        driver: on_path("chromedriver")?,
        axe: modules.join("node_modules/axe-core/axe.min.js"),
    })
}

//! The files of a run: its report and its in-toto link. Both are shown to be writable before the run.

use std::path::Path;

use promo::documents::json;
use promo::{Promoter, link_of};
use promo_core::report::Report;
use promo_sign::link::LinkKey;
use serde::Serialize;

use super::report_file::ReportFile;
use crate::error::{Error, Result};
use crate::exit::Exit;

/// What was asked for.
pub(super) struct RunFiles {
    report: Option<ReportFile>,
    link: Option<(ReportFile, LinkKey)>,
}

impl RunFiles {
    /// Opens the files and the key of the link.
    pub(super) fn prepare(promoter: &Promoter, report: Option<&Path>) -> Result<Self> {
        Ok(Self {
            link: link(promoter)?,
            report: report.map(ReportFile::prepare_document).transpose()?,
        })
    }

    /// Writes them, each whatever becomes of the other: the document of the run, and the link by its report.
    pub(super) fn keep(self, document: &impl Serialize, report: &Report, exit: Exit) -> Result<()> {
        // It may be large, so it is made only for a file that was asked for.
        let reported = match self.report {
            Some(file) => json(document)
                .map_err(Error::from)
                .and_then(|document| file.write(&document, exit)),
            None => Ok(()),
        };
        if let Some((file, key)) = self.link {
            let signed = link_of(report).sign(&key)?;
            file.write(&String::from_utf8_lossy(&signed), exit)?;
        }
        reported
    }
}

fn link(promoter: &Promoter) -> Result<Option<(ReportFile, LinkKey)>> {
    let signing = &promoter.settings().signing;
    let Some((file, _)) = &signing.link else {
        return Ok(None);
    };
    if signing.no_sign {
        return Err(Error::Usage {
            message: "`--link` and `--no-sign` contradict each other".to_owned(),
            hint: "leave one of them out".to_owned(),
        });
    }
    let key = promoter.link_key()?;
    let file = ReportFile::prepare(file)?;
    Ok(key.map(|key| (file, key)))
}

//! The Python package `promo`: loads and checks promoter manifests, and plans them.
//!
//! Everything here turns values of promo-core into Python objects; it decides nothing. Classes are
//! frozen: their attributes are read only.

mod errors;
mod inventory;
mod manifest;
mod plan;

use pyo3::prelude::*;

/// The native part of the package; its names are given out by `promo/__init__.py`.
#[pymodule]
mod _promo {
    #[pymodule_export]
    use super::errors::{ManifestError, PromoError};
    #[pymodule_export]
    use super::manifest::{
        DigestEntry, Finding, Image, ManifestSet, PromoterManifest, load_plain, load_thin,
    };
    #[pymodule_export]
    use super::plan::{Edge, Edges, Plan, Summary, plan};
    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

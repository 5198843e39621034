//! Errors of promo-core as Python exceptions: one class by meaning, each with `code` and `hints`.

use promo_core::manifest::LoadError;
use promo_core::with_causes;
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

use crate::manifest::Finding;

create_exception!(
    promo,
    PromoError,
    PyException,
    "What promo can't do. `code` is stable, `hints` say what to do."
);
create_exception!(
    promo,
    ManifestError,
    PromoError,
    "A tree of promoter manifests is refused. `findings` has everything that is wrong with it."
);

/// An exception with `code`, `hints` and, for manifests, `findings`.
pub(crate) fn manifest_error(python: Python<'_>, error: &LoadError) -> PyErr {
    let exception = ManifestError::new_err(with_causes(error));
    let value = exception.value(python);
    let findings: Vec<Finding> = error.findings().iter().map(Finding::from).collect();
    let filled = value
        .setattr("code", error.code().as_str())
        .and_then(|()| value.setattr("hints", error.hints()))
        .and_then(|()| value.setattr("findings", findings));
    match filled {
        Ok(()) => exception,
        Err(failed) => failed,
    }
}

/// An exception about an argument.
pub(crate) fn argument_error(message: String) -> PyErr {
    pyo3::exceptions::PyValueError::new_err(message)
}

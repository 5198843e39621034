//! From the errors of the crates below to this crate's. None of them loses its code.

use promo_core::manifest::LoadError;
use promo_core::pipeline::RunError;
use promo_core::ports::Failure;

use super::Error;

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::Manifests(Box::new(error))
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        Self::Run(Box::new(error))
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Port(Box::new(failure))
    }
}

impl From<promo_registry::Error> for Error {
    fn from(error: promo_registry::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<promo_sign::Error> for Error {
    fn from(error: promo_sign::Error) -> Self {
        Self::Sign(Box::new(error))
    }
}

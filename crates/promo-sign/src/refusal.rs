//! Why a piece of evidence is refused, by a code and in a sentence.

use promo_core::Code;
use promo_core::ports::CheckSubject;

use crate::codes;

/// A refusal: its code and a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// Which check failed, where it is about what is signed.
    pub(crate) fn check_of_content(&self) -> CheckSubject {
        if self.code == codes::DIGEST {
            CheckSubject::Digest
        } else {
            CheckSubject::Statement
        }
    }
}

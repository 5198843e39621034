//! The stable codes of the inventory reader with what they mean, from which the reference is generated.

use promo_core::Code;

use crate::CodeDescription;

/// All codes, in their order.
pub(crate) const CODES: &[CodeDescription] = &[
    CodeDescription {
        code: Code::new("PROMO-R060"),
        title: "List without end",
        explanation: "The pages of a list lead back to a page that was read already, or there is no end of them.",
    },
    CodeDescription {
        code: Code::new("PROMO-R061"),
        title: "Too many entries",
        explanation: "A list has more entries than are read.",
    },
    CodeDescription {
        code: Code::new("PROMO-R062"),
        title: "Not below",
        explanation: "A repository lists another one below itself whose name says otherwise.",
    },
    CodeDescription {
        code: Code::new("PROMO-R063"),
        title: "No catalog",
        explanation: "The registry doesn't list its repositories, so it can't be walked. Name the repositories in a promoter manifest instead.",
    },
];

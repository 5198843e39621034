//! The stable codes of the copier with what they mean, from which the reference is generated.

use promo_core::Code;

use crate::CodeDescription;

/// All codes, in their order.
pub(crate) const CODES: &[CodeDescription] = &[
    CodeDescription {
        code: Code::new("PROMO-R040"),
        title: "Image missing",
        explanation: "The source repository doesn't hold the image that is to be copied.",
    },
    CodeDescription {
        code: Code::new("PROMO-R041"),
        title: "Child missing",
        explanation: "An index lists a manifest that the source repository doesn't hold; the image is refused as a whole. Push it to the source again, with all its platforms.",
    },
    CodeDescription {
        code: Code::new("PROMO-R042"),
        title: "Blob missing",
        explanation: "A manifest names a blob that the source repository doesn't hold. Push the image to the source again.",
    },
    CodeDescription {
        code: Code::new("PROMO-R043"),
        title: "Not a manifest",
        explanation: "A manifest, or an entry of an index, has a media type that is not known to be a manifest: what belongs to it can't be found, so the image is refused.",
    },
    CodeDescription {
        code: Code::new("PROMO-R044"),
        title: "Unreadable manifest",
        explanation: "A manifest can't be read as what its media type says.",
    },
    CodeDescription {
        code: Code::new("PROMO-R045"),
        title: "Ambiguous manifest",
        explanation: "A manifest can be read in two ways, or says two things about the same content (CVE-2021-41190). Clients might take either, so it is refused.",
    },
    CodeDescription {
        code: Code::new("PROMO-R046"),
        title: "Unsupported digest",
        explanation: "A manifest refers to content by a digest that is neither sha256 nor sha512.",
    },
    CodeDescription {
        code: Code::new("PROMO-R047"),
        title: "Altered manifest",
        explanation: "The source sent a manifest that is not the one listed, by digest or size. Nothing of the image was written.",
    },
    CodeDescription {
        code: Code::new("PROMO-R048"),
        title: "Nested too deeply",
        explanation: "The manifests of an image are nested in more levels than are copied (eight, unless set otherwise).",
    },
    CodeDescription {
        code: Code::new("PROMO-R049"),
        title: "Too many manifests",
        explanation: "An image is made of more manifests than are copied (10,000, unless set otherwise).",
    },
    CodeDescription {
        code: Code::new("PROMO-R050"),
        title: "Manifests too large",
        explanation: "The manifests of an image have more bytes together than are copied (1 GB, unless set otherwise).",
    },
    CodeDescription {
        code: Code::new("PROMO-R051"),
        title: "Wrong length",
        explanation: "A blob of the source didn't have the length that its descriptor says. No upload of it was completed.",
    },
    CodeDescription {
        code: Code::new("PROMO-R052"),
        title: "Acknowledged too early",
        explanation: "A destination said that it has a blob before all its bytes were sent; it is not believed.",
    },
    CodeDescription {
        code: Code::new("PROMO-R053"),
        title: "Stalled",
        explanation: "A destination took no bytes for so long that it was left behind, so that others could go on; trying it alone failed as well.",
    },
    CodeDescription {
        code: Code::new("PROMO-R054"),
        title: "Source broke off",
        explanation: "An upload was ended with an error because its source broke off.",
    },
];

//! Kinds of junk: few bytes and many values, in what nobody reads, in what may be signed, in lists and in manifests; each as
//! large as promo reads it, or a little larger.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::staging::{BUNDLE, Image};
use xtask::error::Result;

/// What a blob of evidence may have, without the names around it.
const BLOB: usize = (16 << 20) - 4096;
/// What a manifest may have, without the names around it.
const MANIFEST: usize = (4 << 20) - 4096;
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// A kind, and how it is put beside an image.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) plant: fn(&mut Image) -> Result<()>,
}

pub(super) fn kinds() -> Vec<Kind> {
    let kind = |name, plant| Kind { name, plant };
    vec![
        kind("lists in the log of a bundle", |image| {
            image.bundle(&lists_in_the_log())
        }),
        kind("lists in the payload of a bundle", |image| {
            image.bundle(&lists_in_the_payload())
        }),
        kind("keys in a bundle", |image| image.bundle(&keys())),
        kind("escapes in a bundle", |image| image.bundle(&escapes())),
        kind("one long text in a bundle", |image| image.bundle(&text())),
        kind("nesting in a bundle", |image| image.bundle(&nesting())),
        kind("nesting in the payload of a bundle", |image| {
            image.bundle(&nesting_in_the_payload())
        }),
        kind("signatures in one envelope", |image| {
            image.bundle(&signatures())
        }),
        kind("a long signature in one envelope", |image| {
            image.bundle(&long_signature())
        }),
        kind("two bundles with large payloads", two_bundles),
        kind("bundles of every kind", every_bundle),
        kind("signatures under .sig", signatures_under_sig),
        kind("large payloads under .sig", large_under_sig),
        kind("large envelopes under .att", large_under_att),
        kind("2,500 referrers", many_referrers),
        kind("referrers with many layers", |image| {
            wide_referrers(image, 8_000)
        }),
        kind("referrers with very many layers", |image| {
            wide_referrers(image, 24_000)
        }),
        kind("referrers with a long annotation", long_annotations),
        kind("referrers with many annotations", |image| {
            many_annotations(image, 25_000)
        }),
        kind("a list of referrers with annotations", annotated_list),
        kind("all of it at once", everything),
    ]
}

fn lists_in_the_log() -> String {
    let log = "[],".repeat(BLOB / 3);
    bundle(&format!(r#","tlogEntries":[{log}[]]"#), "e30=", SIGNED)
}

/// In base64: `[[]`, as often as it fits `,[]`, and `]` with two spaces.
fn lists_in_the_payload() -> String {
    let payload = format!("W1td{}XSAg", "LFtd".repeat(BLOB / 4 - 2));
    bundle("", &payload, SIGNED)
}

fn keys() -> String {
    let mut keys = String::new();
    for number in 0..1_400_000 {
        // Writing to a String can't fail.
        let _written = write!(keys, r#""{number:x}":0,"#);
    }
    bundle(&format!(r#","x":{{{keys}"y":0}}"#), "e30=", SIGNED)
}

fn escapes() -> String {
    bundle("", &r"\/".repeat(BLOB / 2), SIGNED)
}

fn text() -> String {
    bundle(&format!(r#","x":"{}""#, "x".repeat(BLOB)), "e30=", SIGNED)
}

fn nesting() -> String {
    let (open, close) = ("[".repeat(BLOB / 2), "]".repeat(BLOB / 2));
    bundle(&format!(r#","x":{open}{close}"#), "e30=", SIGNED)
}

/// In base64: `[[[` and `]]]`.
fn nesting_in_the_payload() -> String {
    let payload = format!("{}{}", "W1tb".repeat(BLOB / 8), "XV1d".repeat(BLOB / 8));
    bundle("", &payload, SIGNED)
}

fn signatures() -> String {
    let many = r#"{"sig":"AAAA"},"#.repeat(BLOB / 15 - 1);
    bundle("", "e30=", &format!("{many}{SIGNED}"))
}

fn long_signature() -> String {
    let text = "A".repeat(BLOB / 4 * 4 - 16);
    bundle("", "e30=", &format!(r#"{{"sig":"{text}"}}"#))
}

/// Both fit into what is read of referrers, and are held while they are judged.
fn two_bundles(image: &mut Image) -> Result<()> {
    for letters in ["QUFB", "QkJC"] {
        image.bundle(&bundle("", &letters.repeat((12 << 20) / 4), SIGNED))?;
    }
    Ok(())
}

fn every_bundle(image: &mut Image) -> Result<()> {
    let all = [
        lists_in_the_log,
        lists_in_the_payload,
        keys,
        escapes,
        text,
        nesting,
        nesting_in_the_payload,
        signatures,
        long_signature,
    ];
    all.iter().try_for_each(|make| image.bundle(&make()))
}

fn signatures_under_sig(image: &mut Image) -> Result<()> {
    let payload = image.blob(SIMPLE_SIGNING, "{}")?;
    let layer = with(&payload, &json!({SIGNATURE: "AAAA"}));
    image.tag(".sig", &vec![layer; 8_000])
}

/// One of each size: the first fits into what is read of `.sig`.
fn large_under_sig(image: &mut Image) -> Result<()> {
    let sizes = [(2 << 20) - 4096, BLOB];
    let layers: Result<Vec<Value>> = sizes
        .iter()
        .map(|size| {
            let payload = format!("[{}[]]", "[],".repeat(size / 3));
            let payload = image.blob(SIMPLE_SIGNING, &payload)?;
            Ok(with(&payload, &json!({SIGNATURE: "AAAA"})))
        })
        .collect();
    image.tag(".sig", &layers?)
}

fn large_under_att(image: &mut Image) -> Result<()> {
    let payload = "LFtd".repeat(BLOB / 4 - 1024);
    let layer = image.blob(ENVELOPE, &envelope(&payload, SIGNED))?;
    image.tag(".att", &vec![layer; 3])
}

fn many_referrers(image: &mut Image) -> Result<()> {
    let layer = image.blob(BUNDLE, &bundle("", "e30=", SIGNED))?;
    let mut number = 0..2_500;
    number.try_for_each(|number| {
        let annotations = json!({"number": number.to_string()});
        image.referrer(std::slice::from_ref(&layer), &annotations)
    })
}

/// As many values as are built of a manifest, or more.
fn wide_referrers(image: &mut Image, layers: usize) -> Result<()> {
    let layer = image.blob(BUNDLE, "{}")?;
    for number in 0..8 {
        let annotations = json!({"number": number.to_string()});
        image.referrer(&vec![layer.clone(); layers], &annotations)?;
    }
    Ok(())
}

fn long_annotations(image: &mut Image) -> Result<()> {
    let layer = image.blob(BUNDLE, "{}")?;
    for letter in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
        let annotations = json!({"long": letter.repeat(MANIFEST - 4096)});
        image.referrer(std::slice::from_ref(&layer), &annotations)?;
    }
    Ok(())
}

fn many_annotations(image: &mut Image, annotations: usize) -> Result<()> {
    let layer = image.blob(BUNDLE, &bundle("", "e30=", SIGNED))?;
    for letter in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let annotations = (0..annotations).map(|number| (format!("{letter}{number}"), json!("x")));
        let layer = with(&layer, &Value::Object(annotations.collect()));
        image.referrer(&[layer], &json!({}))?;
    }
    Ok(())
}

/// As much as fits into the manifest under the fallback tag.
fn annotated_list(image: &mut Image) -> Result<()> {
    let layer = image.blob(BUNDLE, &bundle("", "e30=", SIGNED))?;
    for number in 0..40 {
        let annotations = json!({"number": number.to_string()});
        image.referrer(std::slice::from_ref(&layer), &annotations)?;
    }
    let annotations = (0..6_000).map(|number| (number.to_string(), json!("x")));
    image.annotate_list(&Value::Object(annotations.collect()));
    Ok(())
}

fn everything(image: &mut Image) -> Result<()> {
    every_bundle(image)?;
    large_under_sig(image)?;
    large_under_att(image)?;
    long_annotations(image)?;
    many_referrers(image)
}

/// One signature that nobody made.
const SIGNED: &str = r#"{"sig":"AAAA"}"#;

fn bundle(material: &str, payload: &str, signatures: &str) -> String {
    let envelope = envelope(payload, signatures);
    format!(
        r#"{{"mediaType":"{BUNDLE}","verificationMaterial":{{"publicKey":{{"hint":""}}{material}}},"dsseEnvelope":{envelope}}}"#
    )
}

fn envelope(payload: &str, signatures: &str) -> String {
    format!(
        r#"{{"payload":"{payload}","payloadType":"application/vnd.in-toto+json","signatures":[{signatures}]}}"#
    )
}

fn with(descriptor: &Value, annotations: &Value) -> Value {
    let mut descriptor = descriptor.clone();
    if let Some(fields) = descriptor.as_object_mut() {
        fields.insert("annotations".to_owned(), annotations.clone());
    }
    descriptor
}

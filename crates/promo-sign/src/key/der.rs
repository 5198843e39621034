//! The few DER structures that keys come in, recognised by their exact bytes.
//!
//! Keys of the supported algorithms have exactly one DER form, so a prefix says more than a parser
//! would: nothing unusual gets through.

use zeroize::Zeroizing;

/// SPKI of an uncompressed P-256 point: this prefix, then 65 bytes.
const P256_SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// SPKI of an Ed25519 key: this prefix, then 32 bytes.
const ED25519_SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// `id-ecPublicKey` as DER.
const EC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `secp384r1` and `secp521r1` as DER.
const SECP384R1: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
const SECP521R1: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23];
/// `rsaEncryption` as DER.
const RSA: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
];
/// PKCS#8 version and algorithm of a P-256 key.
const P256_PKCS8: &[u8] = &[
    0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
];

/// Algorithms of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// ECDSA on P-256 over SHA-256, signatures as ASN.1 DER.
    EcdsaP256,
    /// Ed25519.
    Ed25519,
    /// RSA of 2048 to 8192 bits, with PKCS#1 v1.5 signatures over SHA-256. Such keys verify only.
    Rsa,
}

/// The algorithm of a public key as SPKI, if it is one of those with a fixed form.
pub(super) fn public_algorithm(spki: &[u8]) -> Option<KeyAlgorithm> {
    if spki.len() == 91 && spki.starts_with(&P256_SPKI) && spki.get(26) == Some(&4) {
        Some(KeyAlgorithm::EcdsaP256)
    } else if spki.len() == 44 && spki.starts_with(&ED25519_SPKI) {
        Some(KeyAlgorithm::Ed25519)
    } else {
        None
    }
}

/// The name of the algorithm of a key that isn't supported, as far as its bytes tell.
pub(super) fn algorithm_name(der: &[u8]) -> &'static str {
    let has = |part: &[u8]| der.windows(part.len()).any(|window| window == part);
    if has(SECP384R1) {
        "P-384"
    } else if has(SECP521R1) {
        "P-521"
    } else if has(RSA) {
        "RSA"
    } else if has(EC_KEY) {
        "ECDSA on another curve"
    } else {
        "unknown"
    }
}

/// The 32 bytes of an Ed25519 public key.
pub(crate) fn ed25519_point(spki: &[u8]) -> Option<&[u8]> {
    (public_algorithm(spki) == Some(KeyAlgorithm::Ed25519)).then(|| spki.split_at(12).1)
}

/// The 32 bytes of an Ed25519 private key in PKCS#8, with or without the public key behind it.
pub(crate) fn ed25519_seed(pkcs8: &[u8]) -> Option<&[u8]> {
    /// Algorithm and the head of the two nested octet strings.
    const MIDDLE: &[u8] = &[
        0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ];
    let rest = match pkcs8 {
        [0x30, length, 0x02, 0x01, 0 | 1, rest @ ..] if usize::from(*length) + 2 == pkcs8.len() => {
            rest
        }
        _ => return None,
    };
    rest.strip_prefix(MIDDLE)?.get(..32)
}

/// A SEC1 private key as PKCS#8 for P-256. Whether it is one is checked by whoever reads it.
pub(super) fn pkcs8_of_sec1(sec1: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut inner = Zeroizing::new(P256_PKCS8.to_vec());
    inner.push(0x04);
    push_length(&mut inner, sec1.len());
    inner.extend_from_slice(sec1);
    let mut outer = Zeroizing::new(Vec::with_capacity(inner.len() + 5));
    outer.push(0x30);
    push_length(&mut outer, inner.len());
    outer.extend_from_slice(&inner);
    outer
}

fn push_length(bytes: &mut Vec<u8>, length: usize) {
    let [.., high, low] = length.to_be_bytes();
    match length {
        0..=0x7f => bytes.push(low),
        0x80..=0xff => bytes.extend([0x81, low]),
        _ => bytes.extend([0x82, high, low]),
    }
}

//! RSA public keys: they verify what others signed. promo signs with none.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};

/// `rsaEncryption` with its NULL parameters as DER: the algorithm of an SPKI.
const ALGORITHM: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// A key that verifies PKCS#1 v1.5 signatures over SHA-256, as cosign makes them.
#[derive(Debug, Clone)]
pub(super) struct RsaKey(ParsedPublicKey);

impl RsaKey {
    /// The key in an SPKI in its one DER form; nothing if it is no such key, or not of 2048 to 8192 bits.
    pub(super) fn from_spki(spki: &[u8]) -> Option<Self> {
        let pkcs1 = pkcs1_of(spki)?;
        let (modulus, rest) = integer(whole(pkcs1, SEQUENCE)?)?;
        let (exponent, rest) = integer(rest)?;
        let bits = modulus.len() * 8 - usize::try_from(modulus.first()?.leading_zeros()).ok()?;
        let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        let sound = rest.is_empty()
            && (2048..=8192).contains(&bits)
            && is_odd(modulus)
            && is_odd(exponent)
            && exponent.len() <= 4
            && exponent != [1];
        sound
            .then(|| ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pkcs1).ok())
            .flatten()
            .map(Self)
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

/// An `RSA PUBLIC KEY` (PKCS#1) as SPKI.
pub(super) fn spki_of(pkcs1: &[u8]) -> Vec<u8> {
    let mut bits = vec![0];
    bits.extend_from_slice(pkcs1);
    let mut inner = ALGORITHM.to_vec();
    push(&mut inner, BIT_STRING, &bits);
    let mut spki = Vec::with_capacity(inner.len() + 4);
    push(&mut spki, SEQUENCE, &inner);
    spki
}

fn pkcs1_of(spki: &[u8]) -> Option<&[u8]> {
    let bits = whole(spki, SEQUENCE)?.strip_prefix(ALGORITHM)?;
    whole(bits, BIT_STRING)?.strip_prefix(&[0])
}

/// What is in the one element that these bytes are.
fn whole(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (content, rest) = element(bytes, tag)?;
    rest.is_empty().then_some(content)
}

/// The first element and what follows it. Lengths in more bytes than they need are no DER.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match bytes {
        [found, ..] if *found != tag => return None,
        [_, short @ 0..=0x7f, rest @ ..] => (usize::from(*short), rest),
        [_, 0x81, low @ 0x80..=0xff, rest @ ..] => (usize::from(*low), rest),
        [_, 0x82, high @ 1..=0xff, low, rest @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// A positive number without the byte that keeps it positive, and what follows it.
fn integer(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (number, rest) = element(bytes, INTEGER)?;
    match number {
        [0, number @ ..] if number.first().is_some_and(|first| *first >= 0x80) => {
            Some((number, rest))
        }
        [1..=0x7f, ..] => Some((number, rest)),
        _ => None,
    }
}

fn push(to: &mut Vec<u8>, tag: u8, content: &[u8]) {
    let [.., high, low] = content.len().to_be_bytes();
    to.push(tag);
    match content.len() {
        0..=0x7f => to.push(low),
        0x80..=0xff => to.extend([0x81, low]),
        _ => to.extend([0x82, high, low]),
    }
    to.extend_from_slice(content);
}

//! Content digests: `sha256:<64 hex>` and `sha512:<128 hex>`, lower case, as OCI writes them.
//!
//! A `Digest` is a small value that can be copied. Other algorithms are refused here, once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256, Sha512};

/// A digest algorithm that promo computes and accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestAlgorithm {
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl DigestAlgorithm {
    /// The name before the colon: `sha256` or `sha512`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The length of the digest in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// The digest of some bytes.
///
/// ```
/// use promo_core::oci::Digest;
/// let digest = Digest::sha256_of(b"{}");
/// assert_eq!(
///     digest.to_string(),
///     "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
/// );
/// assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(Bytes);

/// Kept as an enum, so that a SHA-256 digest compares and hashes by its 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Bytes {
    Sha256([u8; 32]),
    Sha512([u8; 64]),
}

impl Digest {
    /// The SHA-256 digest of `bytes`.
    pub fn sha256_of(bytes: &[u8]) -> Self {
        Self(Bytes::Sha256(Sha256::digest(bytes).into()))
    }

    /// The SHA-256 digest that these bytes are.
    pub const fn from_sha256(bytes: [u8; 32]) -> Self {
        Self(Bytes::Sha256(bytes))
    }

    /// The digest of `bytes` by `algorithm`.
    pub fn of(algorithm: DigestAlgorithm, bytes: &[u8]) -> Self {
        let mut digester = Digester::new(algorithm);
        digester.update(bytes);
        digester.finish()
    }

    /// The algorithm it was made with.
    pub const fn algorithm(&self) -> DigestAlgorithm {
        match self.0 {
            Bytes::Sha256(_) => DigestAlgorithm::Sha256,
            Bytes::Sha512(_) => DigestAlgorithm::Sha512,
        }
    }

    /// The digest itself: 32 or 64 bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Sha256(bytes) => bytes,
            Bytes::Sha512(bytes) => bytes,
        }
    }

    /// The part after the colon, in lower-case hexadecimal.
    pub fn hex(&self) -> String {
        Text::of(self).hex().to_owned()
    }

    /// Whether `bytes` have this digest.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        Self::of(self.algorithm(), bytes) == *self
    }

    /// The tag under which evidence about this digest is found: `sha256-<hex>` followed by `suffix`
    /// (`.sig`, `.att`, or nothing for the referrers fallback of OCI Distribution 1.1).
    ///
    /// A SHA-512 digest makes a tag longer than OCI allows; it is cut to the 128 characters that
    /// the specification's fallback scheme asks for (32 of algorithm, 64 of hash at the most).
    pub fn evidence_tag(&self, suffix: &str) -> super::Tag {
        let mut hex = self.hex();
        hex.truncate(64);
        super::Tag::from_checked(format!("{}-{hex}{suffix}", self.algorithm().name()))
    }
}

/// Computes a digest of bytes that arrive in pieces.
#[derive(Clone)]
pub struct Digester(State);

#[derive(Clone)]
enum State {
    Sha256(Sha256),
    Sha512(Box<Sha512>),
}

impl Digester {
    /// A digester that has seen nothing yet.
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self(match algorithm {
            DigestAlgorithm::Sha256 => State::Sha256(Sha256::new()),
            DigestAlgorithm::Sha512 => State::Sha512(Box::new(Sha512::new())),
        })
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest of all that was taken.
    pub fn finish(self) -> Digest {
        Digest(match self.0 {
            State::Sha256(state) => Bytes::Sha256(state.finalize().into()),
            State::Sha512(state) => Bytes::Sha512(state.finalize().into()),
        })
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digester")
    }
}

/// Why a text is not a digest that promo accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// There is no `:`, or nothing before it.
    #[error("a digest is written `sha256:` and 64 hexadecimal digits")]
    NoAlgorithm,
    /// The algorithm is one that promo doesn't compute.
    #[error("digest algorithm `{algorithm}` is not supported, only sha256 and sha512")]
    UnsupportedAlgorithm {
        /// What stood before the colon.
        algorithm: String,
    },
    /// The part after the colon has the wrong length.
    #[error("a {} digest has {expected} hexadecimal digits, not {found}", algorithm.name())]
    Length {
        /// The algorithm named.
        algorithm: DigestAlgorithm,
        /// How many digits it has.
        expected: usize,
        /// How many stand there.
        found: usize,
    },
    /// A character is not one of `0-9a-f`.
    #[error("`{found}` is not a lower-case hexadecimal digit")]
    Character {
        /// The first such character.
        found: char,
    },
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (name, hex) = text.split_once(':').ok_or(DigestError::NoAlgorithm)?;
        let algorithm = match name {
            "" => return Err(DigestError::NoAlgorithm),
            "sha256" => DigestAlgorithm::Sha256,
            "sha512" => DigestAlgorithm::Sha512,
            other => {
                return Err(DigestError::UnsupportedAlgorithm {
                    algorithm: other.to_owned(),
                });
            }
        };
        let expected = algorithm.size() * 2;
        let mut bytes = [0u8; 64];
        let mut all = 0;
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            if let [high, low] = pair {
                let (high, low) = (nibble(*high), nibble(*low));
                all |= high | low;
                *byte = high << 4 | low;
            }
        }
        if all == NO_NIBBLE || hex.len() != expected {
            return Err(wrong_hex(hex, algorithm));
        }
        Ok(Self(match algorithm {
            DigestAlgorithm::Sha256 => {
                let mut short = [0u8; 32];
                short.copy_from_slice(bytes.split_at(32).0);
                Bytes::Sha256(short)
            }
            DigestAlgorithm::Sha512 => Bytes::Sha512(bytes),
        }))
    }
}

/// What is wrong with digits that are no digest: a character before the length.
fn wrong_hex(hex: &str, algorithm: DigestAlgorithm) -> DigestError {
    let is_digit = |c: &char| u8::try_from(*c).is_ok_and(|byte| nibble(byte) != NO_NIBBLE);
    match hex.chars().find(|c| !is_digit(c)) {
        Some(found) => DigestError::Character { found },
        None => DigestError::Length {
            algorithm,
            expected: algorithm.size() * 2,
            found: hex.len(),
        },
    }
}

/// Stands for what is no nibble: all bits are set, so that it shows in any sum of bits.
const NO_NIBBLE: u8 = u8::MAX;

/// The values of the characters `0-9a-f`, by character.
const NIBBLES: [u8; 256] = {
    let mut values = [NO_NIBBLE; 256];
    let digits = b"0123456789abcdef";
    let mut value = 0;
    while value < digits.len() {
        #[expect(clippy::indexing_slicing, reason = "computed when it is compiled")]
        #[expect(clippy::cast_possible_truncation, reason = "sixteen digits")]
        {
            values[digits[value] as usize] = value as u8;
        }
        value += 1;
    }
    values
};

fn nibble(character: u8) -> u8 {
    NIBBLES
        .get(usize::from(character))
        .copied()
        .unwrap_or(NO_NIBBLE)
}

/// The digit of a value below 16.
const fn digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + nibble - 10,
    }
}

/// A digest written out, on the stack: plans write tens of thousands of them.
struct Text {
    bytes: [u8; Text::LONGEST],
    length: usize,
}

impl Text {
    /// Both algorithms have a name of this many bytes, the colon included.
    const NAME: usize = "sha256:".len();
    const LONGEST: usize = Self::NAME + 128;

    fn of(digest: &Digest) -> Self {
        let mut bytes = [0; Self::LONGEST];
        let (name, hex) = bytes.split_at_mut(Self::NAME);
        let label = digest.algorithm().name().bytes().chain([b':']);
        for (to, from) in name.iter_mut().zip(label) {
            *to = from;
        }
        for (to, from) in hex.chunks_exact_mut(2).zip(digest.as_bytes()) {
            if let [high, low] = to {
                *high = digit(from >> 4);
                *low = digit(from & 15);
            }
        }
        Self {
            bytes,
            length: Self::NAME + digest.algorithm().size() * 2,
        }
    }

    fn as_str(&self) -> &str {
        let text = self.bytes.get(..self.length).unwrap_or_default();
        // Only ASCII was written.
        std::str::from_utf8(text).unwrap_or_default()
    }

    fn hex(&self) -> &str {
        self.as_str().get(Self::NAME..).unwrap_or_default()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Text::of(self).as_str())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Text::of(self).as_str())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

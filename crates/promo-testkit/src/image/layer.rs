//! Layers: tar archives of given files, opaque bytes from a seed, or layers that are elsewhere.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::digest::Algorithm;

const BLOCK: usize = 512;

/// A layer of an image.
#[derive(Clone, Debug)]
pub struct Layer {
    pub(super) bytes: Bytes,
    pub(super) urls: Vec<String>,
    pub(super) media_type: Option<String>,
}

impl Layer {
    /// A tar archive with one file.
    pub fn file(path: &str, content: impl AsRef<[u8]>) -> Self {
        Self::files([(path, content)])
    }

    /// A tar archive with these files, in this order, owned by root, with mode 644 and no time.
    ///
    /// Paths are cut after 100 bytes, the room that the oldest tar format has for them.
    pub fn files<'a>(files: impl IntoIterator<Item = (&'a str, impl AsRef<[u8]>)>) -> Self {
        let mut archive = BytesMut::new();
        for (path, content) in files {
            let content = content.as_ref();
            archive.put_slice(&tar_header(path, content.len()));
            archive.put_slice(content);
            archive.put_bytes(0, content.len().next_multiple_of(BLOCK) - content.len());
        }
        archive.put_bytes(0, 2 * BLOCK);
        Self::bytes(archive)
    }

    /// Bytes that look random and can't be compressed; the same for the same seed and size. They are no archive.
    pub fn opaque(seed: u64, size: usize) -> Self {
        Self::bytes(noise(seed, size))
    }

    /// Any bytes.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            urls: Vec::new(),
            media_type: None,
        }
    }

    /// A non-distributable layer, which is found at these URLs and not put into registries.
    pub fn foreign<'a>(bytes: impl Into<Bytes>, urls: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            urls: urls.into_iter().map(str::to_owned).collect(),
            ..Self::bytes(bytes)
        }
    }

    /// With a media type other than that of a tar archive.
    #[must_use]
    pub fn media_type(mut self, media_type: &str) -> Self {
        self.media_type = Some(media_type.to_owned());
        self
    }

    pub(super) fn is_foreign(&self) -> bool {
        !self.urls.is_empty()
    }

    pub(super) fn digest(&self, algorithm: Algorithm) -> String {
        algorithm.digest(&self.bytes)
    }
}

/// A header of the `ustar` format.
fn tar_header(path: &str, size: usize) -> Vec<u8> {
    let mut header = Vec::with_capacity(BLOCK);
    let mut field = |text: &str, width: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(width, 0);
        header.extend_from_slice(&bytes);
    };
    field(path, 100);
    field("0000644", 8);
    field("0000000", 8);
    field("0000000", 8);
    field(&format!("{size:011o}"), 12);
    field("00000000000", 12);
    field("        ", 8);
    field("0", 1);
    field("", 100);
    field("ustar", 6);
    field("00", 2);
    field("root", 32);
    field("root", 32);
    field("0000000", 8);
    field("0000000", 8);
    field("", 155);
    field("", 12);
    let checksum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let checksum = format!("{checksum:06o}\0 ");
    header.splice(148..156, checksum.bytes());
    header
}

/// Numbers of the SplitMix64 sequence.
pub(super) fn noise(seed: u64, size: usize) -> Bytes {
    let mut state = seed;
    let mut bytes = BytesMut::with_capacity(size + 8);
    while bytes.len() < size {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bytes.put_u64_le(mixed ^ (mixed >> 31));
    }
    bytes.truncate(size);
    bytes.freeze()
}

//! The width of the indexes by which a plan refers to its lists.

/// Indexes are 32 bits wide: the bytes of a tree are capped far below what would need more.
pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

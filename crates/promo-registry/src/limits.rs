//! How much of lists is read at the most, beside the bytes that `Caps` has. The reference lists these values.

/// The most pages of a tag list that are read one after the other.
pub const TAG_PAGES: usize = 10_000;
/// The most pages of a list that an inventory goes through: of a catalog, or of tags.
pub const INVENTORY_PAGES: usize = 100_000;
/// The most pages of a list of referrers.
pub const REFERRER_PAGES: usize = 1000;
/// The most referrers of one manifest.
pub const REFERRERS: usize = 100_000;
/// The most entries of one page, of whatever list: few bytes can be many values.
pub const PAGE_ENTRIES: usize = 1_000_000;

//! How much room a text for people has, and how much of it is told.

/// Room and detail of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// Tables have lines of at most so many characters, where that can be.
    pub width: usize,
    /// How much is told.
    pub extent: LayoutExtent,
}

/// How much of a run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LayoutExtent {
    /// What was blocked, and the numbers.
    Brief,
    /// Also what was published, as far as it fits a screen.
    #[default]
    Screen,
    /// Each edge in a line of its own.
    Edges,
}

impl Layout {
    /// Where no terminal says how wide it is: the same everywhere.
    pub const WIDTH: usize = 100;
    /// Narrower than that nothing can be laid out.
    const LEAST_WIDTH: usize = 40;

    /// For lines of so many characters.
    pub fn within(width: usize) -> Self {
        Self {
            width: width.max(Self::LEAST_WIDTH),
            extent: LayoutExtent::default(),
        }
    }
}

impl Default for Layout {
    fn default() -> Self {
        Self::within(Self::WIDTH)
    }
}

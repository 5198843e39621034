//! What a text has to be: exactly this, or all of it as an expression says.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// Bounds what compiling an expression may take, in bytes.
const MAX_COMPILED: usize = 1 << 20;

/// What a text has to be. An expression always has to match the whole text: `a|b` doesn't match `ab`.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// Exactly this.
    Exact(String),
    /// What this expression matches as a whole.
    Expression(Expression),
}

/// A regular expression that is anchored at both ends.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    anchored: Regex,
}

/// Why a text is no expression.
#[derive(Debug, thiserror::Error)]
#[error("it is no regular expression: {0}")]
pub struct PatternError(#[from] regex::Error);

impl Pattern {
    /// Exactly this text.
    pub fn exact(text: impl Into<String>) -> Self {
        Self::Exact(text.into())
    }

    /// What this expression (the syntax of the crate `regex`) matches as a whole.
    ///
    /// # Errors
    ///
    /// If it is none, or is too large when it is compiled.
    pub fn expression(text: impl Into<String>) -> Result<Self, PatternError> {
        let text = text.into();
        // Alone first: `a)(?:b` is no expression, though it would be one inside of parentheses.
        let build = |text: &str| RegexBuilder::new(text).size_limit(MAX_COMPILED).build();
        build(&text)?;
        let anchored = build(&format!(r"\A(?:{text})\z"))?;
        Ok(Self::Expression(Expression { text, anchored }))
    }

    /// Whether a text is as it has to be.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(wanted) => wanted == text,
            Self::Expression(expression) => expression.anchored.is_match(text),
        }
    }
}

/// The text, or the expression between slashes.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => f.write_str(text),
            Self::Expression(expression) => write!(f, "/{}/", expression.text),
        }
    }
}

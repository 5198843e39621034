//! The embedded registry over HTTP, as a client sees it.

mod content;
mod support;

use promo_testkit as _;

//! What is a fault and what is not.

use std::path::Path;

use super::{MOST_LINES, fault};

#[test]
fn a_header_comes_first() {
    assert!(fault(Path::new("a.rs"), "//! What it holds.\n").is_none());
    assert!(fault(Path::new("a.rs"), "use std::fs;\n//! Too late.\n").is_some());
    assert!(fault(Path::new("plan/tests.rs"), "use super::plan;\n").is_none());
}

#[test]
fn only_tests_may_be_long() {
    let long = "//! Long.\n".repeat(MOST_LINES + 1);
    assert!(fault(Path::new("src/plan.rs"), &long).is_some());
    assert!(fault(Path::new("src/plan/tests.rs"), &long).is_none());
    assert!(fault(Path::new("tests/plan.rs"), &long).is_none());
    assert!(fault(Path::new("src/plan.rs"), &"//! Long.\n".repeat(MOST_LINES)).is_none());
}

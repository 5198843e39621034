//! Unit tests of the plan; `tests/plan*.rs` hold the reference model and the laws.

//! The plan against a second, slow and obvious implementation of its rules, and its laws.

mod corpus;
mod generate;
mod laws;
mod model;
mod reference;
mod verdicts;

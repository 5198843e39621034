//! What programs from outside can't say: to skip phases, to take them in another order, to publish in a dry run, or to
//! make what only a phase may make. Each file below `forbidden/` is such a program; beside it stands what the compiler says.

#[test]
fn phases_are_not_skipped_forged_or_reordered() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("tests/forbidden/*.rs");
}

//! `cargo xtask fuzz`: the fuzz targets, guided by coverage on the stable compiler.
//!
//! A target's body is a plain function of the `fuzz` workspace. [`check_seeds`] runs it over the seeds and over changed
//! seeds, which needs no C++ compiler; [`run`] links it with libFuzzer and lets it search.

use std::fs;
use std::process::Command;

use xtask::arguments::Arguments;
use xtask::error::{OnPath, Result};
use xtask::{process, workspace};

/// The targets: binaries of the `fuzz` workspace, each with a folder of seeds.
const TARGETS: [&str; 6] = [
    "evidence",
    "manifest",
    "saved_plan",
    "snapshot",
    "trust",
    "trusted_root",
];

/// What makes the compiler count coverage for libFuzzer; all of it is stable.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions";

/// Searches with each target for `--seconds` (30); a crash is kept in `fuzz/artifacts` and fails the command.
pub(crate) fn run(mut arguments: Arguments) -> Result<()> {
    let seconds: u32 = arguments.take_parsed("--seconds")?.unwrap_or(30);
    arguments.finish()?;
    let host =
        process::capture(Command::new("rustc").args(["--print", "host-tuple"]))?.success()?;
    let mut build = cargo_in_fuzz();
    // With an explicit target the flags do not reach build scripts and macros.
    build.args([
        "build",
        "--locked",
        "--release",
        "--features",
        "libfuzzer",
        "--target",
        host.trim(),
    ]);
    build.env("RUSTFLAGS", COVERAGE);
    process::run(&mut build)?;
    for target in TARGETS {
        let program = workspace::target_folder()
            .join("fuzz")
            .join(host.trim())
            .join("release")
            .join(target);
        search(target, &mut Command::new(program), seconds)?;
    }
    Ok(())
}

/// Runs every target over its seeds, over many changed seeds, and over the crashes that were once found.
pub(crate) fn check_seeds() -> Result<()> {
    process::run(cargo_in_fuzz().args(["test", "--locked"]))
}

fn search(target: &str, program: &mut Command, seconds: u32) -> Result<()> {
    let fuzz = workspace::root().join("fuzz");
    let corpus = workspace::target_folder().join("fuzz-corpus").join(target);
    let artifacts = fuzz.join("artifacts").join(target);
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).on("create", folder)?;
    }
    program.arg(corpus).arg(fuzz.join("seeds").join(target));
    program.arg(format!("-artifact_prefix={}/", artifacts.display()));
    program.arg(format!("-max_total_time={seconds}")).args([
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-max_len=16384",
    ]);
    process::run(program)
}

fn cargo_in_fuzz() -> Command {
    let mut command = workspace::cargo();
    command
        .current_dir(workspace::root().join("fuzz"))
        .env("CARGO_TARGET_DIR", workspace::target_folder().join("fuzz"));
    command
}

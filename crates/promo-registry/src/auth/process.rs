//! Runs a program that prints a credential: a credential helper, or gcloud.
//!
//! What such a program prints is a secret or may contain one, so it is capped, wiped, and in no error. What it
//! means is decided by who asked for it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

/// The most that a program may print.
const MAX_OUTPUT: u64 = 64 << 10;

/// A program, and what it is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program<'a> {
    pub(super) path: &'a Path,
    pub(super) arguments: &'a [&'a str],
    /// What it reads from its standard input.
    pub(super) input: &'a str,
    pub(super) deadline: Duration,
}

/// What a program printed, and whether it says that it succeeded.
pub(super) struct Printed {
    pub(super) is_success: bool,
    pub(super) output: Zeroizing<Vec<u8>>,
}

/// Runs a program to its end. The error says what the program did, to be put behind its name.
pub(super) async fn run(program: Program<'_>) -> Result<Printed, &'static str> {
    tokio::time::timeout(program.deadline, run_to_end(program))
        .await
        .map_err(|_| "did not answer in time")?
}

async fn run_to_end(program: Program<'_>) -> Result<Printed, &'static str> {
    let mut child = Command::new(program.path)
        .args(program.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| "could not be started")?;
    let output = exchange(&mut child, program.input)
        .await
        .map_err(|_| "could not be read")?;
    if output.len() as u64 > MAX_OUTPUT {
        return Err("printed more than a credential");
    }
    let status = child.wait().await.map_err(|_| "did not end")?;
    Ok(Printed {
        is_success: status.success(),
        output,
    })
}

async fn exchange(child: &mut Child, input: &str) -> std::io::Result<Zeroizing<Vec<u8>>> {
    if let Some(mut stdin) = child.stdin.take() {
        // A program that doesn't read what it is asked may have closed its end already.
        let _written = stdin.write_all(input.as_bytes()).await.is_ok();
    }
    let mut output = Zeroizing::new(Vec::new());
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX_OUTPUT + 1).read_to_end(&mut output).await?;
    }
    Ok(output)
}

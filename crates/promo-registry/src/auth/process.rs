//! Runs a program that prints a credential: a credential helper, gcloud, or one that prints a token.
//!
//! What such a program prints is a secret or may contain one, so it is capped, wiped, and in no error. What it
//! means is decided by who asked for it; what may be repeated of its complaints is decided in `advice`.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

/// The most that a program may print.
const MAX_OUTPUT: usize = 64 << 10;
/// The most that is kept of what it complains about.
const MAX_COMPLAINT: usize = 16 << 10;
/// How long its output is still read after the program has ended: a child that it left behind may keep the pipe open.
const AFTER_END: Duration = Duration::from_secs(1);

/// A program, and what it is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program<'a> {
    pub(super) path: &'a Path,
    pub(super) arguments: &'a [&'a str],
    /// What it reads from its standard input.
    pub(super) input: &'a str,
    pub(super) deadline: Duration,
}

/// What a program printed.
#[derive(Default)]
pub(super) struct Printed {
    pub(super) output: Zeroizing<Vec<u8>>,
    /// On its standard error.
    pub(super) complaint: Zeroizing<Vec<u8>>,
}

/// How a program ended.
pub(super) enum Ended {
    /// By itself. It says that it succeeded.
    Well,
    /// By itself. It says that it failed.
    Badly,
    /// It was ended, or never began: what it did, to be put behind its name.
    Not(&'static str),
}

/// Runs a program to its end, or ends it with all that it started.
pub(super) async fn run(program: Program<'_>) -> (Ended, Printed) {
    let mut printed = Printed::default();
    let Ok(mut child) = command(&program).spawn() else {
        return (Ended::Not("could not be started"), printed);
    };
    let mut group = Group::of(&child);
    let talk = talk(&mut child, program.input, &mut printed);
    let ended = match tokio::time::timeout(program.deadline, talk).await {
        Err(_) => Ended::Not("did not answer in time"),
        Ok(Err(did)) => Ended::Not(did),
        Ok(Ok(status)) => {
            group.is_over();
            if status.success() {
                Ended::Well
            } else {
                Ended::Badly
            }
        }
    };
    (ended, printed)
}

fn command(program: &Program<'_>) -> Command {
    let mut command = Command::new(program.path);
    command
        .args(program.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    command
}

/// Asks and listens until the program ends.
async fn talk(
    child: &mut Child,
    input: &str,
    printed: &mut Printed,
) -> Result<ExitStatus, &'static str> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let ask = async {
        if let Some(mut stdin) = stdin {
            // A program that doesn't read what it is asked may have closed its end already.
            let _written = stdin.write_all(input.as_bytes()).await.is_ok();
        }
        Ok(())
    };
    let listen = async {
        match read(stdout, &mut printed.output, MAX_OUTPUT).await {
            Ok(false) => Ok(()),
            Ok(true) => Err("printed more than a credential"),
            Err(_) => Err("could not be read"),
        }
    };
    let complaint = async {
        let mut stderr = stderr;
        if let Ok(true) = read(stderr.as_mut(), &mut printed.complaint, MAX_COMPLAINT).await
            && let Some(stderr) = &mut stderr
        {
            // The rest is read and dropped, or the program would fail to write it.
            let _rest = tokio::io::copy(stderr, &mut tokio::io::sink()).await;
        }
        Ok(())
    };
    let talk = async { tokio::try_join!(ask, listen, complaint) };
    let mut talk = std::pin::pin!(talk);
    tokio::select! {
        talked = &mut talk => {
            talked?;
            child.wait().await.map_err(|_| "did not end")
        }
        status = child.wait() => {
            if let Ok(talked) = tokio::time::timeout(AFTER_END, talk).await {
                talked?;
            }
            status.map_err(|_| "did not end")
        }
    }
}

/// Reads to the end, but at most `cap` bytes. Whether there is more.
async fn read(
    from: Option<impl AsyncRead + Unpin>,
    into: &mut Vec<u8>,
    cap: usize,
) -> std::io::Result<bool> {
    let Some(mut from) = from else {
        return Ok(false);
    };
    let mut piece = Zeroizing::new(vec![0; 4096]);
    loop {
        let length = from.read(&mut piece[..]).await?;
        if length == 0 {
            return Ok(false);
        }
        let room = cap.saturating_sub(into.len());
        into.extend(piece.iter().take(length.min(room)));
        if length > room {
            return Ok(true);
        }
    }
}

/// The program with all that it started, which is ended unless the program has ended by itself.
struct Group(Option<u32>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id())
    }

    /// The program has ended by itself: what it left behind is meant to stay.
    fn is_over(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The process id can't be reused before the program has been waited for.
        #[cfg(unix)]
        if let Some(id) = self.0.take()
            && let Some(leader) = i32::try_from(id)
                .ok()
                .and_then(rustix::process::Pid::from_raw)
        {
            let signal = rustix::process::Signal::KILL;
            let _ended = rustix::process::kill_process_group(leader, signal).is_ok();
        }
    }
}

//! Other programs: started, shown, waited for with a deadline, and their output kept.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Error, OnPath, Result};

/// How long a program may take whose output is kept; those that build or test are not bounded.
const DEADLINE: Duration = Duration::from_secs(300);

/// What a program printed, and how it ended.
#[derive(Debug)]
pub struct Output {
    command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Its output.
    pub stdout: Vec<u8>,
    /// Its complaints, as text.
    pub stderr: String,
}

impl Output {
    /// The output as text, if the program was content.
    pub fn success(self) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.success_bytes()?).into_owned())
    }

    /// The very bytes of the output, if the program was content.
    pub fn success_bytes(self) -> Result<Vec<u8>> {
        if self.status.success() {
            Ok(self.stdout)
        } else {
            Err(self.into_error("failed"))
        }
    }

    /// Demands that the program ended by itself and refused.
    pub fn refusal(self) -> Result<Self> {
        match self.status.code() {
            Some(0) => Err(self.into_error("was content, but should have refused")),
            Some(_) => Ok(self),
            None => Err(self.into_error("was killed")),
        }
    }

    fn into_error(self, ending: &str) -> Error {
        let mut output = String::new();
        for text in [
            String::from_utf8_lossy(&self.stdout).as_ref(),
            self.stderr.as_str(),
        ] {
            for line in text.lines() {
                output.push_str("\n  | ");
                output.push_str(line);
            }
        }
        Error::Program {
            command: self.command,
            ending: format!("{ending} ({})", self.status),
            output,
        }
    }
}

/// Runs a program that speaks to the terminal itself, and shows its command line first.
pub fn run(command: &mut Command) -> Result<()> {
    println!("+ {}", shown(command));
    let status = command
        .status()
        .map_err(|source| start_error(command, source))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Program {
        command: shown(command),
        ending: format!("failed ({status})"),
        output: String::new(),
    })
}

/// Runs a program in our place: it speaks to the terminal, says itself what went wrong, and its exit code is ours. It takes
/// over our process, so that a signal to us reaches it.
#[cfg(unix)]
pub fn stand_in(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    // It comes back only if the program can't be started.
    let source = command.exec();
    Err(start_error(command, source))
}

/// Runs a program in our place: it speaks to the terminal, says itself what went wrong, and its exit code is ours.
#[cfg(not(unix))]
pub fn stand_in(command: &mut Command) -> Result<ExitCode> {
    let status = command
        .status()
        .map_err(|source| start_error(command, source))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    // Without a code it was killed.
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Runs a program and keeps what it prints.
pub fn capture(command: &mut Command) -> Result<Output> {
    let mut stdout = scratch_file()?;
    let mut stderr = scratch_file()?;
    command
        .stdin(Stdio::null())
        .stdout(duplicate(&stdout)?)
        .stderr(duplicate(&stderr)?);
    let mut child = spawn(command)?;
    let status = wait(&mut child, DEADLINE, command)?;
    Ok(Output {
        command: shown(command),
        status,
        stdout: read_back(&mut stdout)?,
        stderr: String::from_utf8_lossy(&read_back(&mut stderr)?).into_owned(),
    })
}

/// Starts a program that goes on beside us.
pub fn spawn(command: &mut Command) -> Result<Child> {
    command
        .spawn()
        .map_err(|source| start_error(command, source))
}

/// The command line as a person would type it, without the environment.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| quoted(&word.to_string_lossy())).collect();
    words.join(" ")
}

fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains(char::is_whitespace) {
        format!("'{word}'")
    } else {
        word.to_owned()
    }
}

/// Asks again and again whether the program has ended: the standard library has no wait with a deadline.
fn wait(child: &mut Child, deadline: Duration, command: &Command) -> Result<ExitStatus> {
    let started = Instant::now();
    loop {
        if let Some(status) = child
            .try_wait()
            .map_err(|source| start_error(command, source))?
        {
            return Ok(status);
        }
        if started.elapsed() > deadline {
            // Whether the kill succeeds or not, the program is given up.
            drop(child.kill());
            drop(child.wait());
            let ending = format!("did not end within {} s", deadline.as_secs());
            return Err(Error::Program {
                command: shown(command),
                ending,
                output: String::new(),
            });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn start_error(command: &Command, source: std::io::Error) -> Error {
    Error::Start {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    }
}

fn scratch_file() -> Result<File> {
    tempfile::tempfile().on("create", Path::new("a temporary file"))
}

fn duplicate(file: &File) -> Result<File> {
    file.try_clone().on("share", Path::new("a temporary file"))
}

fn read_back(file: &mut File) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut bytes))
        .on("read", Path::new("a temporary file"))?;
    Ok(bytes)
}

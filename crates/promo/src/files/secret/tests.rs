#![cfg(unix)]

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{read, read_within};

#[test]
fn files_and_the_null_device_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.json");
    std::fs::write(&path, "{}").unwrap();
    assert_eq!(read(&path).unwrap().as_slice(), b"{}");
    assert!(read(Path::new("/dev/null")).unwrap().is_empty());
    let missing = read(&folder.path().join("missing")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[test]
fn a_device_without_end_is_given_up() {
    let error = read(Path::new("/dev/zero")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FileTooLarge);
}

#[test]
fn a_fifo_is_read_if_somebody_writes_and_given_up_if_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let error = read_within(&path, Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let other = folder.path().join("other");
    assert!(
        Command::new("mkfifo")
            .arg(&other)
            .status()
            .unwrap()
            .success()
    );
    let writes = other.clone();
    let writer = std::thread::spawn(move || {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .open(writes)
            .unwrap();
        file.write_all(b"{}").unwrap();
    });
    assert_eq!(read(&other).unwrap().as_slice(), b"{}");
    writer.join().unwrap();
}

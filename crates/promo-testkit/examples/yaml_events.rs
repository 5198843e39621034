//! The YAML parser alone: reads all events of the files below a folder, or of one file, and prints how many there were.
//!
//! It is the floor of whatever reads promoter manifests: the measurements of the plan compare with it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use saphyr_parser::Parser;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: yaml_events PATH")?;
    let events = count(Path::new(&path))?;
    writeln!(std::io::stdout(), "{events}")?;
    Ok(())
}

fn count(path: &Path) -> Result<u64, Box<dyn std::error::Error>> {
    let mut events = 0;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            events += count(&entry?.path())?;
        }
        return Ok(events);
    }
    let text = fs::read_to_string(path)?;
    for event in Parser::new_from_str(&text) {
        event?;
        events += 1;
    }
    Ok(events)
}

//! A terminal of its own for the command, as `script` of util-linux makes one.
#![cfg(target_os = "linux")]

use crate::review::many;
use crate::support::{KEY, Output, World, promote};

/// Runs the command on a terminal that has so many columns.
async fn on_terminal(world: &World, columns: usize, arguments: &[&str]) -> Output {
    let script = format!(
        "TERM=xterm script -qec \"stty cols {columns} rows 24; $(printf '%s ' \"$@\")\" /dev/null"
    );
    let run = world.sandbox.shell(&script, arguments).await;
    Output {
        stdout: run.stdout.replace('\r', ""),
        ..run
    }
}

fn without_styles(text: &str) -> String {
    let style = regex::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    style.replace_all(text, "").into_owned()
}

#[tokio::test]
async fn a_table_is_as_wide_as_its_terminal() {
    let world = World::start().await;
    let plan = ["plan", "--thin-manifest-dir", "tree"];
    for columns in [44, 56, 100] {
        let run = on_terminal(&world, columns, &plan).await;
        assert_eq!(run.code, Some(0), "{run}");
        // As wide as it was, before hosts got the names of tests.
        let text = without_styles(&run.stdout).replace("PRODUCTION", "127.0.0.1:50000");
        let table: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
        let widest = table.iter().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns, "{widest} of {columns}\n{text}");
        assert_eq!(table.len() > 3, columns < 60, "{columns}\n{text}");
    }
}

#[tokio::test]
async fn bars_go_and_phases_stay_once() {
    let world = World::start().await;
    // Enough that the run takes longer than it is from one drawing to the next.
    world.write_tree(&many(&world));
    let run = on_terminal(&world, 100, &promote(&KEY)).await;
    assert_eq!(run.code, Some(0), "{run}");
    let text = without_styles(&run.stdout);
    assert!(text.contains("   promote  ["), "{text}");
    let pace = regex::Regex::new(r"\d/s, \d+ s to go  PRODUCTION/team/image-").unwrap();
    assert!(pace.is_match(&text), "{text}");
    assert!(text.contains(" of blobs, "), "{text}");
    for phase in ["setup  1 passed", "plan  40 passed", "publish  120 passed"] {
        assert_eq!(text.matches(phase).count(), 1, "{phase} in\n{text}");
    }
    let (_, after) = text.split_once("publish  120 passed").unwrap();
    assert!(!after.contains("exchanged"), "{after}");
    assert!(
        after.contains("120 edges: 0 present, 120 published"),
        "{after}"
    );
    let quiet = on_terminal(&world, 100, &promote(&["--key", "cosign.key", "--quiet"])).await;
    let text = without_styles(&quiet.stdout);
    assert_eq!(
        text, "120 edges: 120 present\nnothing left to do\n",
        "{quiet}"
    );
}

//! Every example of the help texts is run, as it stands there, in the order of the commands.

use crate::support::{Sandbox, World, interrupt};

/// The lines `$ promo …` of the help of each command.
async fn examples(sandbox: &Sandbox) -> Vec<String> {
    let mut found = Vec::new();
    for command in [
        "",
        "demo",
        "init",
        "login",
        "logout",
        "key generate",
        "manifest check",
        "manifest format",
        "manifest digest",
        "manifest add",
        "settings show",
        "completions",
        "man",
        "plan",
        "apply",
        "promote",
        "trace",
        "cip",
        "snapshot",
        "sign",
        "attest",
        "verify",
        "registry serve",
    ] {
        let mut arguments: Vec<_> = command.split(' ').filter(|word| !word.is_empty()).collect();
        arguments.push("--help");
        let help = sandbox.run(&arguments).await;
        let lines = help
            .stdout
            .lines()
            .filter_map(|line| line.trim().strip_prefix("$ promo "));
        let before = found.len();
        found.extend(lines.map(str::to_owned));
        assert!(found.len() > before, "`promo {command}` has no example");
    }
    found
}

#[tokio::test]
async fn every_example_works() {
    let world = World::start().await;
    let examples = examples(&world.sandbox).await;
    assert!(examples.len() >= 20, "{examples:?}");
    for example in examples {
        // The names in examples are nobody's; here they are those of the embedded registries.
        let here = example
            .replace("staging.example.com", &world.staging.host())
            .replace("registry.example.com", &world.production.host());
        let (here, input) = match here.split_once(" < ") {
            Some((here, input)) => (here.to_owned(), Some(input.to_owned())),
            None => (here, None),
        };
        let arguments: Vec<_> = here.split(' ').collect();
        if here.starts_with("registry serve") {
            serves(&world.sandbox, &arguments).await;
            continue;
        }
        let mut command = world.sandbox.command(&arguments);
        if let Some(input) = input {
            world.sandbox.write(&input, "a password\n");
            command.stdin(std::fs::File::open(world.sandbox.path(&input)).unwrap());
        }
        let run = world.sandbox.output(command.output().await.unwrap());
        assert_eq!(run.code, Some(0), "promo {example}\n{run}");
    }
}

/// It prints its address, answers, and ends with Ctrl-C.
async fn serves(sandbox: &Sandbox, arguments: &[&str]) {
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    let mut child = sandbox.spawn(arguments);
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let host = lines.next_line().await.unwrap().unwrap();
    let snapshot = sandbox.run(&["snapshot", &host, "--output", "json"]).await;
    assert_eq!(snapshot.json()["registry"], host.as_str());
    interrupt(&child).await;
    assert_eq!(sandbox.finish(child).await.code, Some(0));
}

//! Files that never end, disks that are full, and keys that others can read.

use crate::support::{KEY, Sandbox, World};

/// Whatever is named where a file is expected: it is read up to what such a file may have, and no further.
#[cfg(unix)]
#[tokio::test]
async fn a_device_without_end_is_not_read_for_ever() {
    let world = World::start().await;
    let sandbox = &world.sandbox;
    let tree = ["--thin-manifest-dir", "tree"];
    let cases: [&[&str]; 7] = [
        &["apply", "/dev/zero", tree[0], tree[1]],
        &[
            "promote",
            tree[0],
            tree[1],
            "--confirm",
            "--key",
            "/dev/zero",
        ],
        &["plan", tree[0], tree[1], "--authfile", "/dev/zero"],
        &["plan", tree[0], tree[1], "--inventory", "/dev/zero"],
        &["plan", tree[0], tree[1], "--allow-tag-moves", "/dev/zero"],
        &["plan", tree[0], tree[1], "--config", "/dev/zero"],
        &["verify", "--key", "/dev/zero", "registry.example/app:v1"],
    ];
    for arguments in cases {
        // What is more than the caps together is more than the process may have.
        let run = sandbox
            .shell("ulimit -v 3000000; exec \"$@\"", arguments)
            .await;
        assert_eq!(run.code, Some(2), "{arguments:?}\n{run}");
        assert!(
            run.stderr.contains("error[PROMO-X039]"),
            "{arguments:?}\n{run}"
        );
    }
}

/// A full disk, which a limit on the size of files stands for: there are both keys afterwards or none.
#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_leaves_no_half_of_a_key() {
    let sandbox = Sandbox::new();
    let full = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let run = sandbox.shell(full, &["key", "generate"]).await;
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("error[PROMO-X004]"), "{run}");
    let left: Vec<_> = std::fs::read_dir(sandbox.path("")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    sandbox.keys("cosign").await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_leaves_a_manifest_as_it_was() {
    let sandbox = Sandbox::new();
    let text = "registries:\n- name: a.example/x\n  src: true\n- name: b.example/x\nimages:\n- dmap:\n    \"sha256:0000000000000000000000000000000000000000000000000000000000000000\": [ 'v1' ]\n  name: app\n";
    sandbox.write("manifest.yaml", text);
    let full = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let format = ["manifest", "format", "manifest.yaml"];
    let run = sandbox.shell(full, &format).await;
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!(sandbox.read("manifest.yaml"), text);
    let left: Vec<_> = std::fs::read_dir(sandbox.path("")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::start().await;
    let key = world.sandbox.path("cosign.key");
    let run = world.promote(&KEY).await;
    assert!(!run.stderr.contains("PROMO-X040"), "{run}");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = world.promote(&KEY).await;
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains("PROMO-X040"), "{run}");
    assert!(run.stderr.contains("mode 644"), "{run}");
}

use std::fs;
use std::path::Path;

use super::*;
use crate::TreeSource;

const NONE: [(&str, &str); 0] = [];

/// The tests of the command hold it against the published schema.
const COMPLETE: &str = include_str!("tests/complete.toml");

fn rows_in(folder: &Path, variables: [(&str, &str); 2]) -> Vec<String> {
    let resolver = Resolver::new(Environment::new(folder.to_owned(), variables), None).unwrap();
    rows(&resolver, &NetworkOverrides::default())
        .unwrap()
        .into_iter()
        .map(|row| format!("{} = {} ({})", row.name, row.value, row.origin))
        .map(|row| row.replace(&folder.display().to_string(), "DIR"))
        .collect()
}

#[test]
fn programs_are_not_looked_for_in_the_current_folder() {
    let environment = Environment::new("/work".into(), [("PATH", "/usr/bin::.:bin:/opt/bin")]);
    let folders = environment.search_path();
    assert_eq!(folders, [Path::new("/usr/bin"), Path::new("/opt/bin")]);
}

#[test]
fn a_variable_wins_over_the_project_and_that_over_the_user() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home/promo");
    fs::create_dir_all(&home).unwrap();
    fs::write(folder.path().join("promo.toml"), COMPLETE).unwrap();
    fs::write(
        home.join("promo.toml"),
        "color = 'never'\n[sign]\nkey = 'of-user.key'\n",
    )
    .unwrap();
    let config_home = home.parent().unwrap().display().to_string();
    let rows = rows_in(
        folder.path(),
        [
            ("XDG_CONFIG_HOME", &config_home),
            ("PROMO_STAGING_SIGNATURES", "off"),
        ],
    );
    insta::assert_snapshot!(rows.join("\n"), @r#"
    manifest = - (default)
    thin-manifest-dir = tree (DIR/promo.toml)
    allow-tag-moves = - (default)
    [[tags]] = v?.latest: immutable (DIR/promo.toml)
    [[tags]] = *latest of team/*: mutable (DIR/promo.toml)
    [[identity]] = us.example.com/images = registry.example.com (DIR/promo.toml)
    sign.key = DIR/keys/cosign.key (DIR/promo.toml)
    sign.keyless = false (default)
    sign.tuf-repository = - (default)
    sign.tuf-root = - (default)
    sign.signing-config = - (default)
    sign.trusted-root = - (default)
    sign.identity-token = - (default)
    sign.formats = sig (DIR/promo.toml)
    sign.evidence = canonical = us.example.com (DIR/promo.toml)
    sign.recursive = false (default)
    attest.predicate-type = https://example.com/promotion/v1 (DIR/promo.toml)
    attest.builder-id = https://example.com/promoter@1 (DIR/promo.toml)
    verify.trust = - (default)
    verify.staging-keys = DIR/keys/staging.pub (DIR/promo.toml)
    verify.staging-signatures = off (PROMO_STAGING_SIGNATURES)
    verify.staging-names = dev.example.com/team (DIR/promo.toml)
    verify.staging-attestations = https://slsa.dev/provenance/v1 (DIR/promo.toml)
    carry = - (default)
    authfile = - (default)
    give-up = 120s (DIR/promo.toml)
    tls.roots = DIR/ca.pem (DIR/promo.toml)
    proxies = - (default)
    [registry."registry.internal:5000"] = plain-http = true, http-version = 1.1, token-realm = auth.internal, rate = 20, concurrency = 8, inventory = HeadOnly (DIR/promo.toml)
    "#);
}

#[test]
fn unknown_keys_and_wrong_values_are_errors_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("promo.toml");
    let cases = [
        ("[sign]\nkye = 'a'\n", 2, "unknown field `kye`"),
        (
            "[[tags]]\nmatch = 'a{'\nmutable = true\n",
            2,
            "is not a glob pattern",
        ),
        (
            "[[identity]]\nmatch = 'https://a/b'\nname = 'c'\n",
            2,
            "leave out `https://`",
        ),
        (
            "[verify]\nstaging-names = ['https://a/b']\n",
            2,
            "a registry with a path",
        ),
        (
            "[verify]\nstaging-attestations = ['https://k8s.io/promo-tools/promotion/v1']\n",
            2,
            "only promo may say",
        ),
        (
            "[verify]\nstaging-attestations = ['provenance']\n",
            2,
            "a predicate type",
        ),
        (
            "\n\n[verify]\nstaging-signatures = 'maybe'\n",
            4,
            "off, if-present or require",
        ),
        (
            "[sign]\nformats = ['bundle', 'gpg']\n",
            2,
            "not a form of signatures",
        ),
        ("[registry.'a b']\nrate = 1\n", 1, "not a registry host"),
        ("[tls\n", 1, ""),
    ];
    for (text, line, message) in cases {
        fs::write(&path, text).unwrap();
        let environment = Environment::new(folder.path().to_owned(), NONE);
        let error = Resolver::new(environment, None).unwrap_err();
        let shown = error.to_string();
        let place = format!("{}:{line}:", path.display());
        assert!(shown.starts_with(&place), "{shown} in {text}");
        assert!(shown.contains(message), "{shown} in {text}");
    }
}

#[test]
fn a_file_outside_the_work_tree_is_not_the_projects() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("repository/deep");
    fs::create_dir_all(&inner).unwrap();
    fs::write(folder.path().join("promo.toml"), "manifest = 'a'\n").unwrap();
    let tree_of = |folder: &Path| {
        let environment = Environment::new(folder.to_owned(), NONE);
        let resolver = Resolver::new(environment, None).unwrap();
        let scope = ScopeSettings::resolve(&ScopeOverrides::default(), &resolver).unwrap();
        scope.tree().ok().cloned()
    };
    assert_eq!(tree_of(&inner), None);
    // With git's mark at the repository, its own file is found from below, but not the one above it.
    fs::create_dir(folder.path().join("repository/.git")).unwrap();
    assert_eq!(tree_of(&inner), None);
    let own = folder.path().join("repository/promo.toml");
    fs::write(&own, "manifest = 'b'\n").unwrap();
    let expected = TreeSource::Plain(own.with_file_name("b"));
    assert_eq!(tree_of(&inner), Some(expected));
}

#[test]
fn credentials_are_found_where_other_tools_keep_them() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = folder.path().join("run/containers");
    let docker = folder.path().join(".docker");
    for place in [&runtime, &docker] {
        fs::create_dir_all(place).unwrap();
    }
    fs::write(runtime.join("auth.json"), "{}").unwrap();
    fs::write(docker.join("config.json"), "{}").unwrap();
    let home = folder.path().display().to_string();
    let run = folder.path().join("run").display().to_string();
    let variables = [("HOME", home.as_str()), ("XDG_RUNTIME_DIR", run.as_str())];
    let environment = Environment::new(folder.path().to_owned(), variables);
    let found = credentials::find(None, &environment);
    assert_eq!(
        found.paths,
        [runtime.join("auth.json"), docker.join("config.json")]
    );

    let named = ("REGISTRY_AUTH_FILE", "/not/there.json");
    let environment = Environment::new(folder.path().to_owned(), [named]);
    let found = credentials::find(None, &environment);
    assert_eq!(found.paths, [Path::new("/not/there.json")]);
}

#[test]
fn what_was_said_for_one_call_is_called_as_the_frontend_calls_it() {
    let resolver = || Resolver::new(Environment::new("/work".into(), NONE), None).unwrap();
    let given = NetworkOverrides {
        insecure_hosts: vec!["a b".to_owned()],
        ..NetworkOverrides::default()
    };
    let refused = |resolver: &Resolver| {
        let settings = NetworkSettings::resolve(&given, resolver);
        settings.unwrap_err().to_string()
    };
    let unnamed = refused(&resolver());
    assert!(unnamed.starts_with("this call: "), "{unnamed}");
    let named = resolver().with_names(&[(keys::PLAIN_HTTP, "plain=")]);
    let told = refused(&named);
    assert!(told.starts_with("plain=: "), "{told}");
    assert_eq!(named.given(keys::KEY.name).to_string(), "this call");
}

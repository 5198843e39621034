//! Arrows in files that are made up, and how files are read.

use std::path::Path;

use super::source::Source;
use super::{LAYERED, Layers};

const HOUSE: Layers = Layers {
    folder: "crates/house/src",
    layers: &[&["cellar"], &["kitchen", "hall"], &["attic"]],
};

const ROOM: Layers = Layers {
    folder: "crates/house/src/attic",
    layers: &[&["floor"], &["chest"]],
};

/// What is wrong in a house whose other files are as they should be.
fn faults(layers: &Layers, files: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec![(
        "lib.rs",
        "pub use hall::{Door, Lamp as Light};\npub use attic::Beam;",
    )];
    for module in layers.layers.iter().copied().flatten() {
        let file = files.iter().find(|(path, _)| path.starts_with(module));
        if file.is_none() {
            all.push((module, ""));
        }
    }
    all.extend(files);
    let sources: Vec<_> = all
        .iter()
        .map(|(path, text)| Source::new(Path::new(path), text))
        .collect();
    layers.faults(&sources)
}

fn arrow(file: &str, text: &str) -> Vec<String> {
    faults(&HOUSE, &[(file, text)])
}

#[test]
fn arrows_that_point_down_are_let_be() {
    for text in [
        "use crate::cellar::Wine;",
        "use super::cellar::Wine;",
        "use super::{cellar::{self, Wine}, kitchen};",
        "fn f() { crate::kitchen::cook(); super::hall::walk::<u8>() }",
        "use self::beam::Beam;\nuse super::attic::beam;",
        "use crate::{Door, Light};",
        "use std::fmt;\nuse attic::x;",
    ] {
        assert_eq!(arrow("attic.rs", text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn arrows_that_point_up_are_told_with_file_and_import() {
    for (text, told) in [
        (
            "use crate::attic::Beam;",
            "crates/house/src/hall.rs uses attic::Beam: attic is above hall",
        ),
        (
            "use super::{cellar, attic::{Beam as B}};",
            "crates/house/src/hall.rs uses attic::Beam: attic is above hall",
        ),
        (
            "fn f() -> crate::attic::Beam {}",
            "crates/house/src/hall.rs uses attic::Beam: attic is above hall",
        ),
        (
            "use crate::Beam;",
            "crates/house/src/hall.rs uses Beam: attic is above hall",
        ),
        (
            "use crate::kitchen;",
            "crates/house/src/hall.rs uses kitchen: kitchen is beside hall",
        ),
        (
            "use crate::*;",
            "crates/house/src/hall.rs uses *, which no module of crates/house/src is or is known to re-export",
        ),
        (
            "mod inner { use super::super::attic::Beam; }",
            "crates/house/src/hall.rs uses attic::Beam: attic is above hall",
        ),
    ] {
        assert_eq!(arrow("hall.rs", text), [told], "{text}");
    }
    let deep = arrow("hall/door/lock.rs", "use super::super::super::attic::Beam;");
    assert_eq!(
        deep,
        ["crates/house/src/hall/door/lock.rs uses attic::Beam: attic is above hall"]
    );
}

#[test]
fn comments_texts_macros_and_tests_are_no_arrows() {
    for text in [
        "/// [`crate::attic::Beam`]\n// use crate::attic;\n/* crate::attic /* */ crate::attic */",
        r##"const A: &str = "crate::attic"; const B: &str = r#"" crate::attic"#; const C: &[u8] = b"crate::attic \" crate::attic";"##,
        "const A: [char; 3] = ['\"', '\\'', '{'];\nfn f<'a>(x: &'a str) { self.x() }\nmod tests { use crate::attic; }",
        "mod tests { mod deep { use crate::attic; } }\nuse crate::cellar;",
        "macro_rules! m { () => { $crate::attic::Beam } }",
    ] {
        assert_eq!(arrow("hall.rs", text), Vec::<String>::new(), "{text}");
    }
    assert!(arrow("hall/tests.rs", "use crate::attic;").is_empty());
    // What stands behind them is read.
    let behind = "mod tests { use crate::attic; }\nuse crate::attic::Beam;";
    assert_eq!(arrow("hall.rs", behind).len(), 1);
}

#[test]
fn a_folder_within_a_crate_has_layers_of_its_own() {
    let chest = [(
        "chest.rs",
        "use super::floor::Board;\nuse crate::cellar;\nuse super::super::hall;",
    )];
    assert_eq!(faults(&ROOM, &chest), Vec::<String>::new());
    let floor = [("floor.rs", "use crate::attic::chest::Lid;")];
    assert_eq!(
        faults(&ROOM, &floor),
        ["crates/house/src/attic/floor.rs uses chest::Lid: chest is above floor"]
    );
}

#[test]
fn every_module_has_a_layer_and_every_layer_its_modules() {
    let sources = [
        Source::new(Path::new("cellar.rs"), ""),
        Source::new(Path::new("hall/mod.rs"), ""),
        Source::new(Path::new("attic.rs"), ""),
        Source::new(Path::new("garage.rs"), "use crate::attic;"),
        Source::new(Path::new("tests.rs"), ""),
    ];
    assert_eq!(
        HOUSE.faults(&sources),
        [
            "crates/house/src: the module garage has no layer",
            "crates/house/src: there is no module kitchen"
        ]
    );
}

#[test]
fn the_layers_of_the_project_hold() {
    assert!(!LAYERED.is_empty());
    super::check().unwrap();
}

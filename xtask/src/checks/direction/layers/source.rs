//! The paths that a Rust file names, as far as they begin with `crate`, `self` or `super`: in imports and everywhere else.
//!
//! Comments, texts and tests are left out. It is no parser of Rust: it knows names, `::` and braces, which is what paths and
//! the modules within a file are made of.

use std::collections::BTreeMap;
use std::path::Path;

use crate::checks::tokens::{Token, tokens};

/// A file and the module that it holds.
pub(super) struct Source<'a> {
    /// Below the folder of modules.
    pub(super) path: &'a Path,
    /// The module that it holds, from the folder on; empty for the folder's root.
    pub(super) module: Vec<String>,
    tokens: Vec<Token<'a>>,
}

/// A path as it is written, and the name that it is given, if it is given one.
struct Named<'a> {
    path: Vec<&'a str>,
    alias: Option<&'a str>,
}

impl<'a> Source<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        let mut module: Vec<String> = path
            .with_extension("")
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        if matches!(
            module.last().map(String::as_str),
            Some("mod" | "lib" | "main")
        ) {
            module.pop();
        }
        Self {
            path,
            module,
            tokens: tokens(text),
        }
    }

    /// All that it names of the folder's modules, as paths from the folder's root on. `prefix` is the path of the folder's
    /// own module within its crate.
    pub(super) fn paths(&self, prefix: &[&str]) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        let own = prefix
            .iter()
            .copied()
            .chain(self.module.iter().map(String::as_str));
        let mut scope = Scope {
            module: own.collect(),
            inner: Vec::new(),
            depth: 0,
        };
        let mut at = 0;
        while at < self.tokens.len() {
            if self.begins_path(at) {
                let (named, end) = read(&self.tokens, at);
                if !scope.is_test() {
                    let full = named.iter().filter_map(|named| scope.resolve(&named.path));
                    found.extend(full.filter_map(|path| below(&path, prefix)));
                }
                at = end;
            } else {
                at += scope.step(&self.tokens, at);
            }
        }
        found
    }

    /// What the root of a folder imports or re-exports: each name with the module that it comes from.
    pub(super) fn exports(&self) -> BTreeMap<String, String> {
        let mut exported = BTreeMap::new();
        for (at, token) in self.tokens.iter().enumerate() {
            if *token != Token::Name("use") {
                continue;
            }
            for named in read(&self.tokens, at + 1).0 {
                let own = |part: &&&str| matches!(**part, "crate" | "self");
                let path: Vec<&str> = named.path.iter().skip_while(own).copied().collect();
                if let [module, .., name] = path[..] {
                    let name = named.alias.unwrap_or(name);
                    exported.insert(name.to_owned(), module.to_owned());
                }
            }
        }
        exported
    }

    fn begins_path(&self, at: usize) -> bool {
        let is_inside = at > 0 && self.tokens.get(at - 1) == Some(&Token::Colons);
        let starts = matches!(
            self.tokens.get(at),
            Some(Token::Name("crate" | "self" | "super"))
        );
        // `$crate` is the crate of a macro.
        let is_macro = at > 0 && self.tokens.get(at - 1) == Some(&Token::Other('$'));
        starts && !is_inside && !is_macro && self.tokens.get(at + 1) == Some(&Token::Colons)
    }
}

/// The modules around the token that is being read.
struct Scope<'a> {
    /// The module that the file holds.
    module: Vec<&'a str>,
    /// Modules within the file, each with how deep in braces it stands.
    inner: Vec<(&'a str, usize)>,
    depth: usize,
}

impl<'a> Scope<'a> {
    /// Goes on by one token, or into a module. Returns how many tokens that are.
    fn step(&mut self, tokens: &[Token<'a>], at: usize) -> usize {
        match (tokens.get(at), tokens.get(at + 1), tokens.get(at + 2)) {
            (Some(Token::Name("mod")), Some(Token::Name(name)), Some(Token::Other('{'))) => {
                self.inner.push((name, self.depth));
                self.depth += 1;
                return 3;
            }
            (Some(Token::Other('{')), ..) => self.depth += 1,
            (Some(Token::Other('}')), ..) => {
                self.depth = self.depth.saturating_sub(1);
                if self
                    .inner
                    .last()
                    .is_some_and(|(_, outside)| *outside == self.depth)
                {
                    self.inner.pop();
                }
            }
            _ => {}
        }
        1
    }

    fn is_test(&self) -> bool {
        let inner = self.inner.iter().map(|(name, _)| *name);
        self.module
            .iter()
            .copied()
            .chain(inner)
            .any(|it| it == "tests")
    }

    /// A path from the crate on; none if it leads out of it.
    fn resolve(&self, path: &[&'a str]) -> Option<Vec<&'a str>> {
        let mut full: Vec<&str> = self.module.clone();
        full.extend(self.inner.iter().map(|(name, _)| *name));
        let mut rest = path;
        if let [first @ ("crate" | "self"), others @ ..] = rest {
            if *first == "crate" {
                full.clear();
            }
            rest = others;
        }
        while let ["super", others @ ..] = rest {
            full.pop()?;
            rest = others;
        }
        full.extend(rest.iter().filter(|part| **part != "self"));
        Some(full)
    }
}

/// A path from the folder's root on; none if it isn't below the folder, or is the folder itself.
fn below(path: &[&str], prefix: &[&str]) -> Option<Vec<String>> {
    let inner = path.strip_prefix(prefix)?;
    let inner: Vec<String> = inner.iter().map(|part| (*part).to_owned()).collect();
    (!inner.is_empty()).then_some(inner)
}

/// The paths of a tree such as `crate::{a::B, c as d}`, and where it ends.
fn read<'a>(tokens: &[Token<'a>], at: usize) -> (Vec<Named<'a>>, usize) {
    let mut found = Vec::new();
    let end = read_into(tokens, at, &[], &mut found);
    (found, end)
}

fn read_into<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    before: &[&'a str],
    found: &mut Vec<Named<'a>>,
) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(at) {
            Some(Token::Name(name)) => path.push(name),
            Some(Token::Other('*')) => path.push("*"),
            Some(Token::Other('{')) => return read_group(tokens, at + 1, &path, found),
            _ => break,
        }
        at += 1;
        if tokens.get(at) != Some(&Token::Colons) {
            break;
        }
        at += 1;
    }
    let alias = match (tokens.get(at), tokens.get(at + 1)) {
        (Some(Token::Name("as")), Some(Token::Name(alias))) => Some(*alias),
        _ => None,
    };
    found.push(Named { path, alias });
    at + if alias.is_some() { 2 } else { 0 }
}

fn read_group<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    before: &[&'a str],
    found: &mut Vec<Named<'a>>,
) -> usize {
    loop {
        match tokens.get(at) {
            None => return at,
            Some(Token::Other('}')) => return at + 1,
            Some(Token::Name(_) | Token::Other('{' | '*')) => {
                at = read_into(tokens, at, before, found);
            }
            Some(_) => at += 1,
        }
    }
}

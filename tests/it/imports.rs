//! Imports between modules go one way. In every folder of sources, no modules
//! import each other in a circle. A module and its own submodules count as one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The path of a module or an item, from the root of its crate.
type ItemPath = Vec<String>;

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (folder, modules) in [
        ("src", 60),
        ("hosts/adapter/src", 5),
        ("hosts/native/src", 50),
        ("xtask/src", 8),
    ] {
        let sources = Sources::read(&root.join(folder));
        let count = sources.0.len();
        assert!(count >= modules, "{folder}: only {count} modules were read");
        for (parent, imports) in sources.imports() {
            let circle = circle(&imports);
            assert!(circle.is_empty(), "{folder} {parent:?}: {circle:#?}");
        }
    }
}

#[test]
fn a_circle_is_found_through_names_that_a_folder_exports() {
    let sources = Sources::of([
        ("", "mod a; mod b;"),
        (
            "a",
            "mod inner; pub use inner::{Name, deep::Other as Alias};",
        ),
        ("a::inner", "use crate::b::{self, Thing};"),
        ("b", "fn f() { vec![crate::a::Name::default()] }"),
    ]);
    let imports = &sources.imports()[&Vec::new()];
    assert_eq!(circle(imports), ["a -> b", "b -> a"]);

    let one_way = Sources::of([
        ("", ""),
        ("a", "use crate::b::Thing; use super::a::x;"),
        (
            "b",
            "#[cfg(test)] mod tests { use crate::a::Name; } struct Thing;",
        ),
    ]);
    assert!(circle(&one_way.imports()[&Vec::new()]).is_empty());

    let siblings = Sources::of([
        ("a", "mod x; mod y; pub use x::X;"),
        ("a::x", "use super::y::Y;"),
        ("a::y", "use super::X;"),
    ]);
    let imports = &siblings.imports()[&vec!["a".to_owned()]];
    assert_eq!(circle(imports), ["x -> y", "y -> x"]);
}

/// The paths that each module of a crate mentions.
struct Sources(BTreeMap<ItemPath, Vec<ItemPath>>);

impl Sources {
    fn read(folder: &Path) -> Self {
        let files = files(folder).into_iter().map(|file| {
            let relative = file.strip_prefix(folder).unwrap().with_extension("");
            let names = relative.iter().map(|name| name.to_str().unwrap());
            let mut module: Vec<_> = names.map(str::to_owned).collect();
            if matches!(module.last().unwrap().as_str(), "mod" | "lib" | "main") {
                module.pop();
            }
            (module, std::fs::read_to_string(file).unwrap())
        });
        Self::parse(files)
    }

    fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        let module = |path: &str| match path {
            "" => Vec::new(),
            path => path.split("::").map(str::to_owned).collect(),
        };
        Self::parse(
            files
                .into_iter()
                .map(|(path, text)| (module(path), text.to_owned())),
        )
    }

    fn parse(files: impl Iterator<Item = (ItemPath, String)>) -> Self {
        let paths = |text: String| {
            let mut paths = Vec::new();
            collect(text.parse().unwrap(), &mut paths);
            paths
        };
        Self(files.map(|(module, text)| (module, paths(text))).collect())
    }

    /// By parent module: which of its submodules import which others.
    fn imports(&self) -> BTreeMap<ItemPath, BTreeSet<(String, String)>> {
        let mut imports = BTreeMap::<_, BTreeSet<_>>::new();
        for (module, paths) in &self.0 {
            for path in paths.iter().filter_map(|path| absolute(module, path)) {
                let target = self.module_of(&path);
                let shared = module.iter().zip(&target).take_while(|(a, b)| a == b);
                let depth = shared.count();
                if let (Some(from), Some(to)) = (module.get(depth), target.get(depth)) {
                    let edge = (from.clone(), to.clone());
                    imports
                        .entry(module[..depth].to_vec())
                        .or_default()
                        .insert(edge);
                }
            }
        }
        // A folder without imports among its modules has no circle.
        imports.entry(Vec::new()).or_default();
        imports
    }

    /// The module that declares an item.
    fn module_of(&self, item: &ItemPath) -> ItemPath {
        let depths = (0..=item.len()).rev();
        let depth = depths
            .into_iter()
            .find(|depth| self.0.contains_key(&item[..*depth]));
        let module = item[..depth.unwrap_or(0)].to_vec();
        let exported = item.get(module.len()).and_then(|name| {
            let paths = self.0.get(&module)?.iter();
            let mut exports = paths.filter(|path| path.len() > 1 && path.last() == Some(name));
            exports.find_map(|path| {
                let inner = [&module[..], path].concat();
                self.0
                    .contains_key(&inner[..=module.len()])
                    .then_some(inner)
            })
        });
        exported.map_or(module, |inner| self.module_of(&inner))
    }
}

/// A path from the root of the crate, if it is one of this crate.
fn absolute(module: &[String], path: &[String]) -> Option<ItemPath> {
    let up = path.iter().take_while(|name| *name == "super").count();
    let base = match path.first()?.as_str() {
        "crate" => return Some(path[1..].to_vec()),
        "self" => return Some([module, &path[1..]].concat()),
        "super" => &module[..module.len().checked_sub(up)?],
        _ => return None,
    };
    Some([base, &path[up..]].concat())
}

/// Adds all paths of two names or more, except those of tests.
fn collect(tokens: TokenStream, paths: &mut Vec<ItemPath>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        match token {
            TokenTree::Group(group) if is_cfg_test(group) => {
                let rest = &tokens[index..];
                index += rest.iter().position(ends_item).unwrap_or(rest.len());
            }
            TokenTree::Group(group) => collect(group.stream(), paths),
            TokenTree::Ident(_) => {
                let rest = &tokens[index..];
                index += path(rest, &mut Vec::new(), paths).saturating_sub(1);
            }
            _ => {}
        }
        index += 1;
    }
}

/// Adds the paths that begin here, with all branches of a `use`, and returns
/// the number of tokens read.
fn path(tokens: &[TokenTree], before: &mut ItemPath, paths: &mut Vec<ItemPath>) -> usize {
    let mut index = 0;
    let mut names = before.clone();
    loop {
        match tokens.get(index) {
            Some(TokenTree::Ident(name)) => names.push(name.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                for branch in inner.split(is_comma) {
                    path(branch, &mut names, paths);
                }
                return index + 1;
            }
            _ => break,
        }
        index += 1;
        let colons = tokens[index..]
            .iter()
            .take_while(|token| is_punct(token, ':'));
        if colons.take(2).count() < 2 {
            break;
        }
        index += 2;
    }
    if names.len() > 1 {
        paths.push(names);
    }
    index
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn is_comma(token: &TokenTree) -> bool {
    is_punct(token, ',')
}

fn is_cfg_test(group: &proc_macro2::Group) -> bool {
    group.delimiter() == Delimiter::Bracket && group.stream().to_string() == "cfg (test)"
}

fn ends_item(token: &TokenTree) -> bool {
    let is_body = |group: &proc_macro2::Group| group.delimiter() == Delimiter::Brace;
    is_punct(token, ';') || matches!(token, TokenTree::Group(group) if is_body(group))
}

/// The imports among modules that are part of a circle, or lead to one.
fn circle(imports: &BTreeSet<(String, String)>) -> Vec<String> {
    let mut left = imports.clone();
    loop {
        let importers: BTreeSet<_> = left.iter().map(|(from, _)| from.clone()).collect();
        let before = left.len();
        left.retain(|(_, to)| importers.contains(to));
        if left.len() == before {
            return left
                .iter()
                .map(|(from, to)| format!("{from} -> {to}"))
                .collect();
        }
    }
}

/// All Rust files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let below = paths.flat_map(|path| match path.is_dir() {
        true => files(&path),
        false if path.extension().is_some_and(|ending| ending == "rs") => vec![path],
        false => Vec::new(),
    });
    below.collect()
}

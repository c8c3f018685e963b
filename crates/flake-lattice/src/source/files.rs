//! The files of a crate: where a module's file lies, reading each once, and what is said if one does not parse.
//!
//! Where rustc looks for the file of a module: <https://doc.rust-lang.org/reference/items/modules.html>.

use crate::digest;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use studio_core::error::{Error, Result};
use studio_core::fs;

/// Where code lies, for the modules that are declared in it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file.
    pub file: Utf8PathBuf,
    /// The folder in which the files of its child modules are.
    children: Utf8PathBuf,
    /// What a `path` attribute of a child is relative to.
    paths: Utf8PathBuf,
    /// The files that led here, to see a circle.
    above: Vec<Utf8PathBuf>,
}

impl Place {
    /// The root file of a crate.
    pub fn of_root(file: &Utf8Path) -> Place {
        let folder = file.parent().unwrap_or(Utf8Path::new("")).to_owned();
        Place { file: file.to_owned(), children: folder.clone(), paths: folder, above: vec![] }
    }

    /// The inside of `mod name { … }`.
    pub fn inline(&self, name: &str, by_path: Option<&str>) -> Place {
        let children = match by_path {
            Some(path) => self.paths.join(path),
            None => self.children.join(name),
        };
        Place { paths: children.clone(), children, ..self.clone() }
    }

    /// A file that is named relative to this one.
    pub fn beside(&self, path: &str) -> Utf8PathBuf {
        self.file.parent().unwrap_or(Utf8Path::new("")).join(path)
    }

    fn of_module(&self, file: Utf8PathBuf, owns_folder: bool) -> Place {
        let folder = file.parent().unwrap_or(Utf8Path::new("")).to_owned();
        let children = match file.file_stem() {
            Some(stem) if !owns_folder => folder.join(stem),
            _ => folder.clone(),
        };
        let mut above = self.above.clone();
        above.push(self.file.clone());
        Place { file, children, paths: folder, above }
    }
}

/// The files of a package that were read.
#[derive(Debug)]
pub struct Files {
    package: Utf8PathBuf,
    digests: BTreeMap<Utf8PathBuf, String>,
}

impl Files {
    /// None yet.
    pub fn new(package: &Utf8Path) -> Files {
        Files { package: package.to_owned(), digests: BTreeMap::new() }
    }

    /// A path as it is shown and recorded.
    pub fn relative(&self, path: &Utf8Path) -> Utf8PathBuf {
        let plain = plain(path);
        plain.strip_prefix(&self.package).map(Utf8Path::to_owned).unwrap_or(plain)
    }

    /// What was read.
    pub fn into_digests(self) -> BTreeMap<Utf8PathBuf, String> {
        self.digests
    }

    /// Reads and parses a file.
    pub fn read(&mut self, path: &Utf8Path, from: Option<&Place>) -> Result<syn::File> {
        let shown = self.relative(path);
        if from.is_some_and(|place| place.above.iter().any(|above| same(above, path))) {
            return Err(Error::new(format!("`{shown}` is a module of itself"))
                .because(
                    "a `mod` leads back to a file that led to it, by a link or a `path` attribute",
                )
                .hint("rustc refuses it too: see `cargo check`"));
        }
        let bytes = fs::read(path)?;
        self.digests.insert(shown.clone(), digest::hex(&bytes));
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::new(format!("`{shown}` is not UTF-8")).hint("see `cargo check`"))?;
        syn::parse_file(&text).map_err(|cause| {
            let start = cause.span().start();
            let line = text.lines().nth(start.line.saturating_sub(1)).unwrap_or_default();
            let place = format!("{shown}:{}:{}", start.line, start.column + 1);
            let mark = " ".repeat(start.column);
            let cause = match cause.to_string() {
                // Only the lexer says this, and it does not say what it means.
                text if text.starts_with("cannot parse string") => {
                    "a bracket or quote that has no other, or no word of Rust".to_owned()
                }
                text => text,
            };
            Error::new(format!("`{shown}` does not parse"))
                .because(format!("{place}: {cause}\n{line}\n{mark}^"))
                .hint("`cargo check` says more; nothing was written")
        })
    }

    /// The place of the module `name` that is declared in `place` without a body.
    pub fn find(
        &self,
        place: &Place,
        name: &str,
        by_path: Option<&str>,
        ident: &syn::Ident,
    ) -> Result<Place> {
        if let Some(path) = by_path {
            return Ok(place.of_module(place.paths.join(path), true));
        }
        let file = place.children.join(format!("{name}.rs"));
        let folder = place.children.join(name).join("mod.rs");
        match (file.is_file(), folder.is_file()) {
            (true, false) => Ok(place.of_module(file, false)),
            (false, true) => Ok(place.of_module(folder, true)),
            (there, _) => {
                let start = ident.span().start();
                let shown = self.relative(&place.file);
                let (found, and) = match there {
                    true => ("there are both", "and"),
                    false => ("there is neither", "nor"),
                };
                Err(Error::new(format!("the file of module `{name}` was not found"))
                    .because(format!(
                        "{shown}:{}:{}: {found} `{}` {and} `{}`",
                        start.line,
                        start.column + 1,
                        self.relative(&file),
                        self.relative(&folder)
                    ))
                    .hint("`cargo check` says more; nothing was written"))
            }
        }
    }
}

/// The text of `#[path = "…"]`.
pub fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find_map(|one| match &one.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

fn same(a: &Utf8Path, b: &Utf8Path) -> bool {
    match (a.canonicalize_utf8(), b.canonicalize_utf8()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// A path without `.` and `..`, by its words alone.
fn plain(path: &Utf8Path) -> Utf8PathBuf {
    let mut out = Utf8PathBuf::new();
    for part in path.components() {
        match part.as_str() {
            "." => {}
            ".." if out.file_name().is_some() => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

//! What a node needs besides its source: files that it includes, values that cargo gave the original, `--cfg` of a build
//! script.

use super::asks::{self, Answer, Ask};
use crate::digest;
use crate::package::Package;
use camino::{Utf8Path, Utf8PathBuf};
use proc_macro2::{Ident, TokenStream};
use std::collections::BTreeSet;
use syn::visit_mut::{self, VisitMut};

/// Points `include_str!` and its like at copies beside the node, and says what `env!` of the package says.
pub fn with_assets(
    package: &Package,
    file: &Utf8Path,
    item: &mut syn::Item,
    assets: &mut Vec<Asset>,
) {
    let folder = package.folder.join(file).parent().map(Utf8Path::to_owned).unwrap_or_default();
    Assets { package, folder, assets }.visit_item_mut(item);
}

/// A file that a node includes.
pub struct Asset {
    /// Where it was.
    pub from: Utf8PathBuf,
    /// Where it goes, below the node's folder.
    pub to: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

struct Assets<'a> {
    package: &'a Package,
    folder: Utf8PathBuf,
    assets: &'a mut Vec<Asset>,
}

impl Assets<'_> {
    fn answer(&mut self, name: &Ident, arguments: &TokenStream) -> Option<Answer> {
        match asks::ask(name, arguments, self.package.folder.as_str())? {
            Ask::File(path) => {
                let path = self.folder.join(path);
                // What is not there is left to the compiler, which says so.
                let bytes = std::fs::read(&path).ok()?;
                let short = &digest::hex(&bytes)[..8];
                let to = format!("assets/{short}-{}", path.file_name().unwrap_or("file"));
                let answer = Answer::file(&to);
                self.assets.push(Asset { from: path, to, bytes });
                Some(answer)
            }
            Ask::Said(what) => self.package.said.get(&what).map(|text| Answer::said(text, name)),
        }
    }
}

impl VisitMut for Assets<'_> {
    fn visit_item_macro_mut(&mut self, item: &mut syn::ItemMacro) {
        if item.ident.is_none() {
            return visit_mut::visit_item_macro_mut(self, item);
        }
        // In what a macro writes, a file is looked for beside whoever calls it. If others may call it, the package is
        // theirs, too.
        if item.attrs.iter().any(|one| one.path().is_ident("macro_export")) {
            return;
        }
        let tokens = std::mem::take(&mut item.mac.tokens);
        item.mac.tokens = asks::answered(tokens, &mut |name, arguments| match name == "env" {
            true => self.answer(name, arguments),
            false => None,
        });
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        let Some(name) = mac.path.segments.last().map(|last| last.ident.clone()) else { return };
        if name == "stringify" {
            return;
        }
        let tokens = std::mem::take(&mut mac.tokens);
        mac.tokens = match self.answer(&name, &tokens) {
            Some(answer) => {
                let (name, argument) = answer.call(&name);
                if let Some(last) = mac.path.segments.last_mut() {
                    last.ident = name;
                }
                argument
            }
            None => asks::answered(tokens, &mut |name, arguments| self.answer(name, arguments)),
        };
    }
}

/// A build script that only says `--cfg` values; `None` if features are all that there is to say.
pub fn build_script(flags: &BTreeSet<String>) -> Option<String> {
    let flags = flags.iter().filter(|flag| !flag.starts_with("feature="));
    script_saying(flags.map(|flag| format!("cargo:rustc-cfg={flag}")))
}

/// A build script that only says these lines to cargo; `None` if there are none.
pub fn script_saying(lines: impl Iterator<Item = String>) -> Option<String> {
    let lines: String = lines
        .map(|line| line.replace('{', "{{").replace('}', "}}"))
        .map(|line| format!("    println!({line:?});\n"))
        .collect();
    (!lines.is_empty()).then(|| format!("fn main() {{\n{lines}}}\n"))
}

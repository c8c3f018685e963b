//! What a node needs besides its source: files that it includes, values that cargo gave the original, `--cfg` of a build
//! script.

use crate::digest;
use crate::package::Package;
use camino::{Utf8Path, Utf8PathBuf};
use proc_macro2::Literal;
use quote::ToTokens;
use std::collections::BTreeSet;
use syn::visit_mut::{self, VisitMut};

/// Points `include_str!` and `include_bytes!` at copies beside the node, and says what `env!` of the package's name says.
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

impl VisitMut for Assets<'_> {
    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        let Some(name) = mac.path.segments.last().map(|last| last.ident.to_string()) else {
            return;
        };
        let Ok(text) = mac.parse_body::<syn::LitStr>() else { return };
        match name.as_str() {
            "include_str" | "include_bytes" | "include" => {
                let path = self.folder.join(text.value());
                // What is not there is left to the compiler, which says so.
                let Ok(bytes) = std::fs::read(&path) else { return };
                let short = &digest::hex(&bytes)[..8];
                let to = format!("assets/{short}-{}", path.file_name().unwrap_or("file"));
                mac.tokens = Literal::string(&to).into_token_stream();
                self.assets.push(Asset { from: path, to, bytes });
            }
            "env" if text.value() == "CARGO_PKG_NAME" => {
                let value = Literal::string(&self.package.name);
                mac.path = syn::parse_quote!(::core::concat);
                mac.tokens = value.into_token_stream();
            }
            _ => {}
        }
        visit_mut::visit_macro_mut(self, mac);
    }
}

/// A build script that only says `--cfg` values; `None` if features are all that there is to say.
pub fn build_script(flags: &BTreeSet<String>) -> Option<String> {
    let flags: Vec<&String> = flags.iter().filter(|flag| !flag.starts_with("feature=")).collect();
    if flags.is_empty() {
        return None;
    }
    let mut script = String::from("fn main() {\n");
    for flag in flags {
        script.push_str(&format!("    println!({:?});\n", format!("cargo:rustc-cfg={flag}")));
    }
    script.push_str("}\n");
    Some(script)
}

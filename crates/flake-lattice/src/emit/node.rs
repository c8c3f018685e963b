//! The source of a node.

mod names;
mod open;

pub(super) use self::names::{imports, raised};

use self::open::{open, open_tokens};
use super::manifest::{self, Manifest};
use super::syntax::{module_of, parsed};
use super::{Emitted, Material, assets, print};
use crate::graph::NodeId;
use crate::item::*;
use crate::model::ItemKind;
use proc_macro2::Ident;
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use studio_core::error::{Error, Result};
use syn::parse_quote;

/// A module as it is repeated in a node.
#[derive(Debug, Default)]
struct Copy {
    /// `use` lines, each with whether everybody may use the name.
    uses: BTreeMap<String, Shown>,
    /// Whether other crates must be able to go through it.
    shown: Option<Shown>,
}

/// Who may use a name or a module of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    /// The node alone.
    Here,
    /// Every crate.
    Everywhere,
}

/// The files of a node.
pub fn emit(material: &Material<'_>, node: NodeId) -> Result<Emitted> {
    let mut writer = Writer {
        material,
        node,
        copies: BTreeMap::new(),
        unknown: BTreeSet::new(),
        emitted: Emitted::default(),
    };
    writer.copies.insert(ROOT, Copy::default());
    writer.gather();
    writer.files()
}

struct Writer<'a> {
    material: &'a Material<'a>,
    node: NodeId,
    copies: BTreeMap<ModuleId, Copy>,
    unknown: BTreeSet<ModuleId>,
    emitted: Emitted,
}

impl Writer<'_> {
    fn files(mut self) -> Result<Emitted> {
        let material = self.material;
        let mut assets = vec![];
        let items = self.module(ROOT, &mut assets)?;
        let mut attrs: Vec<syn::Attribute> = vec![parse_quote!(#![allow(warnings)])];
        attrs.extend(material.source.attributes.iter().cloned());
        let mut all = self.extern_crates()?;
        all.extend(items);
        let file = syn::File { shebang: None, frontmatter: None, attrs, items: all };
        let text = print::file(&file);
        let name = &material.graph.nodes[self.node].name;
        let late = mentions_cfg(&text) || material.calls_late_macro(self.node);
        if late {
            self.emitted.flags = material.late_cfg.clone();
        }
        let features = if late { features_of(&material.late_cfg) } else { vec![] };
        let build = assets::build_script(&self.emitted.flags);
        let manifest = Manifest {
            name,
            version: &material.package.version,
            edition: &material.package.edition,
            root: "lib.rs",
            nodes: self
                .emitted
                .nodes
                .iter()
                .map(|one| (one.clone(), format!("../{one}")))
                .collect(),
            externals: manifest::entries(material.externals, &self.emitted.externals),
            features,
            build: build.as_ref().map(|_| "build.rs"),
            base: material.output.map(|output| output.join("nodes").join(name)),
            ..Manifest::default()
        };
        let files = &mut self.emitted.files;
        files.insert("Cargo.toml".to_owned(), manifest.document().to_string().into_bytes());
        files.insert("lib.rs".to_owned(), text.into_bytes());
        if let Some(script) = build {
            files.insert("build.rs".to_owned(), script.into_bytes());
        }
        for asset in assets {
            self.emitted.read.insert(asset.from);
            files.insert(asset.to, asset.bytes);
        }
        Ok(self.emitted)
    }

    /// The `extern crate` lines of the root, which the source has, or which the edition of 2015 wants.
    fn extern_crates(&self) -> Result<Vec<syn::Item>> {
        let material = self.material;
        let mut lines = BTreeSet::new();
        for import in &material.source.modules[ROOT].imports {
            let (Some(macro_use), Some(name)) = (import.extern_crate, import.path.first()) else {
                continue;
            };
            let foreign = material.externals.key(name);
            if foreign.is_some_and(|key| !self.emitted.externals.contains(key)) {
                continue;
            }
            let alias = match &import.makes {
                Makes::Name(alias) if alias != name => format!(" as {alias}"),
                Makes::Nameless => " as _".to_owned(),
                _ => String::new(),
            };
            let attribute = if macro_use == MacroUse::Yes { "#[macro_use] " } else { "" };
            // What an exported macro says by `$crate` is looked up here, from every crate that calls it.
            let vis = if import.reach == Reach::Public { "pub " } else { "" };
            lines.insert(format!("{attribute}{vis}extern crate {name}{alias};"));
        }
        for name in raised(material, &self.emitted.externals) {
            lines.insert(format!("extern crate {name};"));
        }
        if material.scopes.rooted_imports {
            lines.extend(self.emitted.nodes.iter().map(|name| format!("extern crate {name};")));
        }
        lines.iter().map(|line| parsed(line)).collect()
    }

    /// What a module holds in this node.
    fn module(&self, module: ModuleId, assets: &mut Vec<assets::Asset>) -> Result<Vec<syn::Item>> {
        let source = self.material.source;
        let mut items = vec![];
        if let Some(copy) = self.copies.get(&module) {
            let taken = self.names_of(module);
            let lines = copy.uses.iter().map(|(line, shown)| {
                let vis = match shown {
                    Shown::Here => "pub(crate)",
                    Shown::Everywhere => "pub",
                };
                (line.as_str(), vis)
            });
            for line in imports(lines, &taken) {
                items.push(self.material.lines.item(&line)?);
            }
        }
        for entry in &source.modules[module].entries {
            match entry {
                Entry::Item(item) if self.material.graph.node_of[*item] == self.node => {
                    items.push(self.item(*item, assets));
                }
                Entry::Item(_) => {}
                Entry::Module(inner) => {
                    let Some(copy) = self.copies.get(inner) else { continue };
                    let one = &source.modules[*inner];
                    let content = self.module(*inner, assets)?;
                    let ident: Ident = syn::parse_str(&one.name)
                        .map_err(|_| Error::new(format!("`{}` is no module name", one.name)))?;
                    let vis: syn::Visibility = match copy.shown {
                        Some(Shown::Everywhere) => parse_quote!(pub),
                        _ => parse_quote!(pub(crate)),
                    };
                    let attrs: Vec<syn::Attribute> = match one.macro_use {
                        true => vec![parse_quote!(#[macro_use])],
                        false => vec![],
                    };
                    items.push(module_of(attrs, vis, ident, content));
                }
            }
        }
        Ok(items)
    }

    /// Names that a module has in this node besides those that it imports.
    fn names_of(&self, module: ModuleId) -> BTreeSet<&str> {
        let source = self.material.source;
        let entries = source.modules[module].entries.iter();
        let names = entries.filter_map(|entry| match entry {
            Entry::Item(item) if self.material.graph.node_of[*item] == self.node => {
                source.items[*item].name.as_deref()
            }
            Entry::Item(_) => None,
            Entry::Module(inner) => {
                self.copies.contains_key(inner).then_some(source.modules[*inner].name.as_str())
            }
        });
        names.collect()
    }

    /// An item as it stands here: visible to others, and with the files that it includes beside it.
    fn item(&self, id: ItemId, assets: &mut Vec<assets::Asset>) -> syn::Item {
        let material = self.material;
        let mut item = material.source.items[id].syntax.clone();
        // First, as which macros the original exports is still to be seen.
        assets::with_assets(
            material.package,
            &material.source.modules[material.source.items[id].module].file,
            &mut item,
            assets,
        );
        let none = BTreeSet::new();
        let members = material.widened.members.get(&id).unwrap_or(&none);
        open(&mut item, members, material.is_shared_macro(id));
        if let syn::Item::Macro(one) = &mut item
            && !material.widened.named.is_empty()
        {
            let tokens = std::mem::take(&mut one.mac.tokens);
            one.mac.tokens = open_tokens(tokens, &material.widened.named);
        }
        if material.widened.exhaustive.contains(&id)
            && let Some(attributes) = crate::source::normal::attributes_mut(&mut item)
        {
            attributes.retain(|one| !one.path().is_ident("non_exhaustive"));
        }
        item
    }
}

/// Whether the compiler will still decide something by `cfg`.
fn mentions_cfg(text: &str) -> bool {
    text.contains("cfg!(") || text.contains("cfg(") || text.contains("cfg_attr(")
}

/// Features as the manifest of a node declares them: all that are on, by default.
fn features_of(flags: &BTreeSet<String>) -> Vec<(String, Vec<String>)> {
    let names: Vec<String> = flags
        .iter()
        .filter_map(|flag| flag.strip_prefix("feature=\"")?.strip_suffix('"').map(str::to_owned))
        .filter(|name| name != "default")
        .collect();
    if names.is_empty() {
        return vec![];
    }
    let mut features = vec![("default".to_owned(), names.clone())];
    features.extend(names.into_iter().map(|name| (name, vec![])));
    features
}

impl Material<'_> {
    /// Whether a macro that an item of a node calls will ask for a `cfg` where it is called.
    fn calls_late_macro(&self, node: NodeId) -> bool {
        let items = self.graph.nodes[node].items.iter();
        items.flat_map(|item| &self.uses[*item].items).any(|other| {
            let one = &self.source.items[*other];
            one.kind == ItemKind::Macro && {
                let text = one.syntax.to_token_stream().to_string();
                text.contains("cfg") || text.contains("macro")
            }
        })
    }
}

//! The crate that stands for the original: its name, its features, and at each public path what was there.

use super::manifest;
use super::syntax::{module_of, parsed};
use super::{Emitted, Material, print};
use crate::item::*;
use crate::model::ItemKind;
use crate::resolve::{self, Target};
use std::collections::{BTreeMap, BTreeSet};
use studio_core::error::{Error, Result};
use syn::parse_quote;

/// The files of the facade.
pub fn emit(material: &Material<'_>) -> Result<Emitted> {
    let mut writer = Writer { material, emitted: Emitted::default(), open: vec![] };
    let items = writer.module(ROOT)?;
    let mut attrs: Vec<syn::Attribute> = vec![parse_quote!(#![allow(warnings)])];
    attrs.extend(material.source.attributes.iter().cloned());
    let mut all = vec![];
    for import in &material.source.modules[ROOT].imports {
        if let (Some(_), Some(name)) = (import.extern_crate, import.path.first())
            && (material.externals.key(name).is_none()
                || writer
                    .emitted
                    .externals
                    .iter()
                    .any(|key| material.externals.key(name) == Some(key)))
            && name != "self"
        {
            let alias = match &import.makes {
                Makes::Name(alias) if alias != name => format!(" as {alias}"),
                Makes::Nameless => continue,
                _ => String::new(),
            };
            let vis = if import.reach == Reach::Public { "pub " } else { "" };
            all.push(parsed(&format!("{vis}extern crate {name}{alias};"))?);
        }
    }
    for name in super::node::raised(material, &writer.emitted.externals) {
        all.push(parsed(&format!("extern crate {name};"))?);
    }
    if material.scopes.rooted_imports {
        for node in &writer.emitted.nodes {
            all.push(parsed(&format!("extern crate {node};"))?);
        }
    }
    all.extend(items);
    let file = syn::File { shebang: None, frontmatter: None, attrs, items: all };
    let text = print::file(&file);
    let mut emitted = writer.emitted;
    emitted.files.insert("lib.rs".to_owned(), text.into_bytes());
    finish(material, &mut emitted);
    Ok(emitted)
}

/// Adds the manifest.
fn finish(material: &Material<'_>, emitted: &mut Emitted) {
    let package = material.package;
    let nodes = emitted.nodes.iter().map(|name| (name.clone(), format!("../nodes/{name}")));
    let nodes = nodes.collect();
    let externals = manifest::entries(material.externals, &emitted.externals);
    let base = material.output.map(|output| output.join("facade"));
    let manifest = super::whole::facade_manifest(package, nodes, externals, base);
    emitted.files.insert("Cargo.toml".to_owned(), manifest.to_string().into_bytes());
}

struct Writer<'a> {
    material: &'a Material<'a>,
    emitted: Emitted,
    /// Modules that are being written, since a module may be public under a name within itself.
    open: Vec<ModuleId>,
}

impl Writer<'_> {
    fn module(&mut self, module: ModuleId) -> Result<Vec<syn::Item>> {
        self.open.push(module);
        let (mut lines, mut modules) = (BTreeSet::new(), BTreeMap::new());
        let scopes = self.material.scopes;
        // Whoever is outside sees what is public alone: no module of the crate is theirs.
        for name in scopes.public_names(module) {
            for space in Space::ALL {
                match scopes.public_member(module, &name, space) {
                    Some(Target::Module(inner)) => {
                        modules.insert(name.clone(), inner);
                    }
                    Some(target) => {
                        let path = self.path_to(module, &name, &target);
                        lines.extend(path.map(|path| match path.rsplit("::").next() {
                            Some(last) if last == name => path,
                            _ => format!("{path} as {name}"),
                        }));
                    }
                    None => {}
                }
            }
        }
        if module == ROOT {
            for (item, one) in self.material.source.items.iter().enumerate() {
                if let (ItemKind::Macro, Reach::Public, Some(name)) =
                    (one.kind, one.reach, &one.name)
                {
                    let way = self.way_to(item, name);
                    lines.insert(way);
                }
                for name in resolve::exported_by(one) {
                    let node = self.node_of(item);
                    lines.insert(format!("::{node}::{name}"));
                }
            }
        }
        for call in scopes.calls_with_unknown_names(module) {
            let way = self.way_to(call, "*");
            lines.insert(way);
        }
        for (name, target) in scopes.public_nameless(module) {
            lines.extend(self.path_to(module, &name, &target).map(|path| format!("{path} as _")));
        }
        for path in scopes.public_globs(module) {
            self.external(&path[0]);
            lines.insert(format!("::{}::*", path.join("::")));
        }
        let mut items = vec![];
        let taken: BTreeSet<&str> = modules.keys().map(String::as_str).collect();
        for line in super::node::imports(lines.iter().map(|line| (line.as_str(), "pub")), &taken) {
            items.push(parsed(&line)?);
        }
        for (name, inner) in modules {
            let ident: proc_macro2::Ident = syn::parse_str(&name)
                .map_err(|_| Error::new(format!("`{name}` is no module name")))?;
            if self.open.contains(&inner) {
                let path = &self.material.source.modules[inner].path;
                let path = std::iter::once("crate").chain(path.iter().map(String::as_str));
                let path = path.collect::<Vec<_>>().join("::");
                items.push(parsed(&format!("pub use {path} as {name};"))?);
                continue;
            }
            let content = self.module(inner)?;
            items.push(module_of(vec![], parse_quote!(pub), ident, content));
        }
        self.open.pop();
        Ok(items)
    }

    /// The path by which a module is to import what it has as `name`; none where it is there without that.
    fn path_to(&mut self, module: ModuleId, name: &str, target: &Target) -> Option<String> {
        match target {
            Target::Item(item) => {
                if self.material.widened.absent.contains(&(*item, name.to_owned())) {
                    return None;
                }
                let one = &self.material.source.items[*item];
                // A macro of the crate is at its root, by its own name, whatever else leads to it.
                let is_there = module == ROOT && one.name.as_deref() == Some(name);
                if one.kind == ItemKind::Macro && (is_there || one.reach != Reach::Public) {
                    return None;
                }
                Some(self.way_to(*item, name))
            }
            Target::Variant(item, variant) => {
                Some(format!("{}::{variant}", self.way_to(*item, name)))
            }
            Target::External(path) => {
                self.external(&path[0]);
                if path.len() == 1 && path[0] == name && module == ROOT {
                    return None;
                }
                Some(format!("::{}", path.join("::")))
            }
            Target::Module(_) | Target::Opaque(..) => None,
        }
    }

    fn way_to(&mut self, item: ItemId, name: &str) -> String {
        let material = self.material;
        let one = &material.source.items[item];
        let node = self.node_of(item);
        let name = one.name.as_deref().unwrap_or(name);
        let mut path = vec![format!("::{node}")];
        if one.kind != ItemKind::Macro {
            path.extend(material.source.modules[one.module].path.iter().cloned());
        }
        path.push(name.to_owned());
        path.join("::")
    }

    fn node_of(&mut self, item: ItemId) -> String {
        let graph = self.material.graph;
        let node = graph.nodes[graph.node_of[item]].name.clone();
        self.emitted.nodes.insert(node.clone());
        node
    }

    fn external(&mut self, name: &str) {
        if let Some(key) = self.material.externals.key(name) {
            self.emitted.externals.insert(key.clone());
        }
    }
}

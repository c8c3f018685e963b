//! The source of a node.

use super::manifest::{self, Manifest};
use super::syntax::{module_of, parsed};
use super::{Emitted, Material, assets, print};
use crate::graph::NodeId;
use crate::item::*;
use crate::model::ItemKind;
use crate::resolve::{Demand, Target};
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
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
    fn gather(&mut self) {
        let material = self.material;
        for item in &material.graph.nodes[self.node].items {
            self.touch(material.source.items[*item].module, Shown::Everywhere);
            let uses = &material.uses[*item];
            for demand in &uses.demands {
                let shown = match uses.exported.contains(demand) {
                    true => Shown::Everywhere,
                    false => Shown::Here,
                };
                self.demand(demand, shown);
            }
            for name in &uses.externals {
                self.external(name);
            }
            for module in &uses.unknown {
                self.unknown(*module);
            }
        }
    }

    /// Sees to it that a module is there, with those above it.
    fn touch(&mut self, module: ModuleId, shown: Shown) {
        let mut module = Some(module);
        while let Some(at) = module {
            let copy = self.copies.entry(at).or_default();
            copy.shown = copy.shown.max(Some(shown));
            module = self.material.source.modules[at].parent;
        }
    }

    fn external(&mut self, name: &str) {
        if let Some(key) = self.material.externals.key(name) {
            self.emitted.externals.insert(key.clone());
        }
    }

    fn demand(&mut self, demand: &Demand, shown: Shown) {
        self.touch(demand.module, shown);
        let source = self.material.source;
        let name = &demand.name;
        let path = match &demand.target {
            Target::Module(inner) => {
                self.touch(*inner, shown);
                let one = &source.modules[*inner];
                if one.parent == Some(demand.module) && one.name == *name {
                    return;
                }
                join("crate", &one.path)
            }
            Target::Item(item) => {
                if !self.needs_use(*item, demand) {
                    return;
                }
                self.way_to(*item, name)
            }
            Target::Variant(item, variant) => {
                format!("{}::{variant}", self.way_to(*item, name))
            }
            Target::External(path) => {
                self.external(&path[0]);
                if path.len() == 1 && demand.module == ROOT && path[0] == *name {
                    // `extern crate` at the root, or a dependency that is known everywhere.
                    return;
                }
                format!("::{}", path.join("::"))
            }
            Target::Opaque(module, inner) => {
                self.touch(*module, Shown::Here);
                self.unknown(*module);
                if module == &demand.module && inner == name {
                    return;
                }
                format!("{}::{inner}", join("crate", &source.modules[*module].path))
            }
        };
        self.add_use(demand.module, &path, Some(name), shown);
    }

    /// Whether a name that leads to an item has to be made here.
    fn needs_use(&self, item: ItemId, demand: &Demand) -> bool {
        let material = self.material;
        if material.graph.node_of[item] != self.node {
            return true;
        }
        let one = &material.source.items[item];
        if demand.space == Space::Macro && one.kind == ItemKind::Macro {
            let seen = material.scopes.textual.all(demand.module, &demand.name).contains(&item);
            let at_root = demand.module == ROOT && material.is_shared_macro(item);
            return !(seen || at_root);
        }
        one.module != demand.module
            || !one.makes.iter().any(|(made, ..)| *made == demand.name)
                && one.kind != ItemKind::MacroCall
    }

    /// The path of an item from within this node; `name` is what it is known by where it has no name itself.
    fn way_to(&mut self, item: ItemId, name: &str) -> String {
        let material = self.material;
        let one = &material.source.items[item];
        let name = one.name.as_deref().unwrap_or(name);
        let home = material.graph.node_of[item];
        let start = if home == self.node {
            self.touch(one.module, Shown::Here);
            "crate".to_owned()
        } else {
            let below = &material.graph.nodes[home].name;
            self.emitted.nodes.insert(below.clone());
            format!("::{below}")
        };
        match one.kind {
            // Exported macros lie at the root of their crate.
            ItemKind::Macro => format!("{start}::{name}"),
            _ => format!("{}::{name}", join(&start, &material.source.modules[one.module].path)),
        }
    }

    fn add_use(&mut self, module: ModuleId, path: &str, name: Option<&str>, shown: Shown) {
        let line = match name {
            Some(name) if path.rsplit("::").next() == Some(name) => path.to_owned(),
            Some(name) => format!("{path} as {name}"),
            None => format!("{path}::*"),
        };
        let uses = &mut self.copies.entry(module).or_default().uses;
        let known = uses.entry(line).or_insert(shown);
        *known = (*known).max(shown);
    }

    /// Takes the globs over through which names come that are not known here.
    fn unknown(&mut self, module: ModuleId) {
        if !self.unknown.insert(module) {
            return;
        }
        self.touch(module, Shown::Here);
        for (target, last) in self.material.scopes.unknown_globs(module) {
            match target {
                Target::Item(item) => {
                    let way = self.way_to(item, &last);
                    self.add_use(module, &way, None, Shown::Here);
                }
                Target::External(path) => {
                    self.external(&path[0]);
                    self.add_use(module, &format!("::{}", path.join("::")), None, Shown::Here);
                }
                Target::Opaque(inner, name) => {
                    self.unknown(inner);
                    let path = join("crate", &self.material.source.modules[inner].path);
                    self.add_use(module, &format!("{path}::{name}"), None, Shown::Here);
                }
                Target::Module(inner) => {
                    self.unknown(inner);
                    let path = join("crate", &self.material.source.modules[inner].path);
                    self.add_use(module, &path, None, Shown::Here);
                }
                _ => {}
            }
        }
    }

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
            lines.insert(format!("{attribute}extern crate {name}{alias};"));
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
                items.push(parsed(&line)?);
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

/// Crates that only a module of the original makes known, by an `extern crate` of its own. Names that lead through it begin
/// at the root here, so it is there that they must be known. `used` are keys of dependencies.
pub(super) fn raised(material: &Material<'_>, used: &BTreeSet<String>) -> BTreeSet<String> {
    let extern_crates = |module: &'_ Module| -> Vec<String> {
        let imports = module.imports.iter().filter(|one| one.extern_crate.is_some());
        imports.filter_map(|one| one.path.first().cloned()).collect()
    };
    let no_std = material.source.attributes.iter().any(|one| one.path().is_ident("no_std"));
    // The root has one crate without being told so.
    let mut known = extern_crates(&material.source.modules[ROOT]);
    known.extend(["self", if no_std { "core" } else { "std" }].map(str::to_owned));
    let names = material.source.modules[ROOT + 1..].iter().flat_map(extern_crates);
    names
        .filter(|name| !known.contains(name))
        .filter(|name| material.externals.key(name).is_none_or(|key| used.contains(key)))
        .collect()
}

/// `use` lines, with their visibility, as source. A line brings a name in all spaces in which it leads to something; where
/// the module has that name in another space already, it comes by a glob, which gives way.
pub(super) fn imports<'l>(
    lines: impl Iterator<Item = (&'l str, &'l str)>,
    taken: &BTreeSet<&str>,
) -> Vec<String> {
    let name = |line: &'l str| {
        let last = line.rsplit("::").next().unwrap_or(line);
        last.rsplit(" as ").next().unwrap_or(last)
    };
    let lines: Vec<(&str, &str)> = lines.collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (line, _) in &lines {
        *count.entry(name(line)).or_default() += 1;
    }
    let mut out = vec![];
    for (at, (line, vis)) in lines.iter().enumerate() {
        let name = name(line);
        let alone = count[name] == 1 && !taken.contains(name);
        if alone || name == "_" || name == "*" {
            out.push(format!("{vis} use {line};"));
        } else {
            let by = format!("__by_name_{at}");
            out.push(format!("mod {by} {{ {vis} use {line}; }}"));
            out.push(format!("{vis} use self::{by}::*;"));
        }
    }
    out
}

fn join(start: &str, path: &[String]) -> String {
    std::iter::once(start).chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join("::")
}

/// Makes an item public, and those of its members that others name.
fn open(item: &mut syn::Item, members: &BTreeSet<String>, shared: bool) {
    let public = |vis: &mut syn::Visibility| *vis = parse_quote!(pub);
    let member = |name: &str, vis: &mut syn::Visibility| {
        if members.contains(name) {
            *vis = parse_quote!(pub);
        }
    };
    use syn::Item::*;
    match item {
        Const(one) if one.ident != "_" => public(&mut one.vis),
        Enum(one) => public(&mut one.vis),
        Fn(one) => public(&mut one.vis),
        Static(one) => public(&mut one.vis),
        Trait(one) => public(&mut one.vis),
        TraitAlias(one) => public(&mut one.vis),
        Type(one) => public(&mut one.vis),
        Struct(one) => {
            public(&mut one.vis);
            for (at, field) in one.fields.iter_mut().enumerate() {
                let name = field.ident.as_ref().map_or(at.to_string(), ToString::to_string);
                member(&name, &mut field.vis);
            }
        }
        Union(one) => {
            public(&mut one.vis);
            for field in &mut one.fields.named {
                let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                member(&name, &mut field.vis);
            }
        }
        ForeignMod(one) => {
            for inner in &mut one.items {
                match inner {
                    syn::ForeignItem::Fn(one) => public(&mut one.vis),
                    syn::ForeignItem::Static(one) => public(&mut one.vis),
                    syn::ForeignItem::Type(one) => public(&mut one.vis),
                    _ => {}
                }
            }
        }
        Impl(one) if one.trait_.is_none() => {
            for inner in &mut one.items {
                match inner {
                    syn::ImplItem::Fn(one) => member(&one.sig.ident.to_string(), &mut one.vis),
                    syn::ImplItem::Const(one) => member(&one.ident.to_string(), &mut one.vis),
                    syn::ImplItem::Type(one) => member(&one.ident.to_string(), &mut one.vis),
                    _ => {}
                }
            }
        }
        Macro(one) if one.ident.is_some() => {
            let exported = one.attrs.iter().any(|attr| attr.path().is_ident("macro_export"));
            one.attrs.extend((shared && !exported).then(|| parse_quote!(#[macro_export])));
        }
        Macro(one) => {
            let name = one.mac.path.segments.last().map(|last| last.ident.to_string());
            if let Some("thread_local" | "lazy_static") = name.as_deref() {
                one.mac.tokens = public_statics(std::mem::take(&mut one.mac.tokens));
            }
        }
        _ => {}
    }
}

/// `static X` as `pub static X`, at the top of what a macro is given.
fn public_statics(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = vec![];
    for tree in tokens {
        let lifetime = matches!(out.last(), Some(TokenTree::Punct(mark)) if mark.as_char() == '\'');
        if !lifetime && matches!(&tree, TokenTree::Ident(word) if word == "static") {
            let restricted = matches!(out.last(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
            if restricted {
                out.pop();
            }
            if !matches!(out.last(), Some(TokenTree::Ident(word)) if word == "pub") {
                out.push(Ident::new("pub", Span::call_site()).into());
            }
        }
        out.push(tree);
    }
    out.into_iter().collect()
}

/// `pub(crate) struct NAME` as `pub struct NAME` in tokens, for these names and for those that a macro is given.
fn open_tokens(tokens: TokenStream, names: &BTreeSet<String>) -> TokenStream {
    const BETWEEN: [&str; 11] = [
        "unsafe", "const", "fn", "struct", "enum", "union", "static", "mut", "type", "trait",
        "async",
    ];
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut out: Vec<TokenTree> = vec![];
    for (at, tree) in trees.iter().enumerate() {
        if let TokenTree::Group(group) = tree {
            let after_pub = matches!(out.last(), Some(TokenTree::Ident(word)) if word == "pub");
            if after_pub && group.delimiter() == Delimiter::Parenthesis {
                let mut rest = trees[at + 1..].iter();
                let name = rest.find(|tree| {
                    !matches!(tree, TokenTree::Ident(word) if BETWEEN.iter().any(|one| word == one))
                });
                let ours = match name {
                    Some(TokenTree::Ident(word)) => names.contains(&word.to_string()),
                    Some(TokenTree::Punct(mark)) => mark.as_char() == '$',
                    _ => false,
                };
                if ours {
                    continue;
                }
            }
            let inner = open_tokens(group.stream(), names);
            out.push(proc_macro2::Group::new(group.delimiter(), inner).into());
        } else {
            out.push(tree.clone());
        }
    }
    out.into_iter().collect()
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

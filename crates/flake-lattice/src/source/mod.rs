//! Reading a crate: from its root file through its modules to items in normal form. Not here: which item names which.

pub mod cfg;
mod files;
pub mod normal;
mod unfold;

use crate::item::*;
use crate::model::ItemKind;
use camino::Utf8Path;
use cfg::Cfg;
use files::{Files, Place};
use normal::Normal;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use studio_core::error::Result;
use syn::Visibility;
use syn::ext::IdentExt;

/// Reads the crate whose root file is `root`, in the package at `package`.
pub fn read(package: &Utf8Path, root: &Utf8Path, cfg: &Cfg) -> Result<Source> {
    let mut reader = Reader { files: Files::new(package), cfg, source: Source::default() };
    let file = reader.files.read(root, None)?;
    let place = Place::of_root(root);
    reader.source.attributes = reader.crate_attributes(file.attrs);
    reader.source.modules.push(Module {
        parent: None,
        name: String::new(),
        path: vec![],
        reach: Reach::Public,
        macro_use: false,
        file: reader.files.relative(root),
        entries: vec![],
        imports: vec![],
    });
    reader.items(ROOT, file.items, &place)?;
    let mut source = reader.source;
    source.files = reader.files.into_digests();
    normalise(&mut source, cfg);
    name(&mut source);
    Ok(source)
}

struct Reader<'a> {
    files: Files,
    cfg: &'a Cfg,
    source: Source,
}

impl Reader<'_> {
    /// What changes the meaning of code, out of the inner attributes of the crate.
    fn crate_attributes(&self, mut attributes: Vec<syn::Attribute>) -> Vec<syn::Attribute> {
        Normal::new(self.cfg, &BTreeSet::new()).is_on(&mut attributes);
        const KEPT: [&str; 5] =
            ["no_std", "no_implicit_prelude", "recursion_limit", "type_length_limit", "feature"];
        attributes.retain(|one| KEPT.iter().any(|kept| one.path().is_ident(kept)));
        attributes
    }

    fn items(&mut self, module: ModuleId, items: Vec<syn::Item>, place: &Place) -> Result<()> {
        for mut item in items {
            if let Some(attributes) = normal::attributes_mut(&mut item) {
                let on = Normal::new(self.cfg, &BTreeSet::new()).is_on(attributes);
                if !on || attributes.iter().any(|one| one.path().is_ident("test")) {
                    continue;
                }
            }
            match item {
                syn::Item::Mod(item) => self.module(module, item, place)?,
                syn::Item::Use(item) => {
                    let reach = self.reach(module, &item.vis);
                    let mut leaves = vec![];
                    leaves_of(&item.tree, &mut vec![], &mut leaves);
                    for (path, makes) in leaves {
                        let leading_colon = item.leading_colon.is_some();
                        self.source.modules[module].imports.push(Import {
                            reach,
                            path,
                            leading_colon,
                            makes,
                            extern_crate: None,
                        });
                    }
                }
                syn::Item::ExternCrate(item) => self.extern_crate(module, &item),
                syn::Item::Macro(item) => match unfold::unfold(&item, self.cfg) {
                    Some(unfold::Unfolded::Items(items)) => self.items(module, items, place)?,
                    Some(unfold::Unfolded::Include(path)) => {
                        let path = place.beside(&path);
                        let file = self.files.read(&path, Some(place))?;
                        self.items(module, file.items, place)?;
                    }
                    None => match self.passed_on(&item) {
                        Some(passed) => self.items(module, vec![passed], place)?,
                        None => self.item(module, syn::Item::Macro(item)),
                    },
                },
                other => self.item(module, other),
            }
        }
        Ok(())
    }

    /// The item that a call stands for, if the macro that it calls only adds documentation.
    fn passed_on(&self, call: &syn::ItemMacro) -> Option<syn::Item> {
        let name = call.mac.path.get_ident()?;
        let called = |item: &&Item| item.name.as_ref().is_some_and(|one| name == one);
        let rules = self.source.items.iter().filter(|item| item.kind == ItemKind::Macro);
        match rules.rev().find(called).map(|item| &item.syntax)? {
            syn::Item::Macro(rules) => unfold::passed_on(&rules.mac, call),
            _ => None,
        }
    }

    fn module(&mut self, parent: ModuleId, item: syn::ItemMod, place: &Place) -> Result<()> {
        let name = item.ident.to_string();
        let mut path = self.source.modules[parent].path.clone();
        path.push(name.clone());
        let by_path = files::path_attribute(&item.attrs);
        let macro_use = item.attrs.iter().any(|one| one.path().is_ident("macro_use"));
        let reach = self.reach(parent, &item.vis);
        let plain = item.ident.unraw().to_string();
        let (items, inner, place) = match item.content {
            Some((_, items)) => (items, vec![], place.inline(&plain, by_path.as_deref())),
            None => {
                let place = self.files.find(place, &plain, by_path.as_deref(), &item.ident)?;
                let file = self.files.read(&place.file, Some(&place))?;
                (file.items, file.attrs, place)
            }
        };
        let mut inner = inner;
        if !Normal::new(self.cfg, &BTreeSet::new()).is_on(&mut inner) {
            return Ok(());
        }
        let macro_use = macro_use || inner.iter().any(|one| one.path().is_ident("macro_use"));
        let module = self.source.modules.len();
        self.source.modules.push(Module {
            parent: Some(parent),
            name,
            path,
            reach,
            macro_use,
            file: self.files.relative(&place.file),
            entries: vec![],
            imports: vec![],
        });
        self.source.modules[parent].entries.push(Entry::Module(module));
        self.items(module, items, &place)
    }

    fn extern_crate(&mut self, module: ModuleId, item: &syn::ItemExternCrate) {
        let name = item.ident.to_string();
        let makes = match &item.rename {
            Some((_, rename)) if rename == "_" => Makes::Nameless,
            Some((_, rename)) => Makes::Name(rename.to_string()),
            None => Makes::Name(name.clone()),
        };
        let uses = item.attrs.iter().any(|one| one.path().is_ident("macro_use"));
        let import = Import {
            reach: self.reach(module, &item.vis),
            path: vec![name],
            leading_colon: true,
            makes,
            extern_crate: Some(if uses { MacroUse::Yes } else { MacroUse::No }),
        };
        self.source.modules[module].imports.push(import);
    }

    fn item(&mut self, module: ModuleId, syntax: syn::Item) {
        let Some(kind) = kind_of(&syntax) else { return };
        let (name, vis) = name_and_visibility(&syntax);
        let mut reach = vis.map_or(Reach::Public, |vis| self.reach(module, vis));
        if kind == ItemKind::Macro {
            let exported = normal::attributes_of(&syntax)
                .iter()
                .any(|one| one.path().is_ident("macro_export"));
            reach = if exported { Reach::Public } else { Reach::Within(ROOT) };
        }
        let mut makes = vec![];
        for (name, space, vis) in names_made(&syntax) {
            let reach = vis.map_or(reach, |vis| self.reach(module, vis));
            makes.push((name, space, reach));
        }
        let item = self.source.items.len();
        let path = String::new();
        self.source.items.push(Item { module, kind, name, reach, syntax, path, makes });
        self.source.modules[module].entries.push(Entry::Item(item));
    }

    fn reach(&self, module: ModuleId, vis: &Visibility) -> Reach {
        let restricted = match vis {
            Visibility::Public(_) => return Reach::Public,
            Visibility::Inherited => return Reach::Within(module),
            Visibility::Restricted(restricted) => restricted,
        };
        let mut at = module;
        for segment in &restricted.path.segments {
            let name = segment.ident.to_string();
            at = match name.as_str() {
                "crate" => ROOT,
                "self" => module,
                "super" => self.source.modules[at].parent.unwrap_or(ROOT),
                // In the edition of 2015 the path begins at the root.
                _ => {
                    let from =
                        if restricted.path.segments[0].ident == segment.ident { ROOT } else { at };
                    let above = |one: &ModuleId| {
                        self.source.modules[*one].parent == Some(from)
                            && self.source.modules[*one].name == name
                    };
                    let mut ancestors =
                        std::iter::successors(Some(module), |one| self.source.modules[*one].parent);
                    ancestors.find(above).unwrap_or(ROOT)
                }
            };
        }
        Reach::Within(at)
    }
}

/// The leaves of a `use` tree, with the paths that lead to them.
pub fn leaves_of(tree: &syn::UseTree, path: &mut Vec<String>, out: &mut Vec<(Vec<String>, Makes)>) {
    use syn::UseTree::*;
    match tree {
        Path(one) => {
            path.push(one.ident.to_string());
            leaves_of(&one.tree, path, out);
            path.pop();
        }
        Name(one) if one.ident == "self" && !path.is_empty() => {
            let name = path.last().cloned().unwrap_or_default();
            out.push((path.clone(), Makes::Name(name)));
        }
        Name(one) => {
            let name = one.ident.to_string();
            out.push((joined(path, &name), Makes::Name(name)));
        }
        Rename(one) => {
            let makes = match one.rename.to_string() {
                name if name == "_" => Makes::Nameless,
                name => Makes::Name(name),
            };
            let leaf = one.ident.to_string();
            let full =
                if leaf == "self" && !path.is_empty() { path.clone() } else { joined(path, &leaf) };
            out.push((full, makes));
        }
        Glob(_) => out.push((path.clone(), Makes::Glob)),
        Group(group) => {
            for one in &group.items {
                leaves_of(one, path, out);
            }
        }
    }
}

fn joined(path: &[String], name: &str) -> Vec<String> {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

fn kind_of(item: &syn::Item) -> Option<ItemKind> {
    use syn::Item::*;
    Some(match item {
        Const(_) => ItemKind::Const,
        Enum(_) => ItemKind::Enum,
        Fn(_) => ItemKind::Fn,
        ForeignMod(_) => ItemKind::Extern,
        Impl(one) if one.trait_.is_some() => ItemKind::TraitImpl,
        Impl(_) => ItemKind::Impl,
        Macro(one) if one.ident.is_some() => ItemKind::Macro,
        Macro(_) | Verbatim(_) => ItemKind::MacroCall,
        Static(_) => ItemKind::Static,
        Struct(_) => ItemKind::Struct,
        Trait(_) | TraitAlias(_) => ItemKind::Trait,
        Type(_) => ItemKind::Type,
        Union(_) => ItemKind::Union,
        _ => return None,
    })
}

fn name_and_visibility(item: &syn::Item) -> (Option<String>, Option<&Visibility>) {
    use syn::Item::*;
    let (ident, vis) = match item {
        Const(one) => (&one.ident, &one.vis),
        Enum(one) => (&one.ident, &one.vis),
        Fn(one) => (&one.sig.ident, &one.vis),
        Static(one) => (&one.ident, &one.vis),
        Struct(one) => (&one.ident, &one.vis),
        Trait(one) => (&one.ident, &one.vis),
        TraitAlias(one) => (&one.ident, &one.vis),
        Type(one) => (&one.ident, &one.vis),
        Union(one) => (&one.ident, &one.vis),
        Macro(one) => return (one.ident.as_ref().map(ToString::to_string), None),
        _ => return (None, None),
    };
    (Some(ident.to_string()).filter(|name| name != "_"), Some(vis))
}

/// The names that an item makes; those of an extern block have a visibility of their own.
fn names_made(item: &syn::Item) -> Vec<(String, Space, Option<&Visibility>)> {
    use Space::*;
    if let syn::Item::ForeignMod(block) = item {
        let made = block.items.iter().filter_map(|one| match one {
            syn::ForeignItem::Fn(one) => Some((one.sig.ident.to_string(), Value, Some(&one.vis))),
            syn::ForeignItem::Static(one) => Some((one.ident.to_string(), Value, Some(&one.vis))),
            syn::ForeignItem::Type(one) => Some((one.ident.to_string(), Type, Some(&one.vis))),
            _ => None,
        });
        return made.collect();
    }
    let Some(name) = name_and_visibility(item).0 else { return vec![] };
    let spaces: &[Space] = match item {
        syn::Item::Const(_) | syn::Item::Fn(_) | syn::Item::Static(_) => &[Value],
        syn::Item::Macro(_) => &[Macro],
        syn::Item::Struct(one) if !matches!(one.fields, syn::Fields::Named(_)) => &[Type, Value],
        _ => &[Type],
    };
    spaces.iter().map(|space| (name.clone(), *space, None)).collect()
}

/// Brings all items into normal form, now that the macros are known.
fn normalise(source: &mut Source, cfg: &Cfg) {
    let mut mentions_doc: BTreeMap<String, bool> = BTreeMap::new();
    for item in &source.items {
        if let (syn::Item::Macro(mac), Some(name)) = (&item.syntax, &item.name) {
            let mentions = wants_docs(mac.mac.tokens.clone(), Within::Rule);
            *mentions_doc.entry(name.clone()).or_default() |= mentions;
        }
    }
    let doc_free: BTreeSet<String> =
        mentions_doc.into_iter().filter(|(_, mentions)| !mentions).map(|(name, _)| name).collect();
    let mut normal = Normal::new(cfg, &doc_free);
    for item in &mut source.items {
        normal.item(&mut item.syntax);
    }
}

/// Where tokens of a macro stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// In something that stands as often as it does.
    Rule,
    /// In something that may be repeated, or not be there.
    Repetition,
}

/// Whether a macro makes something of documentation: it has the word `doc` in it, other than as a comment, or there must
/// be just as many attributes as it says, of which comments may be some.
fn wants_docs(tokens: TokenStream, within: Within) -> bool {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mark = |at: Option<usize>| match at.and_then(|at| trees.get(at)) {
        Some(TokenTree::Punct(mark)) => mark.as_char(),
        _ => ' ',
    };
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Ident(ident) => {
            ident == "doc" && !matches!(trees.get(at + 2), Some(TokenTree::Literal(_)))
        }
        TokenTree::Group(group) => {
            let before = mark(at.checked_sub(1));
            let variable = group.stream().into_iter().next().is_some_and(
                |first| matches!(first, TokenTree::Punct(mark) if mark.as_char() == '$'),
            );
            // `#[$meta:meta]` where attributes are matched; `#[$meta]` where they are passed on does no harm.
            let typed = group.stream().to_string().contains(':');
            if before == '#' && variable && typed && within == Within::Rule {
                return true;
            }
            let inner = if before == '$' { Within::Repetition } else { Within::Rule };
            wants_docs(group.stream(), inner)
        }
        _ => false,
    })
}

/// Gives each item its path: its own name where it has one, else its kind and a hash of what it says.
fn name(source: &mut Source) {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for at in 0..source.items.len() {
        let item = &source.items[at];
        let own = match (&item.name, &item.syntax) {
            (Some(name), _) => name.clone(),
            (None, syn::Item::Impl(one)) => impl_name(one),
            (None, syn::Item::Macro(one)) => {
                let name = one.mac.path.segments.last().map(|last| last.ident.to_string());
                format!("{}!#{}", name.unwrap_or_default(), short_hash(&item.syntax))
            }
            (None, _) => {
                format!("{}#{}", item.kind.word().replace(' ', "_"), short_hash(&item.syntax))
            }
        };
        let path = source.path_in(item.module, &own);
        // A function and a module may have one name, and so may two impls in different words.
        let key = format!("{} {path}", item.kind.word());
        let count = taken.entry(key).or_default();
        *count += 1;
        let path = if *count == 1 { path } else { format!("{path}~{count}") };
        source.items[at].path = path;
    }
}

/// `<Type>`, `<Type as Trait>`, as the source has it.
fn impl_name(item: &syn::ItemImpl) -> String {
    let tight = |tokens: TokenStream| {
        let text = tokens.to_string();
        let mut out = String::new();
        let mut last = ' ';
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let next = rest.peek().copied().unwrap_or(' ');
            // A space stays only between words.
            let word = |c: char| c.is_alphanumeric() || c == '_' || c == '\'';
            if c != ' ' || word(last) && word(next) {
                out.push(c);
                last = c;
            }
        }
        out
    };
    let of = tight(item.self_ty.to_token_stream());
    match &item.trait_ {
        Some((path, _)) => format!("<{of} as {}>", tight(path.to_token_stream())),
        None => format!("<{of}>"),
    }
}

fn short_hash(syntax: &syn::Item) -> String {
    crate::digest::hex(syntax.to_token_stream().to_string().as_bytes())[..8].to_owned()
}

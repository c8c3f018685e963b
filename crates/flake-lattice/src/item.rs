//! A crate as its items in their modules: what is left of the source once `cfg` is decided and comments are gone.
//!
//! Not here: reading it ([`crate::source`]), and which item names which ([`crate::resolve`]).

use crate::model::ItemKind;
use camino::Utf8PathBuf;
use std::collections::BTreeMap;

/// The place of a module in [`Source::modules`]; 0 is the root.
pub type ModuleId = usize;
/// The place of an item in [`Source::items`].
pub type ItemId = usize;

/// The module that the crate itself is.
pub const ROOT: ModuleId = 0;

/// The kinds of names that Rust keeps apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// Types, traits and modules.
    Type,
    /// Functions, constants, statics, constructors.
    Value,
    /// Macros.
    Macro,
}

impl Space {
    /// All of them, in the order in which a name without a context is looked for.
    pub const ALL: [Space; 3] = [Space::Type, Space::Value, Space::Macro];
}

/// Who may name something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everybody.
    Public,
    /// This module and those in it.
    Within(ModuleId),
}

/// A crate.
#[derive(Default)]
pub struct Source {
    /// Its modules; a module comes after the one that it is in.
    pub modules: Vec<Module>,
    /// Its items, in source order.
    pub items: Vec<Item>,
    /// The attributes of the crate that change what its code means, such as `no_std`.
    pub attributes: Vec<syn::Attribute>,
    /// The files that were read, relative to the package, with their digests.
    pub files: BTreeMap<Utf8PathBuf, String>,
}

/// A module.
#[derive(Debug)]
pub struct Module {
    /// The one that it is in.
    pub parent: Option<ModuleId>,
    /// Its name, as written; empty for the root.
    pub name: String,
    /// The names that lead to it from the root.
    pub path: Vec<String>,
    /// Who may name it.
    pub reach: Reach,
    /// Whether macros that it defines are seen after it (`#[macro_use]`).
    pub macro_use: bool,
    /// The file that it is written in, relative to the package.
    pub file: Utf8PathBuf,
    /// What it holds besides imports, in source order, on which `macro_rules!` depend.
    pub entries: Vec<Entry>,
    /// What it imports.
    pub imports: Vec<Import>,
}

/// What a module holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An item.
    Item(ItemId),
    /// A module.
    Module(ModuleId),
}

/// One name, or one glob, of a `use` or `extern crate`.
#[derive(Clone, Debug)]
pub struct Import {
    /// Who may use the name that it makes.
    pub reach: Reach,
    /// The path, without `*`.
    pub path: Vec<String>,
    /// Whether the path begins with `::`.
    pub leading_colon: bool,
    /// What it makes of it.
    pub makes: Makes,
    /// Whether it is an `extern crate`, and one with `#[macro_use]`.
    pub extern_crate: Option<MacroUse>,
}

/// Whether the macros of a crate are seen everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacroUse {
    /// `#[macro_use]`
    Yes,
    /// Not.
    No,
}

/// What an import makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Makes {
    /// A name.
    Name(String),
    /// No name; a trait's methods can be called.
    Nameless,
    /// All the names in it.
    Glob,
}

/// An item.
pub struct Item {
    /// The module that it is in.
    pub module: ModuleId,
    /// What it is.
    pub kind: ItemKind,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Who may name it.
    pub reach: Reach,
    /// The item, normalised.
    pub syntax: syn::Item,
    /// Its canonical path below the crate: unique, and the same whatever happens to other items.
    pub path: String,
    /// The names that it makes in its module.
    pub makes: Vec<(String, Space, Reach)>,
}

impl Source {
    /// Whether `module` is `within` or below it.
    pub fn is_within(&self, module: ModuleId, within: ModuleId) -> bool {
        let mut module = Some(module);
        while let Some(one) = module {
            if one == within {
                return true;
            }
            module = self.modules[one].parent;
        }
        false
    }

    /// Whether something with this reach can be named in `module`.
    pub fn reaches(&self, reach: Reach, module: ModuleId) -> bool {
        match reach {
            Reach::Public => true,
            Reach::Within(within) => self.is_within(module, within),
        }
    }

    /// The canonical path of a name in a module.
    pub fn path_in(&self, module: ModuleId, name: &str) -> String {
        let mut path = self.modules[module].path.clone();
        path.push(name.to_owned());
        path.join("::")
    }
}

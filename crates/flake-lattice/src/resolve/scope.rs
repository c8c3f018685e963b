//! What a name means in a module: definitions, imports, globs and re-exports, in three spaces of names.

mod public;

use super::textual::Textual;
use crate::item::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An item of the crate.
    Item(ItemId),
    /// A variant of an enum of the crate.
    Variant(ItemId, String),
    /// A module of the crate.
    Module(ModuleId),
    /// Something in another crate; the first name is known at the root of every node.
    External(Vec<String>),
    /// A name that nothing known makes, in a module that takes all names from another crate.
    Opaque(ModuleId, String),
}

/// All the names of a crate.
pub struct Scopes<'a> {
    /// The crate.
    pub source: &'a Source,
    /// What macros see of each other.
    pub textual: Textual<'a>,
    /// Whether paths in `use` begin at the root (the edition of 2015).
    pub rooted_imports: bool,
    /// Names of other crates, as code may begin a path with them.
    externs: BTreeMap<String, Target>,
    definitions: Vec<HashMap<&'a str, Vec<Definition>>>,
    named: Vec<HashMap<&'a str, Vec<&'a Import>>>,
    globs: Vec<Vec<&'a Import>>,
    /// Names that a macro call in the module seems to make.
    called: Vec<BTreeMap<String, ItemId>>,
    /// Items that a macro call in the module is given, by name.
    given: Vec<HashMap<(String, Space), ItemId>>,
    /// By module, whether names that are not known may come into it.
    unknown: Vec<bool>,
    /// What macro calls make for everybody, as far as it was asked for.
    made: RefCell<HashMap<ItemId, BTreeSet<(String, Space)>>>,
    memo: RefCell<HashMap<Question, Option<Target>>>,
}

/// What a name of a module means, and to whom.
type Definition = (Space, Target, Reach);

/// A module, a name in it, its space, and the module that asks.
type Question = (ModuleId, String, Space, ModuleId);

/// A question that is being answered, so that circular imports end.
type Open = Vec<(ModuleId, String, Space)>;

/// How a path was gone through.
#[derive(Debug, Default)]
pub struct Route {
    /// The names on the way that a module of the crate has, with what each leads to.
    pub steps: Vec<(ModuleId, String, Space, Target)>,
    /// Where it leads, if that is known. Names behind an item (`Type::new`) are not looked at.
    pub target: Option<Target>,
    /// How many segments led there.
    pub consumed: usize,
}

impl<'a> Scopes<'a> {
    /// `dependencies` are the names by which code knows other crates.
    pub fn new(source: &'a Source, edition: &str, dependencies: &BTreeSet<String>) -> Scopes<'a> {
        let external = |name: &str| (name.to_owned(), Target::External(vec![name.to_owned()]));
        let mut externs: BTreeMap<String, Target> =
            ["std", "core", "proc_macro", "test"].into_iter().map(external).collect();
        externs.extend(dependencies.iter().map(|name| external(name)));
        for import in &source.modules[ROOT].imports {
            if let (Some(_), Makes::Name(name)) = (import.extern_crate, &import.makes) {
                let target = match import.path.first().map(String::as_str) {
                    Some("self") => Target::Module(ROOT),
                    _ => Target::External(vec![name.clone()]),
                };
                externs.insert(name.clone(), target);
            }
        }
        let mut scopes = Scopes {
            source,
            textual: Textual::new(source),
            rooted_imports: edition == "2015",
            externs,
            definitions: vec![],
            named: vec![],
            globs: vec![],
            called: vec![BTreeMap::new(); source.modules.len()],
            given: vec![HashMap::new(); source.modules.len()],
            unknown: vec![false; source.modules.len()],
            made: RefCell::default(),
            memo: RefCell::default(),
        };
        for (id, module) in source.modules.iter().enumerate() {
            scopes.add_module(id, module);
        }
        for (id, module) in source.modules.iter().enumerate() {
            let items = module.entries.iter().filter_map(|entry| match entry {
                Entry::Item(item) => Some(*item),
                Entry::Module(_) => None,
            });
            let made: Vec<_> = items
                .map(|item| (item, super::macros::names_made(&scopes.textual, source, item)))
                .collect();
            for (item, made) in &made {
                scopes.given[id].extend(made.given.iter().map(|one| (one.clone(), *item)));
            }
            // Who looks as if it made an item is asked before those that name the word in passing.
            let named =
                made.iter().flat_map(|(item, made)| made.items.iter().map(move |one| (item, one)));
            let given =
                made.iter().flat_map(|(item, made)| made.words.iter().map(move |one| (item, one)));
            for (item, name) in named.chain(given) {
                scopes.called[id].entry(name.clone()).or_insert(*item);
            }
        }
        scopes.find_unknown();
        scopes
    }

    fn add_module(&mut self, _id: ModuleId, module: &'a Module) {
        let mut definitions: HashMap<&str, Vec<Definition>> = HashMap::new();
        let (mut named, mut globs): (HashMap<&str, Vec<&Import>>, Vec<&Import>) =
            Default::default();
        for entry in &module.entries {
            match entry {
                Entry::Module(id) => {
                    let child = &self.source.modules[*id];
                    let one = (Space::Type, Target::Module(*id), child.reach);
                    definitions.entry(&child.name).or_default().push(one);
                }
                Entry::Item(id) => {
                    let item = &self.source.items[*id];
                    for (name, space, reach) in &item.makes {
                        // Macros are found by where they stand, not by module.
                        if *space != Space::Macro {
                            let one = (*space, Target::Item(*id), *reach);
                            definitions.entry(name).or_default().push(one);
                        }
                    }
                }
            }
        }
        for import in &module.imports {
            match &import.makes {
                Makes::Name(name) => named.entry(name).or_default().push(import),
                Makes::Glob => globs.push(import),
                Makes::Nameless => {}
            }
        }
        self.definitions.push(definitions);
        self.named.push(named);
        self.globs.push(globs);
    }

    /// What `name` means where it stands alone in code of `module`.
    pub fn lexical(&self, module: ModuleId, name: &str, space: Space) -> Option<Target> {
        self.lexical_in(module, name, space, &mut vec![])
    }

    fn lexical_in(
        &self,
        module: ModuleId,
        name: &str,
        space: Space,
        open: &mut Open,
    ) -> Option<Target> {
        if space == Space::Macro
            && let Some(mac) = self.textual.last(module, name)
        {
            return Some(Target::Item(mac));
        }
        self.member(module, name, space, module, open)
            .or_else(|| (space == Space::Type).then(|| self.externs.get(name).cloned()).flatten())
    }

    /// What `name` means as a member of `module`, seen from `from`.
    pub fn member_of(
        &self,
        module: ModuleId,
        name: &str,
        space: Space,
        from: ModuleId,
    ) -> Option<Target> {
        self.member(module, name, space, from, &mut vec![])
    }

    fn member(
        &self,
        module: ModuleId,
        name: &str,
        space: Space,
        from: ModuleId,
        open: &mut Open,
    ) -> Option<Target> {
        // An answer that was found while another question was open may lack what that one will find.
        if !open.is_empty() {
            return self.find(module, name, space, from, open);
        }
        let key = (module, name.to_owned(), space, from);
        if let Some(known) = self.memo.borrow().get(&key) {
            return known.clone();
        }
        let found = self.find(module, name, space, from, open);
        self.memo.borrow_mut().insert(key, found.clone());
        found
    }

    fn find(
        &self,
        module: ModuleId,
        name: &str,
        space: Space,
        from: ModuleId,
        open: &mut Open,
    ) -> Option<Target> {
        let question = (module, name.to_owned(), space);
        if open.contains(&question) {
            return None;
        }
        let defined = self.definitions[module].get(name).into_iter().flatten();
        let mut defined =
            defined.filter(|(of, _, reach)| *of == space && self.source.reaches(*reach, from));
        if let Some((_, target, _)) = defined.next() {
            return Some(target.clone());
        }
        if space == Space::Macro
            && module == ROOT
            && let Some(mac) = self.textual.exported(name)
        {
            return Some(Target::Item(mac));
        }
        open.push(question);
        let found = self.imported(module, name, space, from, open);
        open.pop();
        // What another crate has by this name may be of another space, as a type that a function is called like.
        if let Some(Target::External(_)) = &found
            && let Some(call) = self.given[module].get(&(name.to_owned(), space))
        {
            return Some(Target::Item(*call));
        }
        found.or_else(|| {
            let call = self.made_by(module, name, space)?;
            (space != Space::Macro).then_some(Target::Item(call))
        })
    }

    fn imported(
        &self,
        module: ModuleId,
        name: &str,
        space: Space,
        from: ModuleId,
        open: &mut Open,
    ) -> Option<Target> {
        let seen = |import: &&&Import| self.source.reaches(import.reach, from);
        for import in self.named[module].get(name).into_iter().flatten().filter(seen) {
            if let Some(target) = self.import_target(module, import, space, open) {
                return Some(target);
            }
        }
        for import in self.globs[module].iter().filter(seen) {
            match self.import_target(module, import, Space::Type, open) {
                Some(Target::Module(inner)) => {
                    if let Some(target) = self.member(inner, name, space, module, open) {
                        return Some(target);
                    }
                }
                Some(Target::Item(item))
                    if self.has_variant(item, name) && space != Space::Macro =>
                {
                    return Some(Target::Variant(item, name.to_owned()));
                }
                _ => {}
            }
        }
        None
    }

    /// Whether the root has a module of this name, and in `module` the name means something else.
    pub fn hides_root_module(&self, module: ModuleId, name: &str) -> bool {
        let is_it = |one: &Module| one.parent == Some(ROOT) && one.name == name;
        let Some(at_root) = self.source.modules.iter().position(is_it) else { return false };
        self.lexical(module, name, Space::Type)
            .is_some_and(|other| other != Target::Module(at_root))
    }

    /// Where an import leads.
    pub fn import_target_of(
        &self,
        module: ModuleId,
        import: &Import,
        space: Space,
    ) -> Option<Target> {
        self.import_target(module, import, space, &mut vec![])
    }

    fn import_target(
        &self,
        module: ModuleId,
        import: &Import,
        space: Space,
        open: &mut Open,
    ) -> Option<Target> {
        if import.extern_crate.is_some() {
            let name = match &import.makes {
                Makes::Name(name) if module == ROOT => name,
                _ => import.path.first()?,
            };
            let external = || Target::External(vec![name.clone()]);
            return (space == Space::Type)
                .then(|| self.externs.get(name).cloned().unwrap_or_else(external));
        }
        self.walk(module, &import.path, import.leading_colon, space, true, open).target
    }

    /// Goes through a path that stands in code of `module`.
    pub fn route(
        &self,
        module: ModuleId,
        path: &[String],
        leading_colon: bool,
        last: Space,
    ) -> Route {
        self.walk(module, path, leading_colon, last, false, &mut vec![])
    }

    /// Goes through a path of a `use` that stands in a function of `module`.
    pub fn route_of_use(
        &self,
        module: ModuleId,
        path: &[String],
        leading: bool,
        last: Space,
    ) -> Route {
        self.walk(module, path, leading, last, true, &mut vec![])
    }

    fn walk(
        &self,
        module: ModuleId,
        path: &[String],
        leading_colon: bool,
        last: Space,
        import: bool,
        open: &mut Open,
    ) -> Route {
        let mut route = Route::default();
        let Some(first) = path.first() else {
            // `use ::*` and `use {…}` of the edition of 2015.
            route.target = Some(Target::Module(ROOT));
            return route;
        };
        let space = |at: usize| if at + 1 == path.len() { last } else { Space::Type };
        let mut here = match first.as_str() {
            "crate" | "$crate" => Some(Target::Module(ROOT)),
            "self" => Some(Target::Module(module)),
            "super" => self.source.modules[module].parent.map(Target::Module),
            "Self" => None,
            name if leading_colon || import && self.rooted_imports => {
                let rooted =
                    self.rooted_imports.then(|| self.member(ROOT, name, space(0), module, open));
                match rooted.flatten() {
                    Some(target) => {
                        route.steps.push((ROOT, name.to_owned(), space(0), target.clone()));
                        Some(target)
                    }
                    None => self.externs.get(name).cloned(),
                }
            }
            name => {
                let mut target = self.lexical_in(module, name, space(0), open);
                // `use memchr::memchr` makes a function, most likely: what a path goes through is still the crate.
                if let (true, Some(Target::External(way))) = (path.len() > 1, &target)
                    && way.len() > 1
                    && way[0] == *name
                    && let Some(outer) = self.externs.get(name)
                {
                    target = Some(outer.clone());
                }
                if let Some(target) = &target {
                    let external = self.externs.get(name) == Some(target);
                    if !external || self.definitions[module].contains_key(name) {
                        route.steps.push((module, name.to_owned(), space(0), target.clone()));
                    }
                }
                target
                    .or_else(|| self.opaque(module, name))
                    .or_else(|| import.then(|| in_prelude(name)).flatten())
            }
        };
        route.consumed = 1;
        for (at, name) in path.iter().enumerate().skip(1) {
            here = match here {
                Some(Target::Module(inner)) if name == "super" => {
                    self.source.modules[inner].parent.map(Target::Module)
                }
                Some(Target::Module(inner)) if name == "self" => Some(Target::Module(inner)),
                Some(Target::Module(inner)) => {
                    let target = self.member(inner, name, space(at), module, open);
                    if let Some(target) = &target {
                        route.steps.push((inner, name.clone(), space(at), target.clone()));
                    }
                    target.or_else(|| self.opaque(inner, name))
                }
                Some(Target::External(mut outer)) => {
                    outer.push(name.clone());
                    Some(Target::External(outer))
                }
                Some(Target::Item(item)) if self.has_variant(item, name) => {
                    Some(Target::Variant(item, name.clone()))
                }
                // `Type::function`: whatever follows belongs to the type.
                other => {
                    route.target = other.filter(|_| !import);
                    return route;
                }
            };
            route.consumed = at + 1;
        }
        route.target = here;
        route
    }

    fn opaque(&self, module: ModuleId, name: &str) -> Option<Target> {
        self.takes_unknown(module).then(|| Target::Opaque(module, name.to_owned()))
    }

    /// Whether names may come into a module that cannot be known here: all those of another crate.
    pub fn takes_unknown(&self, module: ModuleId) -> bool {
        self.unknown[module]
    }

    /// Finds out which modules take unknown names, from those that take them directly to those that take them from these.
    fn find_unknown(&mut self) {
        loop {
            let found: Vec<ModuleId> = (0..self.globs.len())
                .filter(|module| !self.unknown[*module])
                .filter(|module| {
                    self.globs[*module].iter().any(|glob| {
                        match self.import_target_of(*module, glob, Space::Type) {
                            Some(Target::External(_) | Target::Opaque(..)) => true,
                            Some(Target::Module(inner)) => self.unknown[inner],
                            Some(Target::Item(item)) => self.is_unknown_enum(item),
                            _ => false,
                        }
                    })
                })
                .collect();
            self.memo.borrow_mut().clear();
            if found.is_empty() {
                return;
            }
            for module in found {
                self.unknown[module] = true;
            }
        }
    }

    /// The globs of a module through which unknown names come, with the last name of each.
    pub fn unknown_globs(&self, module: ModuleId) -> Vec<(Target, String)> {
        let globs = self.globs[module].iter();
        globs
            .filter_map(|glob| {
                let last = glob.path.last().cloned().unwrap_or_default();
                Some((self.import_target_of(module, glob, Space::Type)?, last))
            })
            .filter(|(target, _)| match target {
                Target::External(_) | Target::Opaque(..) => true,
                Target::Module(inner) => *inner != module && self.takes_unknown(*inner),
                Target::Item(item) => self.is_unknown_enum(*item),
                Target::Variant(..) => false,
            })
            .collect()
    }

    /// Whether an item may be an enum whose variants are not known: one that a macro makes, or an alias of one.
    fn is_unknown_enum(&self, item: ItemId) -> bool {
        use crate::model::ItemKind;
        matches!(self.source.items[item].kind, ItemKind::MacroCall | ItemKind::Type)
    }

    /// The items from which unknown names come into a module.
    pub fn unknown_items(&self, module: ModuleId) -> BTreeSet<ItemId> {
        let (mut items, mut seen, mut todo) = (BTreeSet::new(), BTreeSet::new(), vec![module]);
        while let Some(module) = todo.pop() {
            if !seen.insert(module) {
                continue;
            }
            for (target, _) in self.unknown_globs(module) {
                match target {
                    Target::Item(item) => {
                        items.insert(item);
                    }
                    Target::Module(inner) | Target::Opaque(inner, _) => todo.push(inner),
                    _ => {}
                }
            }
        }
        items
    }

    /// Every name that a module has, seen from `from`: its own, imported, and by globs.
    pub fn names(&self, module: ModuleId, from: ModuleId) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::new();
        self.collect_names(module, from, &mut names, &mut BTreeSet::new());
        names
    }

    fn collect_names(
        &self,
        module: ModuleId,
        from: ModuleId,
        names: &mut BTreeSet<&'a str>,
        seen: &mut BTreeSet<ModuleId>,
    ) {
        if !seen.insert(module) {
            return;
        }
        names.extend(self.definitions[module].keys());
        let seen_from = |import: &&Import| self.source.reaches(import.reach, from);
        for (name, imports) in &self.named[module] {
            if imports.iter().any(seen_from) {
                names.insert(name);
            }
        }
        for glob in self.globs[module].iter().filter(|import| seen_from(import)) {
            // Variants are no traits, which is what the names are looked through for.
            if let Some(Target::Module(inner)) = self.import_target_of(module, glob, Space::Type) {
                self.collect_names(inner, module, names, seen);
            }
        }
    }

    /// Macro calls that make public names which are not known, in a module and in those all of whose names it passes on.
    pub fn calls_with_unknown_names(&self, module: ModuleId) -> BTreeSet<ItemId> {
        let (mut found, mut seen, mut todo) = (BTreeSet::new(), BTreeSet::new(), vec![module]);
        while let Some(module) = todo.pop() {
            if !seen.insert(module) {
                continue;
            }
            for entry in &self.source.modules[module].entries {
                if let Entry::Item(item) = entry
                    && self.source.items[*item].kind == crate::model::ItemKind::MacroCall
                    && super::macros::makes_given_names(&self.textual, self.source, *item)
                {
                    found.insert(*item);
                }
            }
            for glob in self.globs[module].iter().filter(|glob| glob.reach == Reach::Public) {
                if let Some(Target::Module(inner)) =
                    self.import_target_of(module, glob, Space::Type)
                {
                    todo.push(inner);
                }
            }
        }
        found
    }

    fn variants(&self, item: ItemId) -> Vec<String> {
        match &self.source.items[item].syntax {
            syn::Item::Enum(one) => one.variants.iter().map(|one| one.ident.to_string()).collect(),
            _ => vec![],
        }
    }

    fn has_variant(&self, item: ItemId, name: &str) -> bool {
        match &self.source.items[item].syntax {
            syn::Item::Enum(one) => one.variants.iter().any(|variant| variant.ident == name),
            // A type alias of an enum: the variants are those of what it stands for.
            _ => false,
        }
    }

    /// The names of other crates that code may begin a path with.
    pub fn is_extern(&self, name: &str) -> bool {
        matches!(self.externs.get(name), Some(Target::External(_)))
    }
}

/// The enums that every module knows without an import, whose variants may be imported.
fn in_prelude(name: &str) -> Option<Target> {
    let path = match name {
        "Option" => ["core", "option", "Option"],
        "Result" => ["core", "result", "Result"],
        _ => return None,
    };
    Some(Target::External(path.map(str::to_owned).to_vec()))
}

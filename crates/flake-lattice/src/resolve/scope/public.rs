//! What the users of the crate can name: the public members of its modules, by whatever way they are public, and
//! which macro call a name comes from.

use super::*;

impl Scopes<'_> {
    /// Every name by which something public can be had in a module from outside of the crate.
    pub fn public_names(&self, module: ModuleId) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.collect_public_names(module, &mut names, &mut BTreeSet::new());
        names
    }

    fn collect_public_names(
        &self,
        module: ModuleId,
        names: &mut BTreeSet<String>,
        seen: &mut BTreeSet<ModuleId>,
    ) {
        if !seen.insert(module) {
            return;
        }
        let public = |reach: &Reach| *reach == Reach::Public;
        for (name, made) in &self.definitions[module] {
            if made.iter().any(|(_, _, reach)| public(reach)) {
                names.insert((*name).to_owned());
            }
        }
        // Whether what a macro makes is public is its own affair; what it says `pub` of is.
        names.extend(self.called[module].keys().cloned());
        for (name, imports) in &self.named[module] {
            if imports.iter().any(|import| public(&import.reach)) {
                names.insert((*name).to_owned());
            }
        }
        for glob in self.globs[module].iter().filter(|glob| public(&glob.reach)) {
            match self.import_target_of(module, glob, Space::Type) {
                Some(Target::Module(inner)) => self.collect_public_names(inner, names, seen),
                Some(Target::Item(item)) => names.extend(self.variants(item)),
                _ => {}
            }
        }
    }

    /// What a name of a module means to other crates.
    pub fn public_member(&self, module: ModuleId, name: &str, space: Space) -> Option<Target> {
        self.public_member_but(module, name, space, &mut BTreeSet::new())
    }

    fn public_member_but(
        &self,
        module: ModuleId,
        name: &str,
        space: Space,
        seen: &mut BTreeSet<ModuleId>,
    ) -> Option<Target> {
        if !seen.insert(module) {
            return None;
        }
        let public = |reach: &Reach| *reach == Reach::Public;
        let mut made = self.definitions[module].get(name).into_iter().flatten();
        if let Some((_, target, reach)) = made.find(|(of, _, _)| *of == space) {
            return public(reach).then(|| target.clone());
        }
        let imports = self.named[module].get(name).into_iter().flatten();
        for import in imports {
            if let Some(target) = self.import_target_of(module, import, space) {
                return public(&import.reach).then_some(target);
            }
        }
        for glob in self.globs[module].iter().filter(|glob| public(&glob.reach)) {
            let found = match self.import_target_of(module, glob, Space::Type) {
                Some(Target::Module(inner)) => self.public_member_but(inner, name, space, seen),
                Some(Target::Item(item))
                    if self.has_variant(item, name) && space != Space::Macro =>
                {
                    Some(Target::Variant(item, name.to_owned()))
                }
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        let call = self.made_by(module, name, space)?;
        let mut known = self.made.borrow_mut();
        let made = known.entry(call).or_insert_with(|| {
            crate::resolve::macros::public_names_made(&self.textual, self.source, call)
        });
        let wanted = (name.to_owned(), space);
        made.contains(&wanted).then_some(Target::Item(call))
    }

    /// The macro call in a module that seems to make this name. Two may make one name, in two spaces, as `syn` makes types
    /// and functions of the same name.
    pub(super) fn made_by(&self, module: ModuleId, name: &str, space: Space) -> Option<ItemId> {
        let given = self.given[module].get(&(name.to_owned(), space));
        given.or_else(|| self.called[module].get(name)).copied()
    }

    /// Crates and modules of other crates all of whose names a module passes on.
    pub fn public_globs(&self, module: ModuleId) -> BTreeSet<Vec<String>> {
        let passed = self.passed_on(module).into_iter();
        let globs =
            passed.flat_map(|inner| self.globs[inner].iter().map(move |glob| (inner, glob)));
        let public = globs.filter(|(_, glob)| glob.reach == Reach::Public);
        let found = public.filter_map(|(inner, glob)| {
            match self.import_target_of(inner, glob, Space::Type)? {
                Target::External(path) => Some(path),
                _ => None,
            }
        });
        found.collect()
    }

    /// The traits that a module passes on without a name (`pub use Trait as _`), by the names that they have elsewhere.
    pub fn public_nameless(&self, module: ModuleId) -> Vec<(String, Target)> {
        let passed = self.passed_on(module).into_iter();
        let imports = passed.flat_map(|inner| {
            self.source.modules[inner].imports.iter().map(move |import| (inner, import))
        });
        let nameless = imports.filter(|(_, import)| {
            import.makes == Makes::Nameless
                && import.reach == Reach::Public
                && import.extern_crate.is_none()
        });
        let found = nameless.filter_map(|(inner, import)| {
            let target = self.import_target_of(inner, import, Space::Type)?;
            Some((import.path.last()?.clone(), target))
        });
        found.collect()
    }

    /// A module and all others whose public names it passes on.
    fn passed_on(&self, module: ModuleId) -> Vec<ModuleId> {
        let mut found = vec![module];
        let mut next = 0;
        while let Some(&module) = found.get(next) {
            next += 1;
            for glob in self.globs[module].iter().filter(|glob| glob.reach == Reach::Public) {
                if let Some(Target::Module(inner)) =
                    self.import_target_of(module, glob, Space::Type)
                    && !found.contains(&inner)
                {
                    found.push(inner);
                }
            }
        }
        found
    }
}

//! What the users of the crate can name: the public members of its modules, by whatever way they are public.

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
        let call = *self.called[module].get(name)?;
        let mut known = self.made.borrow_mut();
        let made = known.entry(call).or_insert_with(|| {
            crate::resolve::macros::public_names_made(&self.textual, self.source, call)
        });
        let wanted = (name.to_owned(), space);
        made.contains(&wanted).then_some(Target::Item(call))
    }

    /// Crates and modules of other crates all of whose names a module passes on.
    pub fn public_globs(&self, module: ModuleId) -> BTreeSet<Vec<String>> {
        let mut found = BTreeSet::new();
        let mut todo = vec![module];
        let mut seen = BTreeSet::new();
        while let Some(module) = todo.pop() {
            if !seen.insert(module) {
                continue;
            }
            for glob in self.globs[module].iter().filter(|glob| glob.reach == Reach::Public) {
                match self.import_target_of(module, glob, Space::Type) {
                    Some(Target::External(path)) => {
                        found.insert(path);
                    }
                    Some(Target::Module(inner)) => todo.push(inner),
                    _ => {}
                }
            }
        }
        found
    }
}

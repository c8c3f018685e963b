//! Which features are on, and what they turn on in dependencies.
//!
//! The rules: <https://doc.rust-lang.org/cargo/reference/features.html>. Not here: what dependencies make of it.

use super::{Dependency, Package};
use std::collections::{BTreeMap, BTreeSet};
use studio_core::error::{Error, Result};

/// What is asked for on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Features by name.
    pub named: Vec<String>,
    /// Whether those of `default` are on as well.
    pub defaults: Defaults,
}

/// Whether default features are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Defaults {
    /// They are.
    #[default]
    On,
    /// They are not.
    Off,
    /// All features are on.
    All,
}

/// What a selection comes to.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// The package's own features that are on.
    pub on: BTreeSet<String>,
    /// Optional dependencies that are on, by key.
    pub optional: BTreeSet<String>,
    /// Features of dependencies that the package's features turn on, by key.
    pub of_dependencies: BTreeMap<String, BTreeSet<String>>,
}

impl Features {
    /// Follows a selection through the features of a package.
    pub fn of(package: &Package, selection: &Selection) -> Result<Features> {
        let mut todo: Vec<String> = match selection.defaults {
            Defaults::All => package.features.keys().cloned().collect(),
            Defaults::On if package.features.contains_key("default") => vec!["default".to_owned()],
            _ => vec![],
        };
        for name in &selection.named {
            if !package.features.contains_key(name) {
                let known: Vec<&String> = package.features.keys().collect();
                return Err(Error::new(format!("`{}` has no feature `{name}`", package.name))
                    .because(format!("its features: {}", studio_core::ui::names(&known, 20))));
            }
            todo.push(name.clone());
        }
        let mut features = Features::default();
        let mut weak: Vec<(String, String)> = vec![];
        while let Some(one) = todo.pop() {
            if let Some(key) = one.strip_prefix("dep:") {
                features.optional.insert(key.to_owned());
            } else if let Some((key, feature)) = one.split_once('/') {
                match key.strip_suffix('?') {
                    Some(key) => weak.push((key.to_owned(), feature.to_owned())),
                    None => {
                        features.optional.insert(key.to_owned());
                        let of = features.of_dependencies.entry(key.to_owned()).or_default();
                        of.insert(feature.to_owned());
                        // `key/feature` turns the implied feature `key` on too, where there is one.
                        if package.features.contains_key(key) {
                            todo.push(key.to_owned());
                        }
                    }
                }
            } else if let Some(turns_on) = package.features.get(&one)
                && features.on.insert(one)
            {
                todo.extend(turns_on.iter().cloned());
            }
        }
        for (key, feature) in weak {
            if features.optional.contains(&key) {
                features.of_dependencies.entry(key).or_default().insert(feature);
            }
        }
        Ok(features)
    }

    /// Whether a dependency is there.
    pub fn has(&self, dependency: &Dependency) -> bool {
        !dependency.optional || self.optional.contains(&dependency.key)
    }
}

//! The name of a node: that of its principal item, so that an edit elsewhere does not change it.

use crate::digest;
use crate::item::{ItemId, Source};
use crate::model::ItemKind;
use std::collections::BTreeMap;

/// Gives each group of items a name that is a cargo package, a crate and a Nix attribute.
pub fn of_groups(
    source: &Source,
    library: &str,
    groups: Vec<Vec<ItemId>>,
) -> Vec<(String, Vec<ItemId>)> {
    let mut wanted: BTreeMap<String, Vec<(Rank, Vec<ItemId>)>> = BTreeMap::new();
    for items in groups {
        let Some(principal) = items.iter().map(|item| rank(source, *item)).min() else { continue };
        let name = plain(&format!("{library}::{}", principal.1));
        // Folders may not differ by case alone where file systems do not tell it.
        wanted.entry(name.to_lowercase()).or_default().push((principal, items));
    }
    let mut named = vec![];
    for mut same in wanted.into_values() {
        same.sort();
        for (at, ((kind, path), items)) in same.into_iter().enumerate() {
            let mut name = plain(&format!("{library}::{path}"));
            if at > 0 {
                let key = format!("{kind} {path}");
                name = format!("{name}_{}", &digest::hex(key.as_bytes())[..8]);
            }
            named.push((name, items));
        }
    }
    named
}

/// What comes first gives the name: types before functions, then the smallest path.
type Rank = (u8, String);

fn rank(source: &Source, item: ItemId) -> Rank {
    let item = &source.items[item];
    let kind = match item.kind {
        ItemKind::Struct | ItemKind::Enum | ItemKind::Union => 0,
        ItemKind::Trait => 1,
        ItemKind::Type => 2,
        ItemKind::Fn => 3,
        ItemKind::Const | ItemKind::Static => 4,
        ItemKind::Macro => 5,
        ItemKind::Extern => 6,
        ItemKind::MacroCall => 7,
        ItemKind::Impl | ItemKind::TraitImpl | ItemKind::Crate => 8,
    };
    // What has no name sorts behind what has one.
    let kind = if item.name.is_none() { kind + 10 } else { kind };
    (kind, item.path.clone())
}

/// A path in letters, digits and `_`.
fn plain(path: &str) -> String {
    let mut out = String::new();
    for c in path.replace("r#", "").replace("::", "__").chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => out.push(c),
            c if c.is_alphabetic() => out.push_str(&format!("u{:x}", u32::from(c))),
            _ if out.ends_with('_') => {}
            _ => out.push('_'),
        }
    }
    out.trim_end_matches('_').to_owned()
}

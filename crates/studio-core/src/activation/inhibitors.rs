//! Switch inhibitors: what a running NixOS system names as not changeable without a reboot. Read without privilege.

use crate::error::{Error, Result};
use crate::fs;
use crate::store_path::StorePath;
use std::collections::BTreeMap;

/// The names of what the new system changes although the running one cannot take it.
///
/// Both systems list name and value in `switch-inhibitors`; a name that both have with different values is one.
/// A system without the file inhibits nothing.
pub fn inhibitors(running: &StorePath, new: &StorePath) -> Result<Vec<String>> {
    let (running, new) = (read(running)?, read(new)?);
    Ok(running
        .into_iter()
        .filter(|(name, value)| new.get(name).is_some_and(|other| other != value))
        .map(|(name, _)| name)
        .collect())
}

fn read(system: &StorePath) -> Result<BTreeMap<String, serde_json::Value>> {
    let path = system.path().join("switch-inhibitors");
    match fs::read_optional(&path)? {
        None => Ok(BTreeMap::new()),
        // An empty file was written by a NixOS that had none.
        Some(text) if text.trim().is_empty() => Ok(BTreeMap::new()),
        Some(text) => serde_json::from_str(&text)
            .map_err(|cause| Error::new(format!("`{path}` is not a JSON object")).because(cause)),
    }
}

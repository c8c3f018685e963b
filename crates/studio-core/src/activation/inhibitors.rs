//! Switch inhibitors: what a running NixOS system names as not changeable without a reboot. Read without privilege.
//!
//! Not here: what is done about them (`switch`), or what is merely not used before a reboot, such as a kernel.

use crate::error::{Error, Result};
use crate::fs;
use crate::store_path::StorePath;
use std::collections::BTreeMap;

/// The file with the version of the interface between init and systemd, and what its change is called.
const INIT: &str = "init-interface-version";

/// The names of what the new system changes although the running one cannot take it.
///
/// Both systems list name and value in `switch-inhibitors`; a name that both have with different values is one.
/// A system without the file inhibits nothing. Another `init-interface-version` is one as well:
/// `switch-to-configuration` would find it half-way and end with status 100.
pub fn inhibitors(running: &StorePath, new: &StorePath) -> Result<Vec<String>> {
    let (init_runs, init_new) = (init(running)?, init(new)?);
    let (running, new) = (read(running)?, read(new)?);
    let listed = running
        .into_iter()
        .filter(|(name, value)| new.get(name).is_some_and(|other| other != value))
        .map(|(name, _)| name);
    let init = (init_runs != init_new).then(|| INIT.to_owned());
    Ok(listed.chain(init).collect())
}

fn init(system: &StorePath) -> Result<String> {
    let text = fs::read_optional(&system.path().join(INIT))?.unwrap_or_default();
    Ok(text.trim().to_owned())
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

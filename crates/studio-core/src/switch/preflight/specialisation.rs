//! Which system is to run: what was built, or a specialisation of it.
//!
//! Not here: what starts at boot, which is always the system itself; its boot menu has the specialisations.

use crate::error::{Error, Result};
use crate::names::{ConfigName, nearest};
use crate::store_path::StorePath;
use crate::target::Target;
use crate::ui;

/// The specialisation `name` of what was built, or what was built if none is wanted.
pub fn what_runs(
    target: &Target,
    built: &StorePath,
    name: Option<&ConfigName>,
) -> Result<StorePath> {
    let Some(name) = name else { return Ok(built.clone()) };
    let folder = built.path().join("specialisation");
    let link = folder.join(name.as_str());
    if let Ok(real) = link.canonicalize_utf8() {
        return StorePath::new(real).map_err(|bad| {
            Error::new(format!("the specialisation `{name}` of {target} cannot be activated"))
                .because(bad)
        });
    }
    let mut there: Vec<String> = match folder.read_dir_utf8() {
        Ok(entries) => entries.flatten().map(|entry| entry.file_name().to_owned()).collect(),
        Err(_) => vec![],
    };
    there.sort();
    let error = Error::new(format!("{target} has no specialisation `{name}`"));
    if there.is_empty() {
        return Err(error.because("it has none at all").hint("leave `--specialisation` out"));
    }
    let error = error.because(format!("it has {}", ui::names(&there, 20)));
    Err(match nearest(name.as_str(), there.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `--specialisation {near}`?")),
        None => error.hint(format!("choose one: `--specialisation {}`", there[0])),
    })
}

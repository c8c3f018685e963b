//! Links that keep the old and the new one from Nix's garbage collector for as long as an attempt is open.
//!
//! Nix registers them itself (`nix-store --add-root`), wherever its state lies, and refuses what is not valid in its
//! database: so this is also the proof that the new one is whole. Not here: roots of builds and generations.

use crate::attempt::Attempt;
use crate::trust;
use camino::Utf8PathBuf;
use std::time::Duration;
use studio_core::process::Failure;
use studio_core::store_path::StorePath;
use studio_core::transaction::{Id, Records};
use studio_core::{Error, Result, fs};

/// Links what runs, what starts at boot and what is to run. Only the last one must be there.
pub fn keep(attempt: &Attempt<'_>) -> Result<()> {
    let record = &attempt.record;
    let mut old: Vec<&StorePath> =
        [&record.old, &record.old_default].into_iter().flatten().collect();
    old.retain(|path| **path != record.new && path.path().exists());
    old.dedup();
    let Err(why) = attempt.realise(&record.new, &old)? else { return Ok(()) };
    // An old one that is not in this store is no reason to stay with it.
    if !old.is_empty() && attempt.realise(&record.new, &[])?.is_ok() {
        attempt.ui.warn("what runs now is not in this store, so it is not kept from collection");
        return Ok(());
    }
    Err(Error::new(format!("`{}` is not valid in the store", record.new))
        .because(why.output())
        .because("it may have been garbage-collected since it was built, or was never whole")
        .hint("build it again: run the same command once more"))
}

/// Removes the links; nix forgets them by itself.
pub fn release(attempt: &Attempt<'_>) {
    let link = link(attempt);
    for suffix in ["", "-2", "-3"] {
        // What stays behind keeps a system, and no more.
        let _ = fs::remove_file(&Utf8PathBuf::from(format!("{link}{suffix}")));
    }
}

/// How old a file must be that was never finished, so that it is nobody's who is writing it now.
const STALE: Duration = Duration::from_secs(60 * 60);

/// Removes the links of attempts that have ended: an engine may be killed between its last word and the removal. Records
/// that were never finished go with them.
pub fn sweep(records: &Records) -> Result<()> {
    let open: Vec<Id> = records
        .all()?
        .into_iter()
        .filter(|record| !record.phase.ended())
        .map(|record| record.call.id)
        .collect();
    let Ok(entries) = records.folder().read_dir_utf8() else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_name().starts_with(".tmp-") {
            let age = entry.metadata().and_then(|meta| meta.modified()).map(|made| made.elapsed());
            if matches!(age, Ok(Ok(age)) if age > STALE) {
                let _ = fs::remove_file(entry.path());
            }
            continue;
        }
        let Some((id, rest)) = entry.file_name().split_once('.') else { continue };
        if rest.starts_with("root") && !open.iter().any(|open| open.as_str() == id) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

fn link(attempt: &Attempt<'_>) -> Utf8PathBuf {
    attempt.records.folder().join(format!("{}.root", attempt.record.call.id))
}

impl Attempt<'_> {
    fn realise(&self, new: &StorePath, old: &[&StorePath]) -> Result<Result<(), Failure>> {
        let program = self.record.call.nix_env.with_file_name("nix-store");
        trust::program(&program)?;
        let mut child = self.child(&program);
        if let Some(store) = &self.record.call.store {
            child = child.args(["--store", store]);
        }
        // What is not there is not fetched now.
        child = child.args(["--option", "substitute", "false", "--realise", new.path().as_str()]);
        child = child.args(old.iter().map(|path| path.path()));
        child = child.args(["--add-root", link(self).as_str()]);
        Ok(child.run().map(|_| ()))
    }
}

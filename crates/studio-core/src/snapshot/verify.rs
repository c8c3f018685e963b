//! Whether a snapshot is what its name says: by a look where nobody touched it, by reading all of it otherwise.

use super::Snapshot;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs;
use crate::git::{Found, Repo, Seal, looks_sealed};
use crate::pool::{self, Pool};
use crate::ui;

/// How much is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Verification {
    /// What the file system says of each file, and everything is read if that is not as it was.
    #[default]
    Quick,
    /// Everything is read and hashed.
    Full,
}

impl Snapshot {
    /// Makes sure that every file is what the commit says, and that nothing was added.
    pub fn verify(&self, cx: &Context, how: Verification) -> Result<()> {
        if how == Verification::Quick && self.looks_untouched()? {
            cx.ui.detail(format!(
                "the snapshot {} looks as it did when it was sealed",
                self.id.short()
            ));
            return Ok(());
        }
        let repo = Repo::open(&self.path)?;
        // Before anything is read: what is written after that is seen the next time.
        let seal = repo.seal_now(&self.id, "")?;
        let found = repo.differences(&self.id)?;
        if found.differences.is_empty() {
            if let Some(seal) = seal {
                let _ = fs::write_cache(&self.home.seal(&self.id), &seal.to_bytes());
            }
            return Ok(());
        }
        self.disown(cx, &found);
        Err(self.refusal(&found))
    }

    fn looks_untouched(&self) -> Result<bool> {
        let Ok(bytes) = fs::read(&self.home.seal(&self.id)) else { return Ok(false) };
        let Some(seal) = Seal::parse(&bytes) else { return Ok(false) };
        let look = || looks_sealed(&self.path, &seal, &pool::ledger(&self.home));
        // Somebody may be linking just now, and has not written down yet what that changed.
        Ok(look()?
            || (crate::fs::Lock::is_held(&self.home.lock("pool")) && self.look_when_free(&seal)?))
    }

    fn look_when_free(&self, seal: &Seal) -> Result<bool> {
        let _pool = crate::fs::Lock::wait_silently(&self.home.lock("pool"), "verification")?;
        looks_sealed(&self.path, seal, &pool::ledger(&self.home))
    }

    /// Files of the pool that turned out to be damaged are not given to anybody any more.
    fn disown(&self, cx: &Context, found: &Found) {
        if found.damaged.is_empty() {
            return;
        }
        let disowned = Pool::take(cx, &self.home).and_then(|pool| {
            found.damaged.iter().try_for_each(|(key, ino)| pool.disown(key, *ino))
        });
        if let Err(error) = disowned {
            cx.ui.warn(format!("the pool still has damaged files: {}", error.message()));
        }
    }

    fn refusal(&self, found: &Found) -> Error {
        let shown: Vec<String> =
            found.differences.iter().take(10).map(ToString::to_string).collect();
        let more = found.differences.len().saturating_sub(shown.len());
        let mut text = shown.join("\n");
        if more > 0 {
            text.push_str(&format!("\nand {more} more"));
        }
        Error::new(format!(
            "the snapshot {} is not what its name says: {}",
            self.id.short(),
            ui::count(found.differences.len(), "difference")
        ))
        .because(text)
        .hint(format!("make it again from git: `studio --repair {}`", self.id.short()))
    }
}

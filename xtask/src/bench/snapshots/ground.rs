//! Where is measured: a home with a studio whose mirror is warm, and a plain clone beside it, both
//! of one repository.

use crate::bench::repositories::Recipe;
use crate::bench::times::shell;
use crate::error::Result;
use crate::example::{self, Place};
use crate::run;
use camino::Utf8Path;

/// In `~`: `plain`, a clone; `studio`, the path of a studio; `tip` and `ten`, the commit that both
/// have checked out and the one that is ten before it. `$UPSTREAM` is a URL, so that git speaks to
/// it as to a server and links nothing.
const PREPARE: &str = "\
git clone --quiet \"$UPSTREAM\" ~/plain
git -C ~/plain rev-parse HEAD > ~/tip
git -C ~/plain rev-parse HEAD~10 > ~/ten
studio --upstream \"$UPSTREAM\" --yes --no-editor > ~/studio";

/// The same for jj, in `~/jj`.
const PREPARE_JJ: &str = "jj git clone --quiet \"$UPSTREAM\" ~/jj";

/// A home, and the repository that all in it comes from.
pub struct Ground {
    /// Where commands run.
    pub place: Place,
    /// What the repository has.
    pub recipe: Recipe,
    /// What `studio --help` says.
    help: String,
}

impl Ground {
    /// Makes it anew in `folder`; the repository may be there already.
    pub fn new(
        folder: &Utf8Path,
        programs: &Utf8Path,
        jj: Option<&Utf8Path>,
        recipe: Recipe,
    ) -> Result<Ground> {
        let upstream = recipe.repository(&folder.join("repositories"))?;
        eprintln!("preparing a studio and a clone of it ({})", recipe.name());
        let mut place = Place::without_nix(&folder.join(recipe.name()), programs)?;
        place.set("UPSTREAM", &format!("file://{upstream}"));
        place.set("STUDIO_HOME", place.home().join("studios").as_str());
        shell(&place, PREPARE)?;
        if let Some(jj) = jj {
            place.before_path(jj);
            place.set("JJ_USER", "Ada");
            place.set("JJ_EMAIL", "ada@example.org");
            shell(&place, PREPARE_JJ)?;
        }
        let help = run::read(&place.command("studio", &["--help"]), "studio --help")?;
        Ok(Ground { place, recipe, help })
    }

    /// Whether the programs are new enough to have a flag.
    pub fn studio_knows(&self, flag: &str) -> bool {
        self.help.split(|c: char| c.is_whitespace() || "=[,".contains(c)).any(|word| word == flag)
    }

    /// Removes the home; the repository stays for the next run.
    pub fn clear(self) -> Result<()> {
        example::clear(&self.place.dir)
    }
}

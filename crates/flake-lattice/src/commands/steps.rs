//! `flake-lattice steps`: which steps there are, and what is known of each.

use crate::step::Step;
use camino::Utf8PathBuf;
use serde::Serialize;
use std::fmt::Write;
use studio_core::cli::{Context, Done};
use studio_core::error::{OrSay, Result};
use studio_core::names::CommitId;
use studio_core::snapshot::Snapshot;
use studio_core::{studio, verdict};

/// List the steps of all components
///
/// A step for each studio that is on a branch `feature/COMPONENT/ARCH/PHASE/STEP`: its commit, the verdicts of that
/// commit's snapshot (`check passed`), and the path of the snapshot.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

/// One step in the list.
#[derive(Debug, Serialize)]
struct Listed {
    step: String,
    branch: String,
    studio: String,
    commit: Option<String>,
    /// The snapshot of that commit, if there is one.
    snapshot: Option<Utf8PathBuf>,
    verdicts: Vec<String>,
}

impl Args {
    /// Looks and lists.
    pub fn run(self, cx: &Context) -> Result<Done> {
        let home = cx.home()?;
        let mut steps: Vec<(Step, Listed)> = Vec::new();
        for studio in studio::list(&home)? {
            let Some(branch) = studio.branch else { continue };
            let Some(step) = Step::of_branch(&branch) else { continue };
            let id = studio.commit.as_deref().and_then(|commit| CommitId::new(commit).ok());
            let snapshot = id.as_ref().and_then(|id| Snapshot::open(&home, id).ok());
            let verdicts = snapshot.iter().flat_map(|snapshot| verdict::all(&home, snapshot.id()));
            let tried: Vec<_> = verdicts.map(|verdict| (verdict.kind, verdict.outcome)).collect();
            let listed = Listed {
                step: step.to_string(),
                branch,
                studio: studio.name,
                commit: studio.commit,
                verdicts: verdict::words(&tried),
                snapshot: snapshot.map(|snapshot| snapshot.path().to_owned()),
            };
            steps.push((step, listed));
        }
        steps.sort_by(|a, b| a.0.cmp(&b.0));
        let steps: Vec<Listed> = steps.into_iter().map(|(_, listed)| listed).collect();
        if self.json {
            let json = serde_json::to_string_pretty(&steps);
            return Ok(Done::with(json.or_say(|| "the list is no JSON".to_owned())?));
        }
        if steps.is_empty() {
            cx.ui.step("there is no step yet");
        }
        let width =
            steps.iter().map(|listed| listed.step.chars().count()).max().unwrap_or_default();
        let mut text = String::new();
        for listed in &steps {
            let commit = listed.commit.as_deref().map_or("?", |commit| &commit[..12]);
            let snapshot = listed.snapshot.as_deref().map_or("no snapshot", |path| path.as_str());
            let verdicts = match listed.verdicts.as_slice() {
                [] => String::new(),
                some => format!("  ({})", some.join(", ")),
            };
            let _ = writeln!(text, "{:width$}  {commit}  {snapshot}{verdicts}", listed.step);
        }
        Ok(Done::with(text))
    }
}

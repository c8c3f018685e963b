//! `flake-lattice step`: a step of a component, generated in a studio of its own and kept as a snapshot.

use crate::step::Step;
use studio_core::cli::{Context, Done};
use studio_core::config::Settings;
use studio_core::error::{Error, Result};
use studio_core::fs::Lock;
use studio_core::git::Repo;
use studio_core::home::Home;
use studio_core::names::CommitId;
use studio_core::process::Program;
use studio_core::snapshot::{self, Snapshot};
use studio_core::studio::{self, Studio, Taken, Upstream};

/// Generate one step of a component in a studio of its own
///
/// A step is the branch `feature/COMPONENT/ARCH/PHASE/STEP`, in a studio that is made for it. The command after `--` runs
/// there, with LATTICE_COMPONENT, LATTICE_ARCH, LATTICE_PHASE and LATTICE_STEP set; what it leaves is committed on the
/// branch, and becomes an immutable snapshot whose path is printed. Nothing is pushed, and the repository in which you
/// stand stays as it is. A step that is made again goes on in its studio; if nothing changes, its snapshot is the same.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The step: COMPONENT/ARCH/PHASE/STEP
    #[arg(value_name = "STEP")]
    step: Step,
    /// Build on the snapshot of another step, instead of upstream's main branch
    #[arg(long, value_name = "STEP")]
    on: Option<Step>,
    /// The message of the commit
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// What generates the step, with its arguments
    #[arg(value_name = "COMMAND", last = true, required = true)]
    words: Vec<String>,
}

impl Args {
    /// Makes the studio if there is none yet, generates, and takes the snapshot.
    pub fn run(self, cx: &Context) -> Result<Done> {
        let home = cx.home()?;
        let name = self.step.studio()?;
        // Looked up before anything is made for it.
        let on = self.on.as_ref().map(|on| snapshot_of(&home, on)).transpose()?;
        let _lock = Lock::wait(&home.lock(&format!("step-{name}")), &cx.command, &cx.ui)?;
        if !home.studio(&name).is_dir() {
            let found = Upstream::find(cx, &Settings::load(&cx.env)?)?;
            let (upstream, _) = found.ok_or_else(|| {
                Error::new("it is not known of which repository the step is to be")
                    .hint("go to it, or say it once for all: `studio` asks where your flake is")
            })?;
            studio::create(cx, &home, &name, &upstream)?;
            cx.ui.step(format!("made the studio `{name}` of `{upstream}`"));
        }
        let studio = Studio::named(&home, &name)?;
        let taken = studio.take(cx)?;
        self.stand_on_the_branch(cx, &studio, &taken, on.as_ref())?;
        drop(taken);
        self.generate(cx, &studio)?;
        let message = self.message.clone().unwrap_or_else(|| format!("lattice: {}", self.step));
        let options =
            snapshot::Options { message: Some(message), stay_local: true, ..Default::default() };
        let made = snapshot::take(cx, &studio, &options)?;
        if !made.committed {
            cx.ui.step(format!(
                "nothing changed; this is the snapshot {}",
                made.snapshot.id().short()
            ));
        }
        Ok(Done::with(made.snapshot.path()))
    }

    /// Sees to it that what is generated goes to the step's branch and nowhere else.
    fn stand_on_the_branch(
        &self,
        cx: &Context,
        studio: &Studio,
        taken: &Taken,
        on: Option<&CommitId>,
    ) -> Result<()> {
        let branch = self.step.branch();
        let head = studio.repo.head()?;
        if studio.repo.ref_commit(&format!("refs/heads/{branch}"))?.is_none() {
            if let Some(on) = on {
                studio::hydrate(cx, studio, taken, on.as_str())?;
            }
            return studio::cut_branch(cx, studio, taken, &branch);
        }
        if head.branch.as_ref() != Some(&branch) {
            return Err(Error::new(format!("the studio `{}` is not on `{branch}`", studio.name))
                .because(format!("it is on {head}"))
                .hint(format!("bring it back: `git -C {} switch {branch}`", studio.repo.top())));
        }
        let Some(on) = on else { return Ok(()) };
        let missing = studio.repo.reached_by_none(std::slice::from_ref(on), &[head.commit])?;
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!(
            "the step `{}` is there and does not build on {}",
            self.step,
            on.short()
        ))
        .hint(format!("make it anew: `studio --remove {}`; its snapshots stay", studio.name))
        .hint("or leave `--on` away, to go on with what it builds on"))
    }

    /// Runs the generator in the studio, by the programs that the studio was made with.
    fn generate(&self, cx: &Context, studio: &Studio) -> Result<()> {
        let Some((program, arguments)) = self.words.split_first() else { return Ok(()) };
        let path = match cx.env.get("PATH") {
            Some(path) => format!("{}:{path}", studio.toolkit()?),
            None => studio.toolkit()?.into_string(),
        };
        let mut program =
            Program::new(program, studio.repo.top()).args(arguments).env("PATH", path);
        for (name, value) in self.step.variables() {
            program = program.env(name, value);
        }
        let how = match program.follow(&cx.ui)? {
            Some(0) => return Ok(()),
            Some(code) => format!("failed with exit status {code}"),
            None => "was killed".to_owned(),
        };
        Err(Error::new(format!("`{}` {how}, so the step has no new snapshot", program.line()))
            .hint(format!("what it left is in `{}`", studio.repo.top())))
    }
}

/// The snapshot of a step: that of the commit its studio is at.
fn snapshot_of(home: &Home, step: &Step) -> Result<CommitId> {
    let there = Repo::open(&home.studio(&step.studio()?)).ok();
    let commit =
        there.and_then(|repo| repo.ref_commit(&format!("refs/heads/{}", step.branch())).ok()?);
    let Some(commit) = commit else {
        return Err(Error::new(format!("there is no step `{step}`"))
            .hint("list them: `flake-lattice steps`"));
    };
    match Snapshot::open(home, &commit) {
        Ok(_) => Ok(commit),
        Err(_) => Err(Error::new(format!("the step `{step}` has no snapshot of what it is now"))
            .hint(format!("make it first: `flake-lattice step {step} -- COMMAND`"))),
    }
}

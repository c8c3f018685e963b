//! Committing uncommitted work: objects first, branches last, so that a failure anywhere leaves everything as it was.
//!
//! [`prepare`] reads the work tree and writes objects that nothing names yet; [`record`] makes them count by moving the
//! branch, HEAD and the operation log together and putting the index that fits in place. Both are used by every command
//! that must not lose work. Not here: making a snapshot's folder ([`crate::snapshot`]), or pushing.

use super::inputs::{self, Piece};
use super::{Studio, Taken};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::git::{self, Changes, Head, Move, Repo, Stale, Target, Tree};
use crate::guard;
use crate::names::{CommitId, StudioName};
use crate::oplog::{BranchMove, Draft, Kind, Log, Sort, State};
use crate::secrets;
use crate::{fs, lockfile, ui};

/// What may go into a commit although it looks as if it should not.
#[derive(Clone, Debug, Default)]
pub struct Guarding {
    /// From the command line, relative to the top of the repository.
    pub allowed: Vec<String>,
}

/// Uncommitted work as objects that nothing names yet.
#[derive(Debug)]
pub struct Prepared {
    /// The commit that holds everything: a new one, or HEAD's if there is nothing new.
    pub commit: CommitId,
    /// Whether `commit` is new.
    pub fresh: bool,
    /// The branch that it goes to, as `scratch/x`.
    pub branch: Option<String>,
    /// In words: `3 files: a, b and c`.
    pub what: String,
    /// Submodules with commits that were made with it, deepest first.
    pub inputs: Vec<Piece>,
    /// What the flake says about secrets in it.
    pub secrets: secrets::Policy,
    before: State,
    tree: Tree,
    staged: Option<(Vec<u8>, Tree)>,
    lock_file: Option<Vec<u8>>,
    stale: Stale,
}

/// With so many files whose stat in the index says nothing, it is worth writing it anew.
const MANY_STALE: usize = 100;

/// Reads everything uncommitted and writes it as objects. Nothing that the user sees changes.
pub fn prepare(
    cx: &Context,
    studio: &Studio,
    message: Option<&str>,
    guarding: &Guarding,
) -> Result<Prepared> {
    let repo = &studio.repo;
    studio.require_settled()?;
    let head = repo.head()?;
    let settings = crate::config::Settings::load(&cx.env)?.with_flake(repo.top())?;
    let allowance = settings.allowance(&guarding.allowed);
    let secrets = secrets::Policy::of(&settings, &guarding.allowed);
    let changes = repo.changes()?;
    let mut problems = guard::problems(repo, "", &changes, &allowance)?;
    let mut found = Vec::new();
    inputs::survey(repo, "", &allowance, &mut problems, &mut found)?;
    guard::refuse(problems)?;
    let mut pieces = Vec::new();
    for (sub, path, sub_changes) in found {
        pieces.push(inputs::piece(cx, studio, sub, path, &sub_changes, &pieces, message)?);
    }
    let head_tree = repo.tree_of(&head.commit)?;
    let plain = repo.write_worktree_tree(&changes, &|_| false)?;
    let tree = repo.tree_with_links(plain, &inputs::links_of(&pieces, ""))?;
    let moved = inputs::moved(repo, head_tree, tree)?;
    let lock_file = lockfile::refresh(cx, repo, tree, &head.commit, &moved)?;
    let staged = match repo.write_staged_tree(&changes)? {
        Some(staged) => Some((repo.index_bytes()?, staged)),
        None => None,
    };
    let before = State {
        head: head.clone(),
        worktree: tree.to_string(),
        staged: staged.as_ref().map(|(_, tree)| tree.to_string()),
    };
    let tree = match &lock_file {
        Some(bytes) => repo.tree_with_file(tree, "flake.lock", bytes)?,
        None => tree,
    };
    let what = describe(&changes, &pieces);
    if tree == head_tree {
        let commit = head.commit;
        return Ok(Prepared {
            commit,
            fresh: false,
            branch: head.branch,
            what,
            inputs: pieces,
            secrets,
            before,
            tree,
            staged,
            lock_file,
            stale: changes.stale().clone(),
        });
    }
    for special in repo.untrackable(&changes)? {
        cx.ui.warn(format!("`{special}` is left out: git cannot hold sockets, FIFOs and devices"));
    }
    let nested = |change: &&git::Change| change.nature == git::Nature::NestedRepository;
    for path in changes.list.iter().filter(nested).map(git::Change::shown) {
        cx.ui.warn(format!(
            "`{path}` is taken as a link to its commit; its files are not in the commit"
        ));
        cx.ui.hint(format!(
            "to have its files too, make it a submodule: `git submodule add URL {path}`"
        ));
    }
    // Not before it is needed: asking for the time zone alone reads some twenty folders.
    let who = repo.identity(cx.env.now());
    if who.stand_in {
        cx.ui
            .warn("git does not know who you are, so the commit is by `studio <studio@localhost>`");
        cx.ui.hint("tell it: `git config --global user.name NAME` and `git config --global user.email ADDRESS`");
    }
    let branch = branch_for_work(repo, &studio.name, &studio.base, &head, cx.env.now())?;
    let default = format!("wip: {what}");
    let commit = repo.write_commit(
        &who,
        message.unwrap_or(&default),
        tree,
        std::slice::from_ref(&head.commit),
    )?;
    Ok(Prepared {
        commit,
        fresh: true,
        branch: Some(branch),
        what,
        inputs: pieces,
        secrets,
        before,
        tree,
        staged,
        lock_file,
        stale: changes.stale().clone(),
    })
}

impl Prepared {
    /// The commits whose files go into a snapshot of it.
    pub fn parts<'a>(&'a self, studio: &'a Studio) -> Vec<secrets::Part<'a>> {
        let top = secrets::Part {
            repo: &studio.repo,
            commit: self.commit.clone(),
            before: self.fresh.then(|| self.before.head.commit.clone()),
            prefix: String::new(),
        };
        std::iter::once(top).chain(self.inputs.iter().map(Piece::part)).collect()
    }
}

/// Up to two names, and how many more.
pub(super) fn describe(changes: &Changes, inputs: &[Piece]) -> String {
    let mut names: Vec<String> = changes.list.iter().map(git::Change::shown).collect();
    names.extend(
        inputs.iter().filter(|piece| piece.branch.is_some()).map(|piece| piece.path.clone()),
    );
    match names.as_slice() {
        [] => "no file".to_owned(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

/// The branch that uncommitted work goes to: the one HEAD is on, unless that is upstream's or none.
fn branch_for_work(
    repo: &Repo,
    studio: &StudioName,
    base: &str,
    head: &Head,
    now: i64,
) -> Result<String> {
    match &head.branch {
        Some(branch) if branch != base && branch != "main" && branch != "master" => {
            Ok(branch.clone())
        }
        _ => scratch_name(repo, studio, &head.commit, now),
    }
}

/// A name for a new scratch branch, such as `scratch/20260102-030405-1f0c`.
///
/// The end tells studios and commits apart that cut a branch in the same second and push to one remote.
pub(super) fn scratch_name(
    repo: &Repo,
    studio: &StudioName,
    commit: &CommitId,
    now: i64,
) -> Result<String> {
    let branches = repo.branches()?;
    if branches.iter().any(|branch| branch == "scratch") {
        return Err(Error::new(
            "a branch called `scratch` is in the way: git cannot have `scratch/…` beside it",
        )
        .hint("rename it: `git branch --move scratch old-scratch`"));
    }
    let moment =
        jiff::Timestamp::from_second(now).unwrap_or_default().strftime("%Y%m%d-%H%M%S").to_string();
    for attempt in 0..1000 {
        let end = &git::digest(format!("{studio} {commit} {attempt}").as_bytes())[..4];
        let name = format!("scratch/{moment}-{end}");
        if !branches.contains(&name) {
            return Ok(name);
        }
    }
    Err(Error::new("no free name for a scratch branch was found")
        .hint("wait a second and try again"))
}

/// Makes prepared work count. `kind` and `snapshot` are for the operation log.
pub fn record(
    cx: &Context,
    studio: &Studio,
    taken: &Taken,
    prepared: &Prepared,
    kind: Kind,
    snapshot: Option<&CommitId>,
) -> Result<()> {
    for piece in &prepared.inputs {
        inputs::record_piece(cx, piece)?;
    }
    let repo = &studio.repo;
    // What is staged differs from the files only when somebody staged one thing and wrote another. A snapshot of files
    // that did not change leaves that alone; before something else moves, it is put into the log.
    let only_staged = !prepared.fresh && kind == Kind::Save && prepared.staged.is_some();
    if !prepared.fresh && !only_staged {
        // Or each of the next snapshots would read all of them again, until somebody says `git status`.
        if prepared.stale.len() > MANY_STALE {
            repo.refresh_index(&prepared.stale)?;
        }
        return Ok(());
    }
    let head = &prepared.before.head;
    let after = Head {
        branch: if prepared.fresh { prepared.branch.clone() } else { head.branch.clone() },
        commit: prepared.commit.clone(),
    };
    if let Some(bytes) = &prepared.lock_file {
        fs::write_atomic(&repo.top().join("flake.lock"), bytes)?;
    }
    let index = repo.prepare_index(prepared.tree, &prepared.stale)?;
    repo.index_unchanged(&index)?;
    let mut moves = Vec::new();
    let mut branches = Vec::new();
    if let Some(branch) = prepared.branch.as_deref().filter(|_| prepared.fresh) {
        let name = format!("refs/heads/{branch}");
        let from = repo.ref_commit(&name)?;
        let to = prepared.commit.clone();
        branches.push(BranchMove {
            name: branch.to_owned(),
            from: from.clone(),
            to: Some(to.clone()),
        });
        moves.push(Move { name: name.clone(), from, to: Target::Commit(to) });
        if head.branch.as_deref() != Some(branch) {
            moves.push(Move { name: "HEAD".into(), from: None, to: Target::Ref(name) });
        }
    }
    let summary = match kind {
        Kind::Snapshot => format!("snapshot of {}", prepared.what),
        _ if only_staged => format!("kept what was staged: {}", prepared.what),
        _ => format!("saved {}", prepared.what),
    };
    let draft = Draft {
        kind,
        summary,
        time: cx.env.now(),
        before: prepared.before.clone(),
        after: State { head: after, worktree: prepared.tree.to_string(), staged: None },
        branches,
        snapshot: snapshot.cloned(),
        staged: prepared.staged.clone(),
        sort: Sort::New,
    };
    let who = repo.identity(cx.env.now());
    moves.push(Log::of(repo).write(&who, draft)?);
    taken.undertaking.intend(&index, &prepared.commit, head, (&who, &moves))?;
    repo.move_refs(&who, &format!("studio: {}", kind.word()), &moves)?;
    repo.install_index(&index)?;
    Ok(())
}

/// Cuts a new scratch branch where HEAD is; files and index stay as they are.
pub fn cut_scratch(cx: &Context, studio: &Studio, taken: &Taken) -> Result<String> {
    let head = studio.repo.head()?;
    let branch = scratch_name(&studio.repo, &studio.name, &head.commit, cx.env.now())?;
    cut_branch(cx, studio, taken, &branch)?;
    Ok(branch)
}

/// Cuts the new branch `branch` where HEAD is; files and index stay as they are.
pub fn cut_branch(cx: &Context, studio: &Studio, _taken: &Taken, branch: &str) -> Result<()> {
    let repo = &studio.repo;
    studio.require_settled()?;
    let head = repo.head()?;
    let who = repo.identity(cx.env.now());
    // The files do not move, so what they hold need not be read: HEAD's tree stands for them.
    let worktree = repo.tree_of(&head.commit)?.to_string();
    let name = format!("refs/heads/{branch}");
    let after = Head { branch: Some(branch.to_owned()), commit: head.commit.clone() };
    let draft = Draft {
        kind: Kind::Scratch,
        summary: format!("cut `{branch}` from {head}"),
        time: cx.env.now(),
        before: State { head: head.clone(), worktree: worktree.clone(), staged: None },
        after: State { head: after, worktree, staged: None },
        branches: vec![BranchMove {
            name: branch.to_owned(),
            from: None,
            to: Some(head.commit.clone()),
        }],
        snapshot: None,
        staged: None,
        sort: Sort::New,
    };
    let moves = [
        Log::of(repo).write(&who, draft)?,
        Move { name: name.clone(), from: None, to: Target::Commit(head.commit) },
        Move { name: "HEAD".into(), from: None, to: Target::Ref(name) },
    ];
    repo.move_refs(&who, "studio: scratch", &moves)?;
    Ok(())
}

/// Commits what is uncommitted because something else is about to move; says so, and gives whether there was anything.
pub(super) fn save(cx: &Context, studio: &Studio, taken: &Taken) -> Result<bool> {
    let prepared = prepare(cx, studio, None, &Guarding::default())?;
    for piece in &prepared.inputs {
        super::mirror::pin(
            cx,
            studio,
            &piece.repo,
            &piece.commit,
            &super::mirror::input_ref(&piece.commit),
        )?;
    }
    record(cx, studio, taken, &prepared, Kind::Save, None)?;
    if prepared.fresh {
        let branch = prepared.branch.as_deref().unwrap_or_default();
        cx.ui.step(format!("saved uncommitted work on `{branch}`: {}", prepared.what));
    }
    Ok(prepared.fresh)
}

/// `3 files` of a list that is shown elsewhere.
pub(super) fn files(number: usize) -> String {
    ui::count(number, "file")
}

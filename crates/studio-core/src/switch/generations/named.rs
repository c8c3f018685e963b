//! Which generation a user means: by its number, by the commit that it was built from, or by the snapshot of that.

use super::Inventory;
use super::inventory::is_there;
use super::source::Sources;
use crate::activation::Generation;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::names::CommitId;
use crate::switch::Site;
use crate::ui;
use camino::Utf8PathBuf;

/// The fewest digits that are taken for the beginning of a commit, as git abbreviates one.
const FEWEST: usize = 7;

/// How many generations an error lists.
const MOST: usize = 10;

/// What a text can mean.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    /// A number; with enough digits the beginning of a commit as well, if there is no such generation.
    Number(u64),
    /// A commit, or the beginning of one, in lower case.
    Commit(String),
}

/// The generation that `text` names: a number, a commit (whole, or its first seven digits or more) or a snapshot (its id,
/// or a path to or into its folder). Of several that were built from one commit it is the newest that is still there.
pub(in crate::switch) fn named<'a>(
    cx: &Context,
    site: &Site,
    inventory: &'a Inventory,
    text: &str,
) -> Result<&'a Generation> {
    let commit = match meaning(cx, text)? {
        Meaning::Number(number) => match inventory.number(number) {
            Some(generation) => return Ok(generation),
            None if text.len() >= FEWEST => text.to_owned(),
            None => {
                let error =
                    Error::new(format!("there is no generation {number} of {}", site.target));
                return Err(with_choice(cx, error, inventory));
            }
        },
        Meaning::Commit(commit) => commit,
    };
    let built: Vec<(&Generation, String)> = inventory
        .generations
        .iter()
        .rev()
        .flat_map(|generation| {
            let commits = generation.path.as_ref().map(|path| inventory.commits(path));
            commits.unwrap_or_default().into_iter().map(move |commit| (generation, commit))
        })
        .filter(|(_, other)| other.starts_with(&commit))
        .collect();
    let mut commits: Vec<&str> = built.iter().map(|(_, commit)| commit.as_str()).collect();
    commits.sort_unstable();
    commits.dedup();
    match commits.as_slice() {
        [] => Err(not_built(cx, inventory, &commit)),
        [_] => Ok(newest(&built)),
        // A whole commit is also the beginning of what a system says of itself on a changed tree: `COMMIT-dirty`.
        several if several.contains(&commit.as_str()) => {
            let exact: Vec<_> =
                built.iter().filter(|(_, other)| *other == commit).cloned().collect();
            Ok(newest(&exact))
        }
        several => {
            let lines: Vec<String> = several
                .iter()
                .map(|commit| {
                    let of = built.iter().filter(|(_, other)| other == commit);
                    let numbers: Vec<String> =
                        of.map(|(generation, _)| generation.number.to_string()).collect();
                    let noun = if numbers.len() == 1 { "generation" } else { "generations" };
                    format!("{commit} ({noun} {})", numbers.join(" and "))
                })
                .collect();
            Err(Error::new(format!("`{commit}` is the beginning of several commits"))
                .because(lines.join("\n"))
                .hint("give more digits, or the number of the generation"))
        }
    }
}

/// The newest that is still there; `built` is newest first and not empty.
fn newest<'a>(built: &[(&'a Generation, String)]) -> &'a Generation {
    let there = built.iter().find(|(generation, _)| is_there(generation));
    there.unwrap_or(&built[0]).0
}

fn meaning(cx: &Context, text: &str) -> Result<Meaning> {
    if let Ok(number) = text.parse() {
        return Ok(Meaning::Number(number));
    }
    let lower = text.to_lowercase();
    // A system that was built from a changed tree says so behind its commit, and that is what is listed.
    let digits = lower.strip_suffix("-dirty").unwrap_or(&lower);
    if digits.len() >= FEWEST && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Meaning::Commit(lower));
    }
    // A snapshot's folder is called by its commit; it need not be there any more. git runs aliases at the top of the work
    // tree, so a relative path starts where the user stands.
    let path = cx.env.cwd().join(cx.env.prefix()).join(text);
    let path = path.canonicalize_utf8().unwrap_or(path);
    let id = path.ancestors().find_map(|folder| CommitId::new(folder.file_name()?).ok());
    if let (Some(id), true) = (id, text.contains('/') || text.starts_with('.')) {
        return Ok(Meaning::Commit(id.to_string()));
    }
    Err(Error::new(format!("`{}` names no generation", text.escape_debug()))
        .because(format!(
            "a number is wanted, {FEWEST} digits or more of a commit, or the folder of a snapshot"
        ))
        .hint("list what there is: `git flake-generations`")
        .exit(Exit::Usage))
}

fn not_built(cx: &Context, inventory: &Inventory, commit: &str) -> Error {
    let shown = short(commit);
    let error = Error::new(format!("no generation was built from the commit `{shown}`"));
    let error = with_choice(cx, error, inventory);
    match snapshots(cx, commit).as_slice() {
        [only] => {
            error.hint(format!("switch to that snapshot instead: `cd {only} && git flake-switch`"))
        }
        _ => error,
    }
}

/// An error that says which generations there are, newest first, and what each was built from.
fn with_choice(cx: &Context, error: Error, inventory: &Inventory) -> Error {
    if inventory.generations.is_empty() {
        return error.hint("there is none at all yet: `git flake-switch` makes the first");
    }
    let sources = cx.home().ok().map(Sources::of);
    let line = |generation: &Generation| {
        let commit = generation.path.as_ref().and_then(|path| {
            inventory
                .snapshot(Some(generation.number), path)
                .map(|id| id.to_string())
                .or_else(|| super::revision(path))
        });
        let subject = commit.as_deref().and_then(|commit| {
            let id = CommitId::new(commit).ok()?;
            sources.as_ref()?.subject(&id)
        });
        let what = match (commit, subject) {
            (Some(commit), Some(subject)) => {
                format!("{} ({})", short(&commit), subject.escape_debug())
            }
            (Some(commit), None) => short(&commit),
            (None, _) => "commit not known".to_owned(),
        };
        format!("generation {}: {what}", generation.number)
    };
    let mut lines: Vec<String> = inventory.generations.iter().rev().take(MOST).map(line).collect();
    let more = inventory.generations.len().saturating_sub(MOST);
    if more > 0 {
        lines.push(format!("and {}", ui::count(more, "older one")));
    }
    error.because(lines.join("\n")).hint("list them all: `git flake-generations`")
}

/// The first twelve characters; a system may say anything of itself where its commit should be.
fn short(commit: &str) -> String {
    commit.chars().take(12).collect()
}

/// The folders of snapshots whose commit begins so.
fn snapshots(cx: &Context, commit: &str) -> Vec<Utf8PathBuf> {
    let Ok(home) = cx.home() else { return vec![] };
    let entries = home.snapshots().read_dir_utf8().into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().starts_with(commit))
        .filter(|entry| CommitId::new(entry.file_name()).is_ok())
        .map(camino::Utf8DirEntry::into_path)
        .collect()
}

/// The folder of the snapshot that a generation was built from, if it is there.
pub(in crate::switch) fn snapshot_folder(
    cx: &Context,
    inventory: &Inventory,
    generation: &Generation,
) -> Option<Utf8PathBuf> {
    let path = generation.path.as_ref()?;
    let id = inventory.snapshot(Some(generation.number), path)?;
    Some(cx.home().ok()?.snapshot(&id)).filter(|folder| folder.is_dir())
}

//! Which studios there are, and removing one without losing work.

use super::Studio;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::{self, Lock};
use crate::git::Repo;
use crate::home::Home;
use crate::names::StudioName;
use camino::Utf8PathBuf;
use serde::Serialize;

/// One studio in the list.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub path: Utf8PathBuf,
    /// The branch that is checked out; `None` when detached or not readable.
    pub branch: Option<String>,
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// When that commit was made, in seconds since 1970.
    pub time: Option<i64>,
    /// Its upstream.
    pub upstream: Option<String>,
}

/// All studios, by name. A folder that is no repository is listed without its particulars.
pub fn list(home: &Home) -> Result<Vec<Listed>> {
    let Ok(entries) = home.studios().read_dir_utf8() else { return Ok(vec![]) };
    let mut names: Vec<StudioName> =
        entries.flatten().filter_map(|entry| StudioName::new(entry.file_name()).ok()).collect();
    names.sort();
    Ok(names
        .into_iter()
        .map(|name| {
            let path = home.studio(&name);
            let repo = Repo::open(&path).ok();
            let head = repo.as_ref().and_then(|repo| repo.head().ok());
            Listed {
                branch: head.as_ref().and_then(|head| head.branch.clone()),
                time: head.as_ref().and_then(|head| repo.as_ref()?.commit_time(&head.commit).ok()),
                commit: head.map(|head| head.commit.to_string()),
                upstream: repo.as_ref().and_then(|repo| repo.config("remote.origin.url")),
                name: name.to_string(),
                path,
            }
        })
        .collect())
}

/// Removes a studio; without `force` only if nothing in it would be lost.
pub fn remove(cx: &Context, home: &Home, name: &StudioName, force: bool) -> Result<Utf8PathBuf> {
    let path = home.studio(name);
    if !path.is_dir() {
        return Err(
            Error::new(format!("there is no studio `{name}`")).hint("list them: `studio --list`")
        );
    }
    if cx.env.cwd().starts_with(&path) {
        cx.ui.warn("you stand in the folder that is removed; go to another one");
    }
    // What cleaning lets go because this studio has it must not go with this studio.
    let _lock = Lock::wait(&home.lock("clean"), &cx.command, &cx.ui)?;
    match Studio::named(home, name) {
        Ok(studio) => {
            let _taken = studio.take(cx)?;
            if !force {
                refuse_loss(&studio)?;
            }
            fs::discard(&path)?;
        }
        Err(_) if force => fs::discard(&path)?,
        Err(error) => {
            return Err(
                error.hint(format!("remove it whatever it is: `studio --remove {name} --force`"))
            );
        }
    }
    Ok(path)
}

/// Refuses if the studio has work that is neither in a snapshot nor on origin.
fn refuse_loss(studio: &Studio) -> Result<()> {
    let mut losses = unsaved(&studio.repo, studio, "")?;
    for submodule in studio.repo.submodules()? {
        if let Some(repo) = studio.repo.open_submodule(&submodule.path)? {
            losses.extend(unsaved(&repo, studio, &format!("{}: ", submodule.path))?);
        }
    }
    if losses.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("the studio `{}` has work that is nowhere else", studio.name))
        .because(losses.join("\n"))
        .hint(format!("keep it: `cd {} && git mutable-snapshot`", studio.repo.top()))
        .hint(format!("or lose it: `studio --remove {} --force`", studio.name)))
}

fn unsaved(repo: &Repo, studio: &Studio, prefix: &str) -> Result<Vec<String>> {
    let mut losses = Vec::new();
    if let Some((what, _)) = repo.in_progress() {
        losses.push(format!("{prefix}{what} in progress"));
    }
    let changed = repo.changes().map(|changes| changes.list.len()).unwrap_or_default();
    if changed > 0 {
        losses.push(format!("{prefix}{} not committed", super::work::files(changed)));
    }
    // Everything that the studio's refs reach, less what origin or the mirror keeps.
    let mirror = Repo::open_bare(&studio.mirror)?;
    let kept: Vec<String> = mirror
        .refs_below("refs/")?
        .into_iter()
        .filter(|(_, commit)| repo.has(commit))
        .map(|(_, commit)| format!("^{commit}"))
        .collect();
    let said = repo
        .git([
            "rev-list",
            "--branches",
            "--tags",
            "--stdin",
            "--ignore-missing",
            "HEAD",
            "--not",
            "--remotes=origin",
        ])
        .stdin(kept.join("\n"))
        .run()?;
    let commits = said.text().lines().count();
    if commits > 0 {
        losses.push(format!(
            "{prefix}{} in no snapshot and not pushed",
            crate::ui::count(commits, "commit")
        ));
    }
    if repo.ref_commit("refs/stash")?.is_some() {
        losses.push(format!("{prefix}a stash"));
    }
    Ok(losses)
}

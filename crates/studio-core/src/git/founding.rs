//! A new repository whose objects, branches and tags are those of a bare one on this machine: what `git clone --local`
//! makes of it, without a process that copies refs one by one, and with another origin.
//!
//! Not here: the files of its work tree.

use super::advertised::Found;
use super::{Move, Repo, Target, git};
use crate::error::{Error, OrSay, Result};
use crate::fs;
use crate::names::CommitId;
use crate::process::Failure;
use camino::Utf8Path;
use gix::bstr::BString;
use gix::objs::Kind;
use std::collections::BTreeMap;

/// What a new repository is made of.
#[derive(Clone, Debug)]
pub struct Founding<'a> {
    /// Its folder: empty.
    pub folder: &'a Utf8Path,
    /// The bare repository that it comes from, whose refs are files.
    pub from: &'a Utf8Path,
    /// What its `origin` is.
    pub origin: &'a str,
    /// The branch of `from` that it has, too.
    pub branch: &'a str,
    /// The moment for its logs, in seconds since 1970.
    pub now: i64,
}

/// A new repository could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FoundingFailed {
    /// git said why.
    #[error(transparent)]
    Git(#[from] Failure),
    /// The rest of it.
    #[error(transparent)]
    Other(#[from] Error),
}

impl Repo {
    /// Makes the repository, at a commit that is returned with it; no file is checked out.
    ///
    /// Nobody may compact `from` meanwhile.
    pub fn found(what: &Founding<'_>) -> Result<(Repo, CommitId), FoundingFailed> {
        // By git itself, because its template is the user's.
        git(what.folder, ["init", "--quiet", "--initial-branch", what.branch])
            .env("GIT_DEFAULT_HASH", "sha1")
            .env("GIT_DEFAULT_REF_FORMAT", "files")
            .run()?;
        let repo = Repo::open(what.folder)?;
        borrow_or_link(&what.from.join("objects"), &repo.objects_dir())?;
        let refs = Repo::open_bare(what.from)?.branches_and_tags()?;
        let name = format!("refs/heads/{}", what.branch);
        let Some(base) = refs.get(&BString::from(name.as_str())) else {
            let error = Error::new(format!("`{}` has no branch `{}`", what.from, what.branch));
            return Err(error.into());
        };
        let base = super::commit_id(base.id);
        fs::write_new(&repo.common_dir().join("packed-refs"), &packed(&repo, &refs)?)?;
        let moves = [
            Move { name, from: None, to: Target::Commit(base.clone()) },
            Move {
                name: "refs/remotes/origin/HEAD".to_owned(),
                from: None,
                to: Target::Ref(format!("refs/remotes/origin/{}", what.branch)),
            },
        ];
        let who = repo.identity(what.now);
        repo.move_refs(&who, &format!("clone: from {}", what.origin), &moves)
            .map_err(Error::from)?;
        Ok((repo, base))
    }

    /// The settings by which a clone knows where it comes from.
    pub fn clone_settings(&self, origin: &str, branch: &str) -> Vec<(String, String)> {
        let mut settings = vec![
            ("remote.origin.url".to_owned(), origin.to_owned()),
            ("remote.origin.tagOpt".to_owned(), "--no-tags".to_owned()),
            ("remote.origin.fetch".to_owned(), "+refs/heads/*:refs/remotes/origin/*".to_owned()),
            (format!("branch.{branch}.remote"), "origin".to_owned()),
            (format!("branch.{branch}.merge"), format!("refs/heads/{branch}")),
        ];
        let rebases = self.config("branch.autoSetupRebase");
        if matches!(rebases.as_deref(), Some("always" | "remote")) {
            settings.push((format!("branch.{branch}.rebase"), "true".to_owned()));
        }
        settings
    }
}

/// Gives each file of objects a second name, or borrows all of them where that cannot be (on another device).
fn borrow_or_link(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    // Remains of what was killed, and what speaks of the folder it lies in.
    let skip = |name: &str| {
        name.starts_with("tmp_")
            || name.starts_with(".tmp")
            || name.ends_with(".lock")
            || name.ends_with(".keep")
            || name.starts_with("multi-pack-index")
    };
    let entries = from.read_dir_utf8().map_err(|cause| fs::failed("read", from, cause))?;
    for entry in entries {
        let entry = entry.map_err(|cause| fs::failed("read", from, cause))?;
        let name = entry.file_name();
        let holds_objects =
            name == "pack" || name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if holds_objects && !fs::hard_link_tree(entry.path(), &to.join(name), &skip)? {
            fs::remove_tree(to)?;
            fs::create_dir_all(&to.join("info"))?;
            fs::create_dir_all(&to.join("pack"))?;
            return fs::write_new(&to.join("info/alternates"), format!("{from}\n").as_bytes());
        }
    }
    Ok(())
}

/// The file `packed-refs`: branches as origin's, and tags. Thousands of them are one write.
fn packed(repo: &Repo, refs: &BTreeMap<BString, Found>) -> Result<Vec<u8>> {
    let mut entries = BTreeMap::new();
    for (name, found) in refs {
        match name.strip_prefix(b"refs/heads/") {
            Some(branch) => {
                entries.insert([b"refs/remotes/origin/", branch].concat(), (found.id, None))
            }
            None => entries.insert(name.to_vec(), (found.id, peeled(repo, found)?)),
        };
    }
    let mut file = b"# pack-refs with: peeled fully-peeled sorted \n".to_vec();
    for (name, (id, peeled)) in entries {
        file.extend_from_slice(format!("{id} ").as_bytes());
        file.extend_from_slice(&name);
        file.push(b'\n');
        if let Some(peeled) = peeled {
            file.extend_from_slice(format!("^{peeled}\n").as_bytes());
        }
    }
    Ok(file)
}

/// What an annotated tag leads to in the end; `None` for what is no tag object.
fn peeled(repo: &Repo, found: &Found) -> Result<Option<gix::ObjectId>> {
    if found.peeled.is_some() {
        return Ok(found.peeled);
    }
    let words = || format!("the object {} of a tag is not here", found.id);
    if repo.gix.find_header(found.id).or_say(words)?.kind() != Kind::Tag {
        return Ok(None);
    }
    let object = repo.gix.find_object(found.id).or_say(words)?;
    Ok(Some(object.peel_tags_to_end().or_say(words)?.id))
}

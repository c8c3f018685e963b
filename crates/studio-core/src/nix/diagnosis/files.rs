//! Files and sources that Nix does not find, or may not read.

use super::complaint::Complaint;
use super::{Diagnosis, Source, asked_for, at, shell_word};
use crate::git;
use camino::Utf8Path;

/// A file of the flake that is not in it.
pub fn missing(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let message = complaint.message.lines().next()?;
    let named = message
        .strip_prefix("path ")
        .unwrap_or(message)
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix("' does not exist"))
        .or_else(|| {
            let known = ["opening file '", "getting status of '", "reading file '"];
            let rest = known.iter().find_map(|known| message.strip_prefix(known))?;
            rest.strip_suffix("': No such file or directory")
        })?;
    let source = source?;
    let path = source.path(named)?;
    if path.is_empty() || source.folder().join(&path).exists() {
        return None;
    }
    let asked = asked_for(Some(source), complaint);
    let why = if let Some(rule) = git::ignored_by(source.folder(), &path) {
        format!(
            "it is ignored by {rule}, so no snapshot has it; if it may be in git, in the studio: \
             `git add --force {}`",
            shell_word(&path)
        )
    } else if let Some(near) = source.nearest_path(&path) {
        format!("there is no `{path}`; did you mean `{near}`?")
    } else {
        format!("there is no `{path}` in the flake: write it in the studio and snapshot again")
    };
    Some(Diagnosis::of_flake([Some(why), asked].into_iter().flatten()))
}

/// A file outside of the flake.
pub fn outside(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let rest = complaint.message.strip_prefix("access to absolute path '")?;
    rest.split_once("' is forbidden in pure eval")?;
    let hints = [
        asked_for(source, complaint),
        Some(
            "a flake sees only its own files and inputs: copy what is there into the studio, and name it by \
             a relative path, as in `./hardware.nix`"
                .to_owned(),
        ),
    ];
    Some(Diagnosis::of_flake(hints.into_iter().flatten()))
}

/// A source that may be another one tomorrow.
pub fn unlocked(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let message = complaint.message.lines().next()?;
    let rest = message.strip_prefix("in pure evaluation mode, '")?;
    let (builtin, why) = rest.split_once("' ")?;
    // The words of 2.18, 2.26 and 2.34, and those for files.
    let known = why.starts_with("requires a 'sha256' argument")
        || why.starts_with("requires a locked input")
        || why.starts_with("will not fetch unlocked input")
        || why.starts_with("doesn't fetch unlocked input");
    let lock = match builtin {
        "fetchurl" | "fetchTarball" => "a `sha256`",
        "fetchGit" | "fetchMercurial" => "a `rev`",
        _ => "a `rev` or a `narHash`",
    };
    known.then(|| {
        Diagnosis::of_flake([format!(
            "make it an input of the flake, which is locked by itself, or give `{builtin}` {lock}{}",
            at(source, complaint)
        )])
    })
}

/// A file that the user may not read.
pub fn denied(complaint: &Complaint, _: Option<Source<'_>>) -> Option<Diagnosis> {
    let line = complaint.own_words().find(|line| line.contains(": Permission denied"))?;
    let before = line.split_once(": Permission denied")?.0;
    let path = before.strip_suffix(['\'', '"'])?;
    let path = Utf8Path::new(&path[path.rfind(['\'', '"'])? + 1..]);
    if !path.is_absolute() {
        return None;
    }
    Some(Diagnosis::of_machine(
        "Nix may not read or write a file",
        format!(
            "who may: `ls -ld {} {}`",
            shell_word(path.parent()?.as_str()),
            shell_word(path.as_str())
        ),
    ))
}

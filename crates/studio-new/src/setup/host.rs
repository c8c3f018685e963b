//! Which configuration of the flake is this machine's. It takes evaluating, so Nix is asked where the user says so.

use camino::Utf8Path;
use studio_core::build::usual_names;
use studio_core::cli::Context;
use studio_core::config::{self, Key, Origin, Settings};
use studio_core::error::Result;
use studio_core::git::Repo;
use studio_core::names::nearest;
use studio_core::nix::{Log, Nix, git_file_ref};
use studio_core::target::Kind;
use studio_core::ui;

/// Finds out whether the flake has what the commands will look for; if not, asks what they are to look for, and
/// remembers it.
///
/// It is no failure where that cannot be known: the commands say so when it matters.
pub(super) fn settle(cx: &Context, settings: &Settings, studio: &Utf8Path) -> Result<()> {
    let settings = settings.clone().with_flake(studio)?;
    let Ok(nix) = Nix::find(cx) else { return Ok(()) };
    if settings.get(Key::Host).is_some() {
        return Ok(());
    }
    let kind = settings.parsed::<Kind>(Key::Target)?.unwrap_or(Kind::Nixos);
    let question = format!(
        "ask nix which {}s the flake has? It evaluates the flake, and may fetch its inputs",
        kind.noun()
    );
    if cx.ui.confirm(&question, true) != Some(true) {
        return Ok(());
    }
    // Where somebody said what is switched, nothing else is looked for.
    let open = settings.get(Key::Target).is_none_or(|value| value.origin == Origin::Default);
    let others = Kind::ALL.into_iter().filter(|other| open && *other != kind);
    for one in std::iter::once(kind).chain(others) {
        let names = match names(cx, &nix, studio, one) {
            Ok(names) => names,
            Err(error) => {
                cx.ui.warn(format!("the flake could not be evaluated: {}", error.message()));
                cx.ui.hint(format!("in the studio, this says why: `nix flake show {studio}`"));
                return Ok(());
            }
        };
        if !names.is_empty() {
            return choose(cx, one, one != kind, &names);
        }
    }
    cx.ui.warn(format!("the flake has no {} yet", kind.noun()));
    Ok(())
}

/// The names of one kind in the flake.
fn names(cx: &Context, nix: &Nix, studio: &Utf8Path, kind: Kind) -> Result<Vec<String>> {
    let repo = Repo::open(studio)?;
    let query = match studio.join(".gitmodules").exists() {
        true => "submodules=1".to_owned(),
        false => format!("ref=HEAD&rev={}", repo.head()?.commit),
    };
    let mut log = Log::create(cx, "setup-names.log")?;
    let flake = git_file_ref(studio, &query);
    Ok(nix.attr_names(cx, &flake, &kind.set(nix.system()), &mut log)?)
}

fn choose(cx: &Context, kind: Kind, other: bool, names: &[String]) -> Result<()> {
    let usual = usual_names(cx, kind)?;
    let found = usual.iter().find(|name| names.contains(name));
    let host = match (found, names) {
        (Some(host), _) => {
            cx.ui.step(format!(
                "the {} `{host}` of the flake is taken for this machine's",
                kind.noun()
            ));
            None
        }
        (None, names) => {
            cx.ui.step(format!("the flake has {}", ui::names(names, 20)));
            ask(cx, kind, &usual, names)
        }
    };
    let mut values = vec![];
    if other {
        values.push((Key::Target, kind.word()));
    }
    if let Some(host) = &host {
        values.push((Key::Host, host.as_str()));
    }
    if values.is_empty() {
        return Ok(());
    }
    let file = cx.env.user_settings();
    config::remember(&file, &values)?;
    cx.ui.step(format!("remembered that in `{file}`"));
    Ok(())
}

fn ask(cx: &Context, kind: Kind, usual: &[String], names: &[String]) -> Option<String> {
    let near = usual.iter().find_map(|one| nearest(one, names.iter().map(String::as_str)));
    let default = near.or(names.first().map(String::as_str)).unwrap_or_default();
    loop {
        let question = format!("which {} is this machine's?", kind.noun());
        let answer = cx.ui.ask(&question, default)?;
        match names.contains(&answer) {
            true => return Some(answer),
            false => cx.ui.step(format!("please answer one of {}", ui::names(names, 20))),
        }
    }
}

//! Where the user's flake is: from the settings, or from the repository one stands in.

use studio_core::cli::Context;
use studio_core::config::{self, Key, Origin, Settings};
use studio_core::error::{Error, Result};
use studio_core::git::Repo;
use studio_core::studio::{Place, Upstream};

/// The upstream, and where it was found.
pub(crate) fn find(cx: &Context, settings: &Settings) -> Result<(Upstream, Origin)> {
    if let Some(value) = settings.get(Key::Upstream) {
        return Ok((Upstream::new(&value.text, cx.env.cwd())?, value.origin));
    }
    // In a studio or a snapshot it is theirs; in any other repository it is that repository.
    let place = Place::here(cx).ok().and_then(|place| match place {
        Place::Studio(studio) => studio.repo.config("remote.origin.url"),
        Place::Snapshot(snapshot) => Repo::open(snapshot.path()).ok()?.config("remote.origin.url"),
    });
    if let Some(url) = place {
        return Ok((Upstream::new(&url, cx.env.cwd())?, Origin::Found("the place you stand in")));
    }
    match Repo::here(cx) {
        Ok(repo) => {
            let upstream = Upstream::new(repo.top().as_str(), cx.env.cwd())?;
            Ok((upstream, Origin::Found("the repository you stand in")))
        }
        Err(_) => Err(Error::new("it is not known where your flake is")
            .hint("say it: `studio --upstream URL`, where URL is what `git clone` takes, or a path")
            .hint(format!(
                "or once for all: `upstream = \"URL\"` in `{}`",
                cx.env.user_settings()
            ))),
    }
}

/// Offers to remember an upstream that came from the command line or was found; never overwrites one.
pub(crate) fn offer_to_remember(
    cx: &Context,
    upstream: &Upstream,
    origin: &Origin,
    yes: bool,
) -> Result<()> {
    if !matches!(origin, Origin::Flag(_) | Origin::Found(_)) {
        return Ok(());
    }
    let known = Settings::load(&cx.env)?.get(Key::Upstream);
    if known.is_some() {
        return Ok(());
    }
    let file = cx.env.user_settings();
    let question = format!("remember `{upstream}` as your upstream in `{file}`?");
    let answer = if yes { Some(true) } else { cx.ui.confirm(&question, true) };
    match answer {
        Some(true) => {
            config::remember(&file, Key::Upstream, upstream.as_str())?;
            cx.ui.step(format!("remembered in `{file}`"));
        }
        Some(false) => {}
        None => cx.ui.hint(format!(
            "remember it with `--yes`, or write `upstream = \"{upstream}\"` to `{file}`"
        )),
    }
    Ok(())
}

//! Offering to remember where the user's flake is.

use studio_core::cli::Context;
use studio_core::config::{self, Key, Origin, Settings};
use studio_core::error::Result;
use studio_core::studio::Upstream;

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
            config::remember(&file, &[(Key::Upstream, upstream.as_str())])?;
            cx.ui.step(format!("remembered in `{file}`"));
        }
        Some(false) => {}
        None => cx.ui.hint(format!(
            "remember it with `--yes`, or write `upstream = \"{upstream}\"` to `{file}`"
        )),
    }
    Ok(())
}

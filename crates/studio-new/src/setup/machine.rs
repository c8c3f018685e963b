//! What of the machine stands in the way of a first studio, and what is offered for it.
//!
//! Without git, or with settings that cannot be read, there is no studio. Without Nix there is one, which is good for
//! editing alone.

use super::nobody;
use camino::{Utf8Path, Utf8PathBuf};
use studio_core::cli::Context;
use studio_core::config::Environment;
use studio_core::doctor::{self, Finding, State};
use studio_core::error::{Error, Result};
use studio_core::fs;
use studio_core::git::outside;

/// What of the doctor's checks matters for a first studio.
const CHECKS: [&str; 7] = ["home", "settings", "git", "identity", "nix", "flakes", "store"];

/// Without these there is no studio.
const NEEDED: [&str; 4] = ["home", "settings", "git", "identity"];

/// What is missing, and what of it is going to be mended.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Git does not know the user's name.
    identity: Mending<(String, String)>,
    /// Flakes are off; the file in which they are turned on.
    flakes: Mending<Utf8PathBuf>,
}

/// What becomes of something that is missing.
#[derive(Debug, Default)]
enum Mending<T> {
    /// It is not missing.
    #[default]
    NotMissing,
    /// It is missing and stays so, or it is not asked yet.
    Missing,
    /// It is going to be mended so.
    By(T),
}

/// Looks at the machine, and says what cannot be mended here.
///
/// # Errors
/// If no studio could be made.
pub(super) fn look(cx: &Context, root: &Utf8Path) -> Result<Missing> {
    let mut missing = Missing::default();
    for finding in doctor::examine_some(cx, root, &[], &CHECKS) {
        match (finding.check, finding.state) {
            (check, State::Broken) if NEEDED.contains(&check) => return Err(error(&finding)),
            ("identity", State::Look) => missing.identity = Mending::Missing,
            (_, State::Fine) => {}
            // What follows from another one has nothing to say of its own.
            (_, State::Look) if finding.mend.is_empty() => {}
            ("flakes", State::Look) if conf(&cx.env).is_some() => missing.flakes = Mending::Missing,
            _ => warn(cx, &finding),
        }
    }
    Ok(missing)
}

fn error(finding: &Finding) -> Error {
    let error = finding.why.iter().fold(Error::new(&finding.found), Error::because);
    finding.mend.iter().fold(error, |error, hint| error.hint(hint))
}

fn warn(cx: &Context, finding: &Finding) {
    let mut text = finding.found.clone();
    for why in &finding.why {
        text.push_str(&format!("\n{why}"));
    }
    if finding.check == "nix" {
        text.push_str("\na studio can be made without it; to check, build and switch takes it");
    }
    cx.ui.warn(text);
    for hint in &finding.mend {
        cx.ui.hint(hint);
    }
}

/// The user's own `nix.conf`, if it is ours to add a line to: not where a variable names others, and not where it is a
/// link to what home-manager or NixOS wrote.
fn conf(env: &Environment) -> Option<Utf8PathBuf> {
    if env.get("NIX_USER_CONF_FILES").is_some() {
        return None;
    }
    let file = env.config_home().ok()?.join("nix/nix.conf");
    let is_link = file.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    (!is_link && fs::is_writable(&file)).then_some(file)
}

/// Asks what of it is to be mended.
pub(super) fn ask(cx: &Context, missing: Missing) -> Result<Missing> {
    let mut asked = Missing::default();
    if matches!(missing.identity, Mending::Missing) {
        cx.ui.step("git does not know your name. Without one, commits say `studio`.");
        let name = cx.ui.ask("your name, or nothing", "").ok_or_else(nobody)?;
        let email = match name.is_empty() {
            true => String::new(),
            false => cx.ui.ask("your e-mail address, or nothing", "").ok_or_else(nobody)?,
        };
        asked.identity = match name.is_empty() || email.is_empty() {
            true => Mending::Missing,
            false => Mending::By((name, email)),
        };
    }
    if matches!(missing.flakes, Mending::Missing)
        && let Some(conf) = conf(&cx.env)
    {
        cx.ui.step(
            "flakes are off in Nix. The commands here turn them on for themselves; your own `nix` commands fail.",
        );
        let question = format!("turn them on, in `{conf}`?");
        asked.flakes = match cx.ui.confirm(&question, true).ok_or_else(nobody)? {
            true => Mending::By(conf),
            false => Mending::Missing,
        };
    }
    Ok(asked)
}

impl Missing {
    /// What is going to be done, a line each.
    pub(super) fn plan(&self) -> Vec<String> {
        let mut lines = vec![];
        if let Mending::By((name, email)) = &self.identity {
            lines.push(format!("tell git that you are `{name} <{email}>`, in its global settings"));
        }
        if let Mending::By(conf) = &self.flakes {
            lines.push(format!("turn flakes on, in `{conf}`"));
        }
        lines
    }

    /// Does it.
    pub(super) fn mend(&self, cx: &Context) -> Result<()> {
        if let Mending::By((name, email)) = &self.identity {
            let settings = [("user.name", name.as_str()), ("user.email", email.as_str())];
            outside::configure_user(cx.env.cwd(), &settings)?;
        }
        if let Mending::By(conf) = &self.flakes {
            let mut text = fs::read_optional(conf)?.unwrap_or_default();
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str("extra-experimental-features = nix-command flakes\n");
            fs::write_atomic(conf, text.as_bytes())?;
        }
        Ok(())
    }
}

//! What is said of secrets that were found, and whether that is the end.

use super::{Kind, MARK, Place};
use crate::config::{Allowance, Settings, SettingsFile};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ui;
use std::collections::BTreeSet;

/// How many places are named.
const NAMED: usize = 10;

/// What a flake says about secrets that lie open in it.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    strict: bool,
    allowance: Allowance,
}

impl Policy {
    /// What the `studio.toml` says, and what is allowed on the command line besides.
    pub fn of(settings: &Settings, allowed: &[String]) -> Policy {
        let strict = settings.flake().is_some_and(SettingsFile::is_strict_about_secrets);
        Policy { strict, allowance: settings.allowance(allowed) }
    }

    /// Whether a secret is the end, and no word of warning.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// Warns of these places, or refuses them where the flake is strict; those that are allowed are passed over.
    pub fn judge(&self, cx: &Context, mut places: Vec<Place>) -> Result<()> {
        places.retain(|place| !self.allowance.covers_secret(&place.path));
        places.sort_by(|one, other| {
            (&one.path, one.finding.line).cmp(&(&other.path, other.finding.line))
        });
        if places.is_empty() {
            return Ok(());
        }
        if self.strict {
            return Err(refusal(&places));
        }
        cx.ui.warn(warning(&places));
        hints(&places).into_iter().for_each(|hint| cx.ui.hint(hint));
        Ok(())
    }
}

/// `hosts/demo.nix:12`.
fn shown(place: &Place) -> String {
    // A name may hold what a terminal would obey.
    let path: String = place.path.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    format!("{path}:{}", place.finding.line)
}

const STORE: &str = "everybody on the machine can read the Nix store";

fn warning(places: &[Place]) -> String {
    match places {
        [one] => format!("{} seems to hold {}; {STORE}", shown(one), one.finding.what),
        _ => format!("{} seem to hold secrets; {STORE}\n{}", count(places), list(places)),
    }
}

fn refusal(places: &[Place]) -> Error {
    let error = Error::new(format!(
        "{} {} to hold {}, and `studio.toml` is strict about that; nothing was changed",
        count(places),
        if places.len() == 1 { "seems" } else { "seem" },
        if places.len() == 1 { "a secret" } else { "secrets" },
    ))
    .because(list(places))
    .because(STORE);
    hints(places).into_iter().fold(error, Error::hint)
}

fn count(places: &[Place]) -> String {
    ui::count(places.len(), "place")
}

/// A line each, as far as there is room for it.
fn list(places: &[Place]) -> String {
    let lines = places.iter().map(|place| format!("{}: {}", shown(place), place.finding.what));
    let mut lines: Vec<String> = lines.take(NAMED).collect();
    if places.len() > NAMED {
        lines.push(format!("and {} more", places.len() - NAMED));
    }
    lines.join("\n")
}

fn hints(places: &[Place]) -> Vec<String> {
    let kinds: BTreeSet<Kind> = places.iter().map(|place| place.finding.kind).collect();
    let options: BTreeSet<&str> = kinds
        .iter()
        .flat_map(|kind| match kind {
            Kind::PrivateKey => &[][..],
            Kind::WireGuardKey => &["privateKeyFile", "presharedKeyFile"],
            Kind::Token => &["environmentFile", "tokenFile"],
            Kind::Password => &["passwordFile", "hashedPasswordFile"],
            Kind::Hash => &["hashedPasswordFile"],
        })
        .copied()
        .collect();
    let mut hints = vec![];
    if kinds.contains(&Kind::Hash) {
        hints.push("who reads a hash can try passwords on it for as long as it takes".to_owned());
    }
    let options: Vec<String> = options.iter().map(|name| format!("`{name}`")).collect();
    let file = match options.as_slice() {
        [] => "keep it encrypted".to_owned(),
        names => format!("give a file that is read at run time ({})", names.join(", ")),
    };
    hints.push(format!(
        "{file}: agenix has it at `config.age.secrets.NAME.path`, sops-nix at `config.sops.secrets.NAME.path`"
    ));
    if places.iter().any(|place| place.in_history) {
        let which =
            if places.iter().all(|place| place.in_history) { "it is" } else { "some of it is" };
        hints.push(format!(
            "{which} in git's history, also when it is taken out: revoke it, and make a new one"
        ));
    }
    let mut paths: Vec<&str> = places.iter().map(|place| place.path.as_str()).collect();
    paths.dedup();
    let paths: Vec<String> = paths.iter().take(3).map(|path| format!("{path:?}")).collect();
    hints.push(format!(
        "if it is none: `# {MARK}` in that line, or in `studio.toml`:\n[secrets]\nallow = [{}]",
        paths.join(", ")
    ));
    hints
}

//! Which target is meant: the kind from the settings, the name from them too or from the machine and its user.

use super::unknown_name;
use crate::config::{Key, Settings};
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::names::ConfigName;
use crate::nix::{Log, Nix};
use crate::snapshot::Snapshot;
use crate::target::{Kind, Target};

/// The target that the settings and the machine mean.
///
/// nix is asked only where the machine has several names that could be meant: for homes, and for a host name with dots.
pub fn resolve(
    cx: &Context,
    nix: &Nix,
    snapshot: &Snapshot,
    settings: &Settings,
) -> Result<Target> {
    let kind = settings.parsed::<Kind>(Key::Target)?.unwrap_or(Kind::Nixos);
    if let Some(name) = settings.parsed::<ConfigName>(Key::Host)? {
        return Ok(Target { kind, name });
    }
    let candidates = usual_names(cx, kind)?;
    let name = match candidates.as_slice() {
        [one] => one.clone(),
        several => choose(cx, nix, snapshot, kind, several)?,
    };
    let name = ConfigName::new(&name).map_err(|bad| {
        Error::from(bad).hint(format!("say which {} is meant: `--host NAME`", kind.noun()))
    })?;
    Ok(Target { kind, name })
}

/// The names under which this machine or its user may stand in a flake, the one that is looked for first in front.
pub fn usual_names(cx: &Context, kind: Kind) -> Result<Vec<String>> {
    Ok(match kind {
        Kind::Nixos | Kind::Darwin => hosts(&node_name()),
        Kind::Home => homes(&user(cx)?, &node_name()),
        Kind::Profile => vec!["default".to_owned()],
    })
}

/// The first candidate that the flake has.
fn choose(
    cx: &Context,
    nix: &Nix,
    snapshot: &Snapshot,
    kind: Kind,
    candidates: &[String],
) -> Result<String> {
    let set = kind.set(nix.system());
    let names = names(cx, nix, snapshot, &set)?;
    let found = candidates.iter().find(|name| names.contains(name));
    found.cloned().ok_or_else(|| unknown_name(kind, &candidates[0], &set, &names))
}

/// The names in an attribute set of the snapshot, listed by nix.
fn names(cx: &Context, nix: &Nix, snapshot: &Snapshot, set: &str) -> Result<Vec<String>> {
    remembered_names(snapshot, set, || {
        let mut log = Log::create(cx, &format!("{}-names-{set}.log", snapshot.id().short()))?;
        Ok(nix.attr_names(cx, &snapshot.flake_ref(), set, &mut log)?)
    })
}

/// The names in an attribute set of the snapshot, which are asked for once and then remembered: a snapshot never changes.
pub(crate) fn remembered_names(
    snapshot: &Snapshot,
    set: &str,
    ask: impl FnOnce() -> Result<Vec<String>>,
) -> Result<Vec<String>> {
    let record = snapshot.home().verdicts(snapshot.id()).join(format!("names-{set}.json"));
    let known = crate::fs::read_optional(&record).ok().flatten();
    if let Some(names) = known.and_then(|text| serde_json::from_str(&text).ok()) {
        return Ok(names);
    }
    let names = ask()?;
    crate::fs::write_atomic(&record, serde_json::json!(names).to_string().as_bytes())?;
    Ok(names)
}

/// The names under which a machine may stand in the flake: its own, and that without the domain.
fn hosts(node: &str) -> Vec<String> {
    match node.split_once('.') {
        Some((short, _)) if !short.is_empty() => vec![node.to_owned(), short.to_owned()],
        _ => vec![node.to_owned()],
    }
}

/// The names under which a home may stand in the flake, the one that home-manager prefers first.
fn homes(user: &str, node: &str) -> Vec<String> {
    let mut names: Vec<String> =
        hosts(node).iter().rev().map(|host| format!("{user}@{host}")).collect();
    names.push(user.to_owned());
    names
}

fn node_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn user(cx: &Context) -> Result<String> {
    cx.env.get("USER").or_else(|| cx.env.get("LOGNAME")).map(str::to_owned).ok_or_else(|| {
        Error::new("`USER` is not set, so the home that is meant is not known")
            .hint("say which: `--host NAME`")
            .exit(Exit::Usage)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_looked_for_with_and_without_its_domain() {
        assert_eq!(hosts("box"), ["box"]);
        assert_eq!(hosts("box.example.org"), ["box.example.org", "box"]);
    }

    #[test]
    fn homes_are_looked_for_in_the_order_of_home_manager() {
        assert_eq!(homes("ada", "box"), ["ada@box", "ada"]);
        assert_eq!(homes("ada", "box.org"), ["ada@box", "ada@box.org", "ada"]);
    }
}

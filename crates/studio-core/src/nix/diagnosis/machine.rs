//! What is not the flake's fault: the daemon, the disk, the network; and what concerns a whole flake: its lock, and
//! features of Nix that are off.
//!
//! These are looked for in all that was said, because some of them are said in warnings, or many times over.

use super::Diagnosis;
use super::complaint::{Complaint, between};
use crate::nix::Blame;

/// What is known about all that Nix said.
pub fn diagnose(said: &str) -> Option<Diagnosis> {
    daemon(said)
        .or_else(|| lock(said))
        .or_else(|| disk(said))
        .or_else(|| feature(said))
        .or_else(|| ssh(said))
        .or_else(|| network(said))
}

fn daemon(said: &str) -> Option<Diagnosis> {
    let known = said.contains("cannot connect to socket at")
        || said.contains("cannot open connection to remote store 'daemon'");
    let start = if cfg!(target_os = "macos") {
        "start it: `sudo launchctl kickstart system/org.nixos.nix-daemon`"
    } else {
        "start it: `sudo systemctl start nix-daemon`"
    };
    known.then(|| Diagnosis::of_machine("the daemon of Nix does not answer", start))
}

fn lock(said: &str) -> Option<Diagnosis> {
    let known = said.contains("not allowed due to '--no-update-lock-file'")
        || said.contains("error: cannot update unlocked flake input '")
        // With a capital since 2.26.
        || said.contains("ock file contains unlocked input '");
    known.then(|| Diagnosis {
        blame: Blame::Lock,
        message: Some("`flake.lock` does not fit `flake.nix`".to_owned()),
        hints: vec!["run `nix flake lock` in the studio and snapshot again".to_owned()],
    })
}

fn disk(said: &str) -> Option<Diagnosis> {
    let remedy = "remove what Nix no longer needs: `nix store gc`";
    said.contains("No space left on device")
        .then(|| Diagnosis::of_machine("the disk is full", remedy))
}

fn feature(said: &str) -> Option<Diagnosis> {
    let feature = disabled_feature(said)?;
    Some(Diagnosis::of_flake([format!(
        "the flake needs a feature of Nix that is off; turn it on in your `nix.conf`: \
         `extra-experimental-features = {feature}`"
    )]))
}

/// The name in `experimental Nix feature 'ca-derivations' is disabled`; Lix leaves out the word `Nix`.
pub(in crate::nix) fn disabled_feature(said: &str) -> Option<&str> {
    said.match_indices("feature '").find_map(|(at, start)| {
        let (name, rest) = said[at + start.len()..].split_once('\'')?;
        rest.trim_start().starts_with("is disabled").then_some(name)
    })
}

/// What ssh says by itself when git fetches an input.
fn ssh(said: &str) -> Option<Diagnosis> {
    said.contains(": Permission denied (publickey").then(|| {
        Diagnosis::of_machine(
            "ssh was not let in",
            "the server knows none of your keys: `ssh-add -l` lists those that it was offered",
        )
    })
}

/// What could not be fetched. Who tries again with success says so in warnings only, so those do not count.
fn network(said: &str) -> Option<Diagnosis> {
    Complaint::all(said).iter().find_map(|complaint| {
        let line = complaint.own_words().find(|line| line.contains("unable to download '"))?;
        let address = between(line, "unable to download '", "'")?;
        let cause = line.split_once(address)?.1.to_lowercase();
        if ["http error 403", "http error 429"].iter().any(|limit| cause.contains(limit))
            && address.starts_with("https://api.github.com/")
        {
            return Some(Diagnosis::of_machine(
                "GitHub does not answer strangers that ask so often",
                "give Nix a token of yours, in `nix.conf`: `access-tokens = github.com=TOKEN`",
            ));
        }
        // curl's words, in both forms that it has had.
        let unreachable =
            ["resolve host", "resolving timed out", "connect to server", "timeout was"]
                .iter()
                .any(|known| cause.contains(known));
        unreachable.then(|| {
            let host = address.split('/').nth(2).unwrap_or(address);
            Diagnosis::of_machine(
                "a server cannot be reached",
                format!("is this machine online? `curl -I {}//{host}`", scheme(address)),
            )
        })
    })
}

fn scheme(address: &str) -> &str {
    address.split_once("//").map_or("https:", |(scheme, _)| scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_refusals_are_told_apart() {
        let blame = |said: &str| diagnose(said).map(|known| known.blame);
        assert_eq!(
            blame(
                "error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': No such file"
            ),
            Some(Blame::Machine)
        );
        assert_eq!(
            blame(
                "error: flake 'x' requires lock file changes but they're not allowed due to \
                 '--no-update-lock-file'"
            ),
            Some(Blame::Lock)
        );
        assert_eq!(
            blame("git@example.org: Permission denied (publickey,password).\nfatal: Could not …"),
            Some(Blame::Machine)
        );
        assert_eq!(blame("error: attribute 'feature' missing"), None);
    }

    #[test]
    fn a_feature_that_is_off_is_named() {
        let said = "error: experimental Nix feature 'ca-derivations' is disabled; add …";
        assert_eq!(disabled_feature(said), Some("ca-derivations"));
        assert_eq!(disabled_feature("the feature 'x' is nice"), None);
    }

    #[test]
    fn a_download_that_was_done_at_last_is_no_fault() {
        let cause = "unable to download 'https://x.org/y': Couldn't resolve host name (6)";
        let warned = format!("warning: {cause}; retrying in 264 ms\nerror: attribute 'x' missing");
        assert_eq!(diagnose(&warned), None);
        let known = diagnose(&format!("error: {cause}")).expect("known");
        assert_eq!(known.hints, ["is this machine online? `curl -I https://x.org`"]);
    }
}

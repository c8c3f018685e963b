//! Packages that nixpkgs refuses to evaluate, and where it is told to.
//!
//! nixpkgs names environment variables and files of the user's home as remedies; neither reaches a flake.

use super::complaint::Complaint;
use super::{Diagnosis, Source, asked_for};

/// What nixpkgs says of variables and files does not hold here.
const NOT_SEEN: &str = "a flake does not see `NIXPKGS_ALLOW_…` and `~/.config/nixpkgs`";

/// A package whose licence is not free.
pub fn unfree(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let package = refusal(complaint, "has an unfree license")?;
    let hints = [
        asked_for(source, complaint),
        Some(format!(
            "allow it in a module: `nixpkgs.config.allowUnfreePredicate = pkg: builtins.elem (lib.getName pkg) \
             [ \"{}\" ];`",
            without_version(package)
        )),
        Some(format!(
            "or, where the flake imports nixpkgs itself, the same as `config.allowUnfreePredicate` in `import \
             nixpkgs {{ … }}`; {NOT_SEEN}"
        )),
    ];
    Some(Diagnosis::of_flake(hints.into_iter().flatten()))
}

/// A package with known holes.
pub fn insecure(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let package = refusal(complaint, "is marked as insecure")?;
    let hints = [
        asked_for(source, complaint),
        Some(format!(
            "if you can live with that: `nixpkgs.config.permittedInsecurePackages = [ \"{package}\" ];` in a \
             module; {NOT_SEEN}"
        )),
    ];
    Some(Diagnosis::of_flake(hints.into_iter().flatten()))
}

/// A package that is broken, or not made for this machine.
pub fn refused(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let (package, allow) = refusal(complaint, "is marked as broken")
        .map(|package| (package, "allowBroken"))
        .or_else(|| {
            let package = refusal(complaint, "is not available on the requested hostPlatform")?;
            Some((package, "allowUnsupportedSystem"))
        })?;
    let hints = [
        asked_for(source, complaint),
        Some(format!(
            "leave `{}` out, or try it all the same: `nixpkgs.config.{allow} = true;` in a module; \
             {NOT_SEEN}",
            without_version(package)
        )),
    ];
    Some(Diagnosis::of_flake(hints.into_iter().flatten()))
}

/// The package that nixpkgs refuses for a reason, in its older words and in those since 2026.
fn refusal<'a>(complaint: &'a Complaint, reason: &str) -> Option<&'a str> {
    let line = complaint.message.lines().next()?;
    let (package, rest) = if let Some(rest) = line.strip_prefix("Package ‘") {
        rest.split_once('’')
            .filter(|_| line.contains("refusing to evaluate") || line.ends_with(':'))?
    } else {
        line.strip_prefix("Refusing to evaluate package '")?.split_once('\'')?
    };
    rest.contains(reason).then_some(package)
}

/// `google-chrome` of `google-chrome-102.0`: as `lib.getName`, up to the first dash that no letter follows.
fn without_version(package: &str) -> &str {
    let ends = |at: &usize| !package[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic());
    let mut dashes = package.match_indices('-').map(|(at, _)| at);
    dashes.find(ends).map_or(package, |at| &package[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_where_versions_begin() {
        for (package, name) in [
            ("google-chrome-102.0", "google-chrome"),
            ("python3.12-tensorflow-2.16.1", "python3.12-tensorflow"),
            ("hello", "hello"),
            ("nvidia-x11-550.1-6.6", "nvidia-x11"),
        ] {
            assert_eq!(without_version(package), name);
        }
    }
}

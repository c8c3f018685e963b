//! The difference of two closures for people: a line a package, those that somebody chose first.

use super::packages::{Change, PackageChange, Packages};
use super::{Closure, Version};
use crate::ui;

/// A difference in size below this is not shown: as in `nix store diff-closures`, what every build changes anyway.
const LEAST: u64 = 8 << 10;

impl Packages {
    /// What is worth a look before a switch: the packages whose versions differ, and the size where it changes with them or
    /// by itself.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.package_lines();
        if !lines.is_empty() || self.delta.unsigned_abs() >= LEAST {
            lines.push(self.size_line());
        }
        lines
    }

    /// The same, and the size however little it changes.
    pub fn all_lines(&self) -> Vec<String> {
        let mut lines = self.package_lines();
        lines.push(self.size_line());
        lines
    }

    fn package_lines(&self) -> Vec<String> {
        let (chosen, needed): (Vec<&PackageChange>, Vec<&PackageChange>) =
            self.changed.iter().partition(|change| change.chosen);
        let mut lines = section("packages", &chosen);
        lines.extend(section(
            if chosen.is_empty() { "dependencies" } else { "their dependencies" },
            &needed,
        ));
        lines
    }

    fn size_line(&self) -> String {
        let Packages { old, new, delta, .. } = self;
        let mut line = match delta {
            0 if old.paths == new.paths => format!("closure size: {}", told(*old)),
            0 => format!("closure size: {} → {}", told(*old), told(*new)),
            delta => format!("closure size: {} → {} ({})", told(*old), told(*new), signed(*delta)),
        };
        if self.rebuilt > 0 {
            line.push_str(&format!("; {} built anew", ui::count(self.rebuilt, "package")));
        }
        line
    }
}

/// The changes in columns, ordered by what happened and then by name, below a line that says how many there are.
fn section(title: &str, changes: &[&PackageChange]) -> Vec<String> {
    let order = [Change::Added, Change::Removed, Change::Up, Change::Down, Change::Changed];
    let sorted: Vec<&PackageChange> = order
        .iter()
        .flat_map(|kind| changes.iter().copied().filter(move |change| change.change == *kind))
        .collect();
    if sorted.is_empty() {
        return vec![];
    }
    let counts: Vec<String> = order
        .iter()
        .map(|kind| (sorted.iter().filter(|change| change.change == *kind).count(), word(*kind)))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let width = |text: &dyn Fn(&PackageChange) -> usize| {
        sorted.iter().map(|change| text(change)).max().unwrap_or_default()
    };
    let kinds = width(&|change| word(change.change).len());
    let names = width(&|change| change.name.len());
    let mut lines = vec![format!("{title}: {}", counts.join(", "))];
    lines.extend(sorted.iter().map(|change| {
        let mut line = format!(
            "  {:kinds$}  {:names$}  {}",
            word(change.change),
            change.name,
            versions(change)
        );
        if change.delta.unsigned_abs() >= LEAST {
            line.push_str(&format!("  {}", signed(change.delta)));
        }
        line.trim_end().to_owned()
    }));
    lines
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Up => "up",
        Change::Down => "down",
        Change::Changed => "changed",
    }
}

/// `1.0 → 1.1`; of several versions those that both have are left out where something is left on either side.
fn versions(change: &PackageChange) -> String {
    let (old, new) = (&change.old, &change.new);
    let list = |versions: &[&Version]| {
        versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let all = |versions: &'_ [Version]| list(&versions.iter().collect::<Vec<_>>());
    let (gone, come) = (only(old, new), only(new, old));
    match (old.as_slice(), new.as_slice()) {
        // That it came or went is all there is to say.
        ([], [one]) | ([one], []) if one.as_str().is_empty() => String::new(),
        ([], some) | (some, []) => all(some),
        _ if gone.is_empty() || come.is_empty() => format!("{} → {}", all(old), all(new)),
        _ => format!("{} → {}", list(&gone), list(&come)),
    }
}

/// The versions that the other side does not have.
fn only<'a>(side: &'a [Version], other: &[Version]) -> Vec<&'a Version> {
    side.iter().filter(|version| !other.contains(version)).collect()
}

fn told(closure: Closure) -> String {
    format!("{} in {}", ui::size(closure.bytes), ui::count(closure.paths, "path"))
}

fn signed(bytes: i64) -> String {
    let sign = if bytes < 0 { '-' } else { '+' };
    format!("{sign}{}", ui::size(bytes.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str, change: Change, old: &[&str], new: &[&str], delta: i64) -> PackageChange {
        let versions = |texts: &[&str]| texts.iter().map(|text| Version::new(*text)).collect();
        let (old, new) = (versions(old), versions(new));
        PackageChange { name: name.to_owned(), change, old, new, chosen: false, delta }
    }

    #[test]
    fn each_package_has_a_line_and_what_was_chosen_comes_first() {
        let chosen = |change| PackageChange { chosen: true, ..change };
        let packages = Packages {
            changed: vec![
                chosen(change("firefox", Change::Up, &["144.0"], &["145.0"], 2_400_000)),
                change("gcc", Change::Changed, &["13.3", "14.2"], &["12.0", "14.2"], -20_000_000),
                change("glibc", Change::Down, &["2.41"], &["2.40-66"], -8191),
                chosen(change("hello", Change::Added, &[], &[""], 8192)),
                change("nss", Change::Changed, &["3", "4"], &["4"], 0),
                change("perl", Change::Removed, &["5.38", "5.40"], &[], 0),
                change("x", Change::Up, &[""], &["1"], 0),
            ],
            rebuilt: 1,
            others_added: 3,
            others_removed: 2,
            old: Closure { paths: 5000, bytes: 4 << 30 },
            new: Closure { paths: 5003, bytes: (4 << 30) - (17 << 20) },
            delta: -(17 << 20),
        };
        insta::assert_snapshot!(packages.lines().join("\n"), @r"
        packages: 1 added, 1 up
          added  hello      +8 KiB
          up     firefox  144.0 → 145.0  +2.2 MiB
        their dependencies: 1 removed, 1 up, 1 down, 2 changed
          removed  perl   5.38, 5.40
          up       x      (no version) → 1
          down     glibc  2.41 → 2.40-66
          changed  gcc    13.3 → 12.0  -19 MiB
          changed  nss    3, 4 → 4
        closure size: 4 GiB in 5000 paths → 3.9 GiB in 5003 paths (-17 MiB); 1 package built anew
        ");
    }

    #[test]
    fn a_size_that_hardly_changes_is_told_to_who_asks_for_it_alone() {
        let size = |bytes| Closure { paths: 7, bytes };
        let packages = |delta: u64| Packages {
            old: size(1 << 20),
            new: size((1 << 20) + delta),
            delta: delta as i64,
            ..Packages::default()
        };
        let of = |packages: Packages| (packages.lines(), packages.all_lines());
        let none: Vec<String> = vec![];
        assert_eq!(
            of(packages(0)),
            (none.clone(), vec!["closure size: 1 MiB in 7 paths".to_owned()])
        );
        let line = "closure size: 1 MiB in 7 paths → 1 MiB in 7 paths (+100 B)".to_owned();
        assert_eq!(of(packages(100)), (none, vec![line]));
        let line = "closure size: 1 MiB in 7 paths → 1 MiB in 7 paths (+8 KiB)".to_owned();
        assert_eq!(of(packages(8192)), (vec![line.clone()], vec![line]));
    }
}

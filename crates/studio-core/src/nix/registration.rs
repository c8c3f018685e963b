//! What Nix has noted about store paths: what each refers to, and how large it is.
//!
//! `nix-store` is asked, whose format for registrations is the same from 2.0 on, while the JSON of `nix path-info` is
//! another one every few versions. Not here: the same from Nix's database (`closure`).

use super::{FOLDER, Nix};
use crate::error::{Error, Result};
use crate::process::Program;
use crate::store_path::StorePath;

/// What is noted of a path in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The path.
    pub path: String,
    /// The derivation that built it, if that is known.
    pub deriver: Option<String>,
    /// Its bytes as an archive of Nix.
    pub size: u64,
    /// The paths that it refers to; itself may be among them.
    pub references: Vec<String>,
}

/// How many paths are asked about at once: with 250 bytes each at most, far below what Linux takes as arguments (2 MiB).
const AT_ONCE: usize = 4000;

impl Nix {
    /// Some store paths and all that they need.
    pub fn registered(&self, roots: &[&StorePath]) -> Result<Vec<Registered>> {
        let roots = roots.iter().map(|root| root.path().as_str());
        let needed = self.nix_store("--query")?.arg("--requisites").args(roots).run()?.text();
        let mut paths: Vec<&str> = needed.lines().filter(|line| !line.is_empty()).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut registered = vec![];
        for some in paths.chunks(AT_ONCE) {
            let said = self.nix_store("--dump-db")?.args(some).run()?.text();
            registered.extend(parse(&said).ok_or_else(|| {
                Error::new("`nix-store --dump-db` said what is not understood")
                    .hint("set `STUDIO_NIX` to another version of nix")
            })?);
        }
        Ok(registered)
    }

    fn nix_store(&self, verb: &str) -> Result<Program> {
        let program = Program::new(self.relative("nix-store")?, FOLDER.into());
        Ok(program.args(self.store_option()).arg(verb))
    }
}

/// For each path its lines are: the path, a hash, the size, the deriver or nothing, how many references, and those.
fn parse(text: &str) -> Option<Vec<Registered>> {
    let mut lines = text.lines();
    let mut registered = vec![];
    while let Some(path) = lines.next() {
        let (_hash, size, deriver) = (lines.next()?, lines.next()?, lines.next()?);
        let references: usize = lines.next()?.parse().ok()?;
        registered.push(Registered {
            path: path.to_owned(),
            deriver: Some(deriver.to_owned()).filter(|path| !path.is_empty()),
            size: size.parse().ok()?,
            references: (0..references)
                .map(|_| lines.next().map(str::to_owned))
                .collect::<Option<_>>()?,
        });
    }
    Some(registered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrations_are_read_and_half_of_one_is_not() {
        let text = "/s/a\nhash\n120\n/s/a.drv\n2\n/s/a\n/s/b\n/s/b\nhash\n7\n\n0";
        let parsed = parse(text).expect("understood");
        assert_eq!(
            parsed,
            [
                Registered {
                    path: "/s/a".into(),
                    deriver: Some("/s/a.drv".into()),
                    size: 120,
                    references: vec!["/s/a".into(), "/s/b".into()],
                },
                Registered { path: "/s/b".into(), deriver: None, size: 7, references: vec![] },
            ]
        );
        assert_eq!(parse(""), Some(vec![]));
        // Cut off behind any other line than the last one of a path, it is not understood.
        let lines: Vec<&str> = text.lines().collect();
        for end in 1..lines.len() {
            assert_eq!(parse(&lines[..end].join("\n")).is_some(), end == 7, "after line {end}");
        }
        assert_eq!(parse("/s/a\nhash\nmuch\n\n0"), None);
    }
}

//! `cargo xtask demo`: the whole safe workflow on the example flake, in a folder of its own.
//!
//! What is done stands in `examples/demo.sh`, and is done by a real shell with the built programs.
//! The README's tour is what that showed, so the demo also checks that the README still tells the
//! truth.

use crate::docs::with_part;
use crate::error::{Error, Result};
use crate::example::Place;
use crate::picture::picture;
use crate::test::Tools;
use crate::workspace::{Profile, Workspace};
use camino::Utf8Path;
use std::io::{BufRead, BufReader, Write};

/// Walk the whole safe workflow on an example, in a folder of its own
#[derive(clap::Args, Default)]
pub struct Demo {
    /// Walk with this version of Nix, as in 2.34; otherwise with the one on PATH or with 2.26
    #[arg(long, value_name = "VERSION")]
    nix: Option<String>,
    /// Fail unless the README's tour is what was shown
    #[arg(long, conflicts_with = "write")]
    check: bool,
    /// Write what was shown into the README as its tour, and draw docs/demo.svg
    #[arg(long)]
    write: bool,
}

impl Demo {
    /// As CI does it.
    pub fn checked() -> Demo {
        Demo { check: true, ..Demo::default() }
    }

    /// Begins anew every time: what an earlier walk left is removed.
    pub fn run(&self, workspace: &Workspace) -> Result<()> {
        let tools = Tools::get(workspace, self.nix.as_deref())?;
        let programs = workspace.build(Profile::Debug)?;
        let dir = workspace.target.join("demo");
        let mut place = Place::new(&dir, &tools, &programs)?.with_example(workspace, &tools)?;
        if self.check || self.write {
            // What happened a minute ago on one machine happened just now on another.
            place.set("STUDIO_NOW", "1767323045");
        }
        eprintln!("everything happens in {dir}");
        let script = workspace.root.join("examples/demo.sh");
        let shown = walk(&place, &script)?;
        println!("\nThat was all of it. What it left lies in {dir}.");
        if self.check || self.write {
            let readme = workspace.root.join("README.md");
            let old = std::fs::read_to_string(&readme).map_err(Error::io("read", &readme))?;
            let tour = tour(&shown, &place.dir);
            let new = with_part(&old, "tour", &tour)?;
            if self.write {
                let drawn = workspace.root.join("docs/demo.svg");
                std::fs::write(&drawn, picture(&new)).map_err(Error::io("write", &drawn))?;
                std::fs::write(&readme, new).map_err(Error::io("write", &readme))?;
            } else if masked(&old) != masked(&new) {
                return Err(Error::new("README.md tells a tour that is not what the demo shows")
                    .hint("run `cargo xtask demo --write` and commit what it wrote"));
            }
        }
        Ok(())
    }
}

/// Runs the script and shows what it shows, as it comes; gives all of it.
fn walk(place: &Place, script: &Utf8Path) -> Result<String> {
    let failed = |cause: std::io::Error| Error::new(format!("cannot run `{script}`: {cause}"));
    let expression = place.command("sh", &[script.as_str()]).stdin_null().stderr_to_stdout();
    let reader = expression.unchecked().reader().map_err(failed)?;
    let mut shown = String::new();
    let mut lines = BufReader::new(&reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        // A reader that went away does not end the walk.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
        shown.push_str(&text);
    }
    match reader.try_wait().map_err(failed)? {
        Some(output) if output.status.success() => Ok(shown),
        _ => Err(Error::new("the demo stopped; see its last lines above")
            .hint(format!("what it left lies in {}", place.dir))),
    }
}

/// What was shown as the README tells it: on somebody's machine, not in this folder, and without
/// what Nix says while it works.
fn tour(shown: &str, dir: &Utf8Path) -> String {
    let text = shown
        .replace(dir.join("home").as_str(), "/home/ada")
        .replace(dir.join("nix/store").as_str(), "/nix/store");
    let mut part = String::new();
    for chapter in text.split("\n# ").skip(1) {
        let (title, body) = chapter.split_once('\n').unwrap_or((chapter, ""));
        let lines: Vec<&str> = body.trim_end().lines().filter(|line| !is_chatter(line)).collect();
        part.push_str(&format!("**{title}**\n\n```console\n{}\n```\n\n", lines.join("\n")));
    }
    part
}

/// Whether this is Nix at work: it differs with versions and with what is built already.
fn is_chatter(line: &str) -> bool {
    const BEGINNINGS: [&str; 13] = [
        "  /nix/store/",
        "         Use '--all-systems'",
        "all checks passed!",
        "building ",
        "built ",
        "checking ",
        "copying ",
        "fetching ",
        "derivation evaluated to",
        "evaluating flake",
        "running ",
        "these ",
        "this derivation will be built",
    ];
    BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
        || line.starts_with("warning: The check omitted")
        || line.starts_with("warning: Git tree")
}

/// A text without what differs between two walks: ids, hashes, times, and names made of them. All
/// of them have a digit.
fn masked(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || "`'\"".contains(c);
    let mask = |word: &str| -> String {
        let bare = word.trim_end_matches(ends);
        let end = &word[bare.len()..];
        if bare.contains(|c: char| c.is_ascii_digit()) {
            format!("#{end}")
        } else {
            word.to_owned()
        }
    };
    text.split_inclusive(ends).map(mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_walks_differ_in_words_with_digits_only() {
        assert_eq!(masked("took 1.5 s for `3f2a`"), masked("took 12 s for `99cd`"));
        assert_eq!(masked("`scratch/2026-face`"), masked("`scratch/2027-0001`"));
        assert_ne!(masked("took 1 s"), masked("needed 1 s"));
    }

    #[test]
    fn a_chapter_becomes_a_block() {
        let part = tour(
            "\n# One\n$ ls /x/home\nbuilding y\nbuilt 1 of 1  3s\nfile\n\n# Two\n$ true\n",
            Utf8Path::new("/x"),
        );
        assert_eq!(
            part,
            "**One**\n\n```console\n$ ls /home/ada\nfile\n```\n\n**Two**\n\n```console\n$ true\n```\n\n"
        );
    }
}

//! Repositories to measure with: of as many files and commits as wanted, and the same bytes each
//! time. They are made once by `git fast-import` and kept between runs.
//!
//! Sizes are spread as those of sources are (log-normal: half of the files have less than 2 KB, the
//! mean is 4 KB), two files in a hundred can be executed, a folder has 24 of them. Each commit but
//! the first changes one file.

use crate::error::{Error, Result};
use camino::{Utf8Path, Utf8PathBuf};
use fastrand::Rng;
use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};

/// Another number makes other repositories, also where old ones lie; for changes in this file.
const EDITION: u32 = 1;
const FILES_IN_FOLDER: usize = 24;
const FOLDERS_IN_FOLDER: usize = 64;
/// Of the logarithm of the bytes of a file: half have less than e^7.6, which is 2 KB …
const MEDIAN: f64 = 7.6;
/// … and with this spread the mean is twice that.
const SPREAD: f64 = 1.18;
const MOST_BYTES: usize = 200_000;

/// What a repository has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Files in each commit.
    pub files: usize,
    /// Commits, one after the other on `main`.
    pub commits: usize,
}

impl Recipe {
    /// Tells repositories apart.
    pub fn name(self) -> String {
        format!("{}-files-{}-commits", self.files, self.commits)
    }

    /// Where the file of this number lies; the first one is `flake.nix`.
    pub fn path(self, number: usize) -> String {
        if number == 0 {
            return "flake.nix".to_owned();
        }
        let folder = number / FILES_IN_FOLDER;
        let (above, below) = (folder / FOLDERS_IN_FOLDER, folder % FOLDERS_IN_FOLDER);
        format!("pkgs/{above:02x}/{below:02x}/f{number}.nix")
    }

    /// A file for the run of this number: never the flake, and runs next to each other change
    /// folders that are far apart.
    pub fn file(self, run: usize) -> String {
        self.path(1 + (run * 7919) % (self.files - 1))
    }

    /// The bare repository in `folder`, made if it is not there.
    pub fn repository(self, folder: &Utf8Path) -> Result<Utf8PathBuf> {
        let path = folder.join(format!("{}-{EDITION}.git", self.name()));
        if path.is_dir() {
            return Ok(path);
        }
        eprintln!("making a repository of {} files and {} commits", self.files, self.commits);
        std::fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))?;
        let draft = folder.join("draft");
        if draft.exists() {
            std::fs::remove_dir_all(&draft).map_err(Error::io("remove", &draft))?;
        }
        git(
            folder,
            &["init", "--quiet", "--bare", "--initial-branch=main", draft.as_str()],
            |_| Ok(()),
        )?;
        git(&draft, &["fast-import", "--quiet"], |stream| self.write(stream))?;
        // As a server has it: one pack, its deltas found, with bitmaps.
        git(&draft, &["gc", "--quiet"], |_| Ok(()))?;
        std::fs::rename(&draft, &path).map_err(Error::io("write", &path))?;
        Ok(path)
    }

    /// The stream of `git fast-import`.
    fn write(self, stream: &mut dyn Write) -> std::io::Result<()> {
        let mut rng = Rng::with_seed(1);
        let words: Vec<String> = (0..2000).map(|_| format!("{:x}", rng.u32(..))).collect();
        writeln!(stream, "reset refs/heads/main")?;
        for commit in 0..self.commits {
            let time = 1_700_000_000 + commit * 60;
            writeln!(stream, "commit refs/heads/main")?;
            writeln!(stream, "committer Ada <ada@example.org> {time} +0000")?;
            data(stream, &format!("change {commit}"))?;
            if commit == 0 {
                for number in 0..self.files {
                    self.file_to(stream, number, &content(&mut rng, &words, number, commit))?;
                }
            } else {
                let number = rng.usize(1..self.files);
                self.file_to(stream, number, &content(&mut rng, &words, number, commit))?;
            }
        }
        Ok(())
    }

    fn file_to(self, stream: &mut dyn Write, number: usize, text: &str) -> std::io::Result<()> {
        let mode = if number % 50 == 7 { "100755" } else { "100644" };
        writeln!(stream, "M {mode} inline {}", self.path(number))?;
        data(stream, text)
    }
}

fn data(stream: &mut dyn Write, text: &str) -> std::io::Result<()> {
    writeln!(stream, "data {}\n{text}", text.len())
}

fn content(rng: &mut Rng, words: &[String], number: usize, commit: usize) -> String {
    if number == 0 {
        return "{ outputs = _: { }; }\n".to_owned();
    }
    // Box and Muller's way from two even numbers to a normal one.
    let (one, two) = (1.0 - rng.f64(), rng.f64());
    let normal = (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos();
    let bytes = ((MEDIAN + SPREAD * normal).exp() as usize).min(MOST_BYTES);
    let mut text = format!("# file {number}, change {commit}\n");
    while text.len() < bytes {
        text.push_str(&words[rng.usize(..words.len())]);
        text.push_str(" =\n");
    }
    text
}

/// Runs git with nothing of the user's settings, and gives it what `write` writes.
fn git(
    folder: &Utf8Path,
    args: &[&str],
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<()> {
    let line = format!("git {}", args.join(" "));
    let failed = |cause| Error::new(format!("cannot run `{line}`: {cause}"));
    let mut child = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .stdin(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let written = child.stdin.take().map_or(Ok(()), |stdin| {
        let mut stream = BufWriter::new(stdin);
        write(&mut stream).and_then(|()| stream.flush())
    });
    // A git that fails closes its end; it says itself why, and that comes first.
    let status = child.wait().map_err(failed)?;
    if !status.success() {
        return Err(Error::new(format!("`{line}` failed ({status})")));
    }
    written.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_spread_as_is_said() {
        let recipe = Recipe { files: 2000, commits: 1 };
        let mut rng = Rng::with_seed(1);
        let words = vec!["0123abcd".to_owned()];
        let mut sizes: Vec<usize> =
            (1..recipe.files).map(|number| content(&mut rng, &words, number, 0).len()).collect();
        sizes.sort_unstable();
        let (median, mean) = (sizes[1000], sizes.iter().sum::<usize>() / sizes.len());
        assert!((1800..2300).contains(&median), "{median}");
        assert!((3400..4800).contains(&mean), "{mean}");
    }

    #[test]
    fn every_file_has_a_path_of_its_own_and_runs_change_different_ones() {
        let recipe = Recipe { files: 5000, commits: 1 };
        let distinct =
            |paths: Vec<String>| paths.into_iter().collect::<std::collections::HashSet<_>>().len();
        assert_eq!(distinct((0..recipe.files).map(|number| recipe.path(number)).collect()), 5000);
        assert_eq!(distinct((0..300).map(|run| recipe.file(run)).collect()), 300);
    }

    #[test]
    fn the_stream_is_the_same_each_time() {
        let stream = || {
            let mut bytes = Vec::new();
            Recipe { files: 60, commits: 5 }.write(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(stream(), stream());
        let text = String::from_utf8(stream()).unwrap();
        assert_eq!(text.matches("\nM 100").count(), 60 + 4);
    }
}

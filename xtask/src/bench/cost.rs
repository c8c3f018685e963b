//! What a shell line costs: its time, that of processors, and the memory of the largest process in
//! it, as the kernel counted them. Not here: what costs are compared with.

use super::memory;
use super::times::Times;
use crate::error::{Error, Result};
use crate::example::Place;
use camino::{Utf8Path, Utf8PathBuf};
use std::fs::File;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use wait4::{ResourceUsage, Wait4};

/// What all runs of one thing cost.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    /// How long each took.
    pub times: Times,
    /// How long processors worked for it, whatever else the machine did.
    pub cpu: Times,
    /// Bytes that the largest process had in memory at its peak, in any run. Processes that ran at
    /// the same time are not added up.
    pub peak: u64,
    /// Of these, what is the process's own and no page of a mapped file. Seen from outside in one
    /// more run, so that nobody looks while time is taken.
    pub own: u64,
}

/// One way to do something, as shell lines. In them `$1` is the number of the run, and `$2` a file
/// of the repository that no run before it was given.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// What the reader of the table would type.
    pub shown: &'static str,
    /// Once, before all runs.
    pub prepare: &'static str,
    /// Before each run.
    pub before: &'static str,
    /// What is measured.
    pub line: &'static str,
    /// After each run: what it made goes again.
    pub after: &'static str,
}

/// A way, where it is gone, and which files are there to change.
pub struct Walk<'a> {
    /// The way.
    pub way: &'a Way,
    /// The folder.
    pub place: &'a Place,
    /// The file that a run may change.
    pub file: &'a dyn Fn(usize) -> String,
}

/// Walks all ways, again and again and in turn; gives the costs in the same order.
pub fn measure(walks: &[Walk], runs: usize) -> Result<Vec<Costs>> {
    let mut all = vec![Costs::default(); walks.len()];
    for walk in walks {
        walk.untimed(walk.way.prepare, 0)?;
    }
    for run in 0..runs {
        for turn in 0..walks.len() {
            // What comes first finds warmer or colder caches.
            let number = (turn + run) % walks.len();
            let (walk, costs) = (&walks[number], &mut all[number]);
            walk.untimed(walk.way.before, run)?;
            settle(&walk.place.dir)?;
            let (took, used) = walk.run(walk.way.line, run)?;
            costs.times.add(milliseconds(took));
            costs.cpu.add(milliseconds(used.utime + used.stime));
            costs.peak = costs.peak.max(used.maxrss);
            walk.untimed(walk.way.after, run)?;
        }
    }
    for (walk, costs) in walks.iter().zip(&mut all) {
        walk.untimed(walk.way.before, runs)?;
        costs.own = walk.watched(walk.way.line, runs)?;
        walk.untimed(walk.way.after, runs)?;
    }
    Ok(all)
}

/// Writes down what was only promised to the disk, so that it is not written during a measurement.
fn settle(folder: &Utf8Path) -> Result<()> {
    let failed = || Error::io("sync the file system of", folder);
    let folder_itself = File::open(folder).map_err(failed())?;
    rustix::fs::syncfs(&folder_itself).map_err(|errno| failed()(errno.into()))
}

impl Walk<'_> {
    fn untimed(&self, line: &str, run: usize) -> Result<()> {
        if line.is_empty() { Ok(()) } else { self.run(line, run).map(drop) }
    }

    /// How long it took, and what the kernel says of it.
    fn run(&self, line: &str, run: usize) -> Result<(Duration, ResourceUsage)> {
        let mut command = self.command(line, run)?;
        let failed = |cause| Error::new(format!("cannot run `{line}`: {cause}"));
        let start = Instant::now();
        let used = command.spawn().map_err(failed)?.wait4().map_err(failed)?;
        let took = start.elapsed();
        self.judge(line, used.status)?;
        Ok((took, used.rusage))
    }

    /// Bytes of memory of its own.
    fn watched(&self, line: &str, run: usize) -> Result<u64> {
        let mut command = self.command(line, run)?;
        let failed = |cause| Error::new(format!("cannot run `{line}`: {cause}"));
        let mut child = command.spawn().map_err(failed)?;
        let bytes = memory::watch(&mut child).map_err(failed)?;
        self.judge(line, child.wait().map_err(failed)?)?;
        Ok(bytes)
    }

    fn command(&self, line: &str, run: usize) -> Result<Command> {
        // A file, because somebody who reads a pipe would be measured too.
        let said = self.said();
        let output = File::create(&said).map_err(Error::io("write", &said))?;
        let errors = output.try_clone().map_err(Error::io("write", &said))?;
        let mut command = Command::new("sh");
        command
            .args(["-euc", line, "sh", &run.to_string(), &(self.file)(run)])
            .current_dir(&self.place.dir)
            .env_clear()
            .envs(self.place.environment())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        Ok(command)
    }

    fn said(&self) -> Utf8PathBuf {
        self.place.dir.join("said")
    }

    fn judge(&self, line: &str, status: ExitStatus) -> Result<()> {
        if status.success() {
            return Ok(());
        }
        let said = std::fs::read_to_string(self.said()).unwrap_or_default();
        Err(Error::new(format!("`{line}` failed ({status})\n{}", said.trim_end())))
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(line: &'static str) -> Way {
        let before = "echo before >> log";
        Way { shown: "", prepare: "echo prepare >> log", before, line, after: "rm \"made-$1\"" }
    }

    #[test]
    fn ways_take_turns_and_what_they_made_goes_again() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap().join("place");
        let place = Place::without_nix(&folder, Utf8Path::new("/nowhere")).unwrap();
        let ways = [
            way("echo \"one $1 $2\" >> log; : > \"made-$1\""),
            way("echo \"two $1 $2\" >> log; : > \"made-$1\""),
        ];
        let file = |run| format!("file-{run}");
        let walks: Vec<Walk> =
            ways.iter().map(|way| Walk { way, place: &place, file: &file }).collect();
        let costs = measure(&walks, 2).unwrap();
        let log = std::fs::read_to_string(folder.join("log")).unwrap();
        let lines: Vec<&str> = log.lines().filter(|line| *line != "before").collect();
        let mut turns = vec!["one 0 file-0", "two 0 file-0", "two 1 file-1", "one 1 file-1"];
        // Once more, for a look at their memory.
        turns.extend(["one 2 file-2", "two 2 file-2"]);
        assert_eq!(lines, [["prepare"; 2].as_slice(), &turns].concat());
        assert_eq!(log.matches("before").count(), 6);
        assert!(!folder.join("made-0").exists() && !folder.join("made-1").exists());
        assert!(costs.iter().all(|costs| costs.times.minimum() > 0.0));
    }

    #[test]
    fn the_memory_is_that_of_the_largest_process() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap().join("place");
        let place = Place::without_nix(&folder, Utf8Path::new("/nowhere")).unwrap();
        let way = Way {
            shown: "",
            prepare: "",
            before: "",
            line: "dd if=/dev/zero of=/dev/null bs=60000000 count=1; true",
            after: "",
        };
        let walk = Walk { way: &way, place: &place, file: &|_| String::new() };
        let peak = measure(&[walk], 1).unwrap()[0].peak;
        assert!((60_000_000..120_000_000).contains(&peak), "{peak}");
    }

    #[test]
    fn a_line_that_fails_is_told_with_what_it_said() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap().join("place");
        let place = Place::without_nix(&folder, Utf8Path::new("/nowhere")).unwrap();
        let way = way("echo 'no such thing' >&2; false");
        let walk = Walk { way: &way, place: &place, file: &|_| String::new() };
        let error = measure(&[walk], 1).unwrap_err().to_string();
        assert!(error.contains("failed (exit status: 1)\nno such thing"), "{error}");
    }
}

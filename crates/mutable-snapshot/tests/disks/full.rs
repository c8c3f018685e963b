//! A disk that is full: at the first write, at the second, and so on until there is enough room. One is full that has no
//! inodes left, too, however much room there is.

use crate::stage::{Command, Stage};
use std::fmt::Write;
use testkit::FileSystem;

/// What there is too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scarce {
    /// KiB.
    Room,
    /// Names for files and folders.
    Inodes,
}

impl Scarce {
    /// How much is left at each try: at the end enough for everything.
    fn tries(self, kind: FileSystem) -> Vec<u64> {
        match (self, testkit::thorough()) {
            (Scarce::Room, _) => rooms(kind),
            (Scarce::Inodes, true) => (0..60).map(|n| n * 2).chain([1000]).collect(),
            (Scarce::Inodes, false) => vec![0, 5, 20, 60, 1000],
        }
    }

    fn leave(self, sandbox: &testkit::Sandbox, much: u64) {
        match self {
            Scarce::Room => sandbox.leave(much),
            Scarce::Inodes => sandbox.leave_inodes(much),
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Scarce::Room => "KiB",
            Scarce::Inodes => "inodes",
        }
    }

    /// What is hinted at.
    fn remedy(self) -> &'static str {
        match self {
            Scarce::Room => "hint: free some space on that disk",
            Scarce::Inodes => {
                "hint: no more files can be made on that disk, for all of its inodes are used"
            }
        }
    }
}

/// How much is left at each try, in KiB.
fn rooms(kind: FileSystem) -> Vec<u64> {
    let often = matches!(kind, FileSystem::Ext4 | FileSystem::Tmpfs);
    match (testkit::thorough(), often) {
        (true, true) => (0..200).map(|n| n * 8).chain([4096]).collect(),
        // Each takes a second or two to fill.
        (true, false) => (0..24).map(|n| n * 64).chain([4096]).collect(),
        (false, true) => vec![0, 16, 64, 256, 1024],
        (false, false) => vec![0, 128, 4096],
    }
}

#[test]
fn at_any_write_it_is_said_and_nothing_is_lost() {
    everywhere(crate::kinds(), Scarce::Room, "full-disks.md");
}

#[test]
fn without_inodes_that_is_said_and_nothing_is_lost() {
    // The others make them of what room there is.
    let mut kinds = crate::kinds();
    kinds.retain(|kind| matches!(kind, FileSystem::Ext4 | FileSystem::Tmpfs));
    everywhere(kinds, Scarce::Inodes, "disks-without-inodes.md");
}

/// All commands on all kinds; a table of it is left as a report.
fn everywhere(kinds: Vec<FileSystem>, scarce: Scarce, report: &str) {
    let mut table = String::from(
        "# Full disks\n\nEach command with little left on the disk of `STUDIO_HOME`: how often it failed, and at how much it worked\n\n\
         | file system | command | failed | worked with |\n|---|---|---|---|\n",
    );
    let mut faults = vec![];
    let walks: Vec<(String, Vec<String>)> = std::thread::scope(|scope| {
        let walks: Vec<_> =
            kinds.into_iter().map(|kind| scope.spawn(move || of(kind, scarce))).collect();
        walks.into_iter().map(|walk| walk.join().expect("no panic")).collect()
    });
    for (lines, found) in walks {
        table += &lines;
        faults.extend(found);
    }
    testkit::report(report, &table);
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// All commands on one kind: lines of the table, and what was wrong.
fn of(kind: FileSystem, scarce: Scarce) -> (String, Vec<String>) {
    let (mut lines, mut faults) = (String::new(), vec![]);
    for command in Command::ALL {
        let (failed, enough) = walk(kind, command, scarce, &mut faults);
        let _ = writeln!(
            lines,
            "| {kind} | {command:?} | {failed} times | {enough} {} |",
            scarce.unit()
        );
    }
    (lines, faults)
}

/// Gives the command a little more room each time, until it works: how often it failed, and the room in the end.
fn walk(
    kind: FileSystem,
    command: Command,
    scarce: Scarce,
    faults: &mut Vec<String>,
) -> (usize, u64) {
    let mut stage = Stage::new(kind, command);
    for (failed, much) in scarce.tries(kind).into_iter().enumerate() {
        stage.prepare();
        let before = stage.picture();
        scarce.leave(&stage.sandbox, much);
        let outcome = stage.run();
        let after = stage.picture();
        stage.sandbox.make_room();
        if outcome.code == Some(0) {
            stage.look_at_result(&outcome);
            return (failed, much);
        }
        let told = format!("{kind}, {command:?} with {much} {} left:\n{outcome}", scarce.unit());
        let said = outcome.stderr.contains(scarce.remedy());
        if outcome.code != Some(1) || !outcome.stdout.is_empty() || !said {
            faults.push(format!("it was not said: {told}"));
        }
        if !after.may_follow(&before, &outcome) {
            faults.push(format!("something changed: {told}\nbefore {before:?}\nafter {after:?}"));
        }
        stage.look_at_result(&stage.run());
    }
    panic!("{kind}: {command:?} never had enough room");
}

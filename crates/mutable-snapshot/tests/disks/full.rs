//! A disk that is full: at the first write, at the second, and so on until there is enough room.

use crate::stage::{Command, Stage};
use std::fmt::Write;
use testkit::FileSystem;

/// How much is left at each try, in KiB: at the end enough for everything.
fn tries(kind: FileSystem) -> Vec<u64> {
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
    let mut table = String::from(
        "# Full disks\n\nEach command with little left on the disk of `STUDIO_HOME`: how often it failed, and at how much it worked\n\n\
         | file system | command | failed | worked with |\n|---|---|---|---|\n",
    );
    let mut faults = vec![];
    let walks: Vec<(String, Vec<String>)> = std::thread::scope(|scope| {
        let kinds: Vec<_> =
            crate::kinds().into_iter().map(|kind| scope.spawn(move || of(kind))).collect();
        kinds.into_iter().map(|kind| kind.join().expect("no panic")).collect()
    });
    for (lines, found) in walks {
        table += &lines;
        faults.extend(found);
    }
    testkit::report("full-disks.md", &table);
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// All commands on one kind: lines of the table, and what was wrong.
fn of(kind: FileSystem) -> (String, Vec<String>) {
    let (mut lines, mut faults) = (String::new(), vec![]);
    for command in Command::ALL {
        let (failed, enough) = walk(kind, command, &mut faults);
        let _ = writeln!(lines, "| {kind} | {command:?} | {failed} times | {enough} KiB |");
    }
    (lines, faults)
}

/// Gives the command a little more room each time, until it works: how often it failed, and the room in the end.
fn walk(kind: FileSystem, command: Command, faults: &mut Vec<String>) -> (usize, u64) {
    let mut stage = Stage::new(kind, command);
    for (failed, kib) in tries(kind).into_iter().enumerate() {
        stage.prepare();
        let before = stage.picture();
        stage.sandbox.leave(kib);
        let outcome = stage.run();
        let after = stage.picture();
        stage.sandbox.make_room();
        if outcome.code == Some(0) {
            stage.look_at_result(&outcome);
            return (failed, kib);
        }
        let told = format!("{kind}, {command:?} with {kib} KiB left:\n{outcome}");
        let said = outcome.stderr.contains("hint: free some space on that disk");
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

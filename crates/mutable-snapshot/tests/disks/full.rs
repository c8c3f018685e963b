//! A disk that is full: at the first write, at the second, and so on until there is enough room.

use crate::stage::{Command, Stage};
use std::fmt::Write;
use testkit::FileSystem;

/// How much is left at each try, in KiB.
fn tries() -> Vec<u64> {
    match testkit::thorough() {
        true => (0..200).map(|n| n * 8).collect(),
        false => vec![0, 16, 64, 256, 1024],
    }
}

#[test]
fn at_any_write_it_is_said_and_nothing_is_lost() {
    let mut table = String::from(
        "# Full disks\n\nEach command with little left on the disk of `STUDIO_HOME`: how often it failed, and at how much it worked\n\n\
         | file system | command | failed | worked with |\n|---|---|---|---|\n",
    );
    let mut faults = vec![];
    for kind in crate::kinds() {
        for command in Command::ALL {
            let (failed, enough) = walk(kind, command, &mut faults);
            let _ = writeln!(table, "| {kind} | {command:?} | {failed} times | {enough} KiB |");
        }
    }
    testkit::report("full-disks.md", &table);
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// Gives the command a little more room each time, until it works: how often it failed, and the room in the end.
fn walk(kind: FileSystem, command: Command, faults: &mut Vec<String>) -> (usize, u64) {
    let mut stage = Stage::new(kind, command);
    for (failed, kib) in tries().into_iter().enumerate() {
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
        if after != before {
            faults.push(format!("something changed: {told}\nbefore {before}\nafter {after}"));
        }
        stage.look_at_result(&stage.run());
    }
    panic!("{kind}: {command:?} never had enough room");
}

//! What was killed, what that left behind, and all of it as a table for people.

use crate::world::{Command, World};
use std::collections::BTreeMap;
use std::fmt::Write;
use testkit::End;

/// What commands that are dead left for others to heal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remains {
    /// Folders that were being made.
    pub drafts: u64,
    /// Folders that were being removed.
    pub trash: u64,
    /// Locks of git's, which are files and outlive their maker.
    pub locks: u64,
    /// Files of the pool that no snapshot has.
    pub pool: u64,
}

impl Remains {
    /// What there is now.
    pub fn of(world: &World) -> Remains {
        // What git and this toolkit write beside its place in repositories is theirs to sweep at leisure.
        let script = "set +e
            find . -maxdepth 3 -name '.tmp-*' -not -path './studios/*/*' | wc -l
            find . -maxdepth 3 -name '.trash-*' -not -path './studios/*/*' | wc -l
            find . -path './studios/.t*' -prune -o -path './snapshots/.t*' -prune -o -name '*.lock' -not -path './*/*/flake.lock' -print | wc -l
            find pool -mindepth 2 -type f -links 1 | wc -l";
        let text = world.sandbox.sh(world.sandbox.studio_home(), script).stdout;
        let mut numbers = text.lines().map(|line| line.trim().parse().expect("a number"));
        let mut next = || numbers.next().expect("four numbers");
        Remains { drafts: next(), trash: next(), locks: next(), pool: next() }
    }
}

#[derive(Debug, Default)]
struct Row {
    rounds: u64,
    killed: u64,
    left: Remains,
}

/// All rounds by command.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<Command, Row>);

impl Tally {
    /// Takes one round down.
    pub fn count(&mut self, command: Command, end: End, left: Remains) {
        let row = self.0.entry(command).or_default();
        row.rounds += 1;
        if end == End::Killed {
            row.killed += 1;
            row.left.drafts += left.drafts;
            row.left.trash += left.trash;
            row.left.locks += left.locks;
            row.left.pool += left.pool;
        }
    }

    /// How many were killed at work.
    pub fn killed(&self) -> u64 {
        self.0.values().map(|row| row.killed).sum()
    }

    /// One row for each command.
    pub fn markdown(&self, seed: u64) -> String {
        let rounds: u64 = self.0.values().map(|row| row.rounds).sum();
        let mut text = format!(
            "# Random kills of snapshots, studios, cleaning and hydrating\n\n\
             {rounds} rounds with seed {seed}, {} of them killed at work: nothing was lost, and all that was left was healed\n\n\
             | command | rounds | killed at work | half-made folders | half-removed folders | locks of git | pool files of nobody |\n\
             |---|---|---|---|---|---|---|\n",
            self.killed()
        );
        for (command, Row { rounds, killed, left }) in &self.0 {
            let Remains { drafts, trash, locks, pool } = left;
            let _ = writeln!(
                text,
                "| `{}` | {rounds} | {killed} | {drafts} | {trash} | {locks} | {pool} |",
                command.name()
            );
        }
        text
    }
}

//! Fifty commands at once on one `STUDIO_HOME`: all succeed, none loses what another did, and who waits says for whom.

use crate::Shelf;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testkit::Outcome;

/// Far above what it takes, far below what anybody would wait for.
const LIMIT: &str = "timeout 120";

#[test]
fn fifty_at_once_lose_nothing() {
    let mut shelf = Shelf::of(2);
    let (sandbox, try_) = (&shelf.sandbox, shelf.studio.clone());
    let studios: Vec<_> = (0..10).map(|n| sandbox.studio(&format!("s{n}"))).collect();
    let first = shelf.snapshots[0].file_name().expect("an id").to_owned();
    let begin = Instant::now();
    let done = |what: &str, dir: &camino::Utf8Path, line: &str| -> (String, Outcome) {
        (what.to_owned(), sandbox.run(dir, &format!("{LIMIT} {line}")))
    };
    let outcomes: Vec<(String, Outcome)> = std::thread::scope(|scope| {
        let mut workers = vec![];
        for studio in &studios {
            // Two snapshots in each: 20 commands.
            workers.push(scope.spawn(move || {
                let mut outcomes = vec![];
                for n in 0..2 {
                    sandbox.write(studio.join("own"), format!("{studio} {n}\n"));
                    outcomes.push(done("snapshot", studio, "git mutable-snapshot --no-push"));
                }
                outcomes
            }));
        }
        for n in 0..10 {
            workers.push(scope.spawn(move || {
                let line = format!("studio new-{n} --upstream {}/upstream.git", sandbox.root());
                vec![done("studio", sandbox.root(), &line)]
            }));
        }
        for _ in 0..5 {
            workers.push(scope.spawn(|| {
                let line = "studio --clean --keep 0 --younger-than 0 --yes";
                (0..2).map(|_| done("clean", sandbox.root(), line)).collect()
            }));
            // Several in one studio, of which one at a time can work.
            workers.push(scope.spawn(|| {
                vec![
                    done("hydrate", &try_, &format!("git mutable-hydrate {first}")),
                    done("hydrate", &try_, "git mutable-hydrate main"),
                ]
            }));
        }
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    let took = begin.elapsed();
    assert_eq!(outcomes.len(), 50);
    for (what, outcome) in &outcomes {
        assert_eq!(outcome.code, Some(0), "{what}: {outcome}");
    }
    assert!(took < Duration::from_secs(60), "it took {took:?}");

    // Whoever was given a snapshot has it, and it is sound.
    let taken: Vec<_> = outcomes.iter().filter(|(what, _)| what == "snapshot").collect();
    let paths: BTreeSet<&str> = taken.iter().map(|(_, outcome)| outcome.stdout.trim()).collect();
    assert_eq!(paths.len(), 20);
    for path in &paths {
        let id = path.rsplit('/').next().expect("an id");
        sandbox.run("", &format!("studio --verify {id}")).ok();
        sandbox.run("", &format!("studio --verify {id} --full")).ok();
        let quick = sandbox.run("", &format!("studio -v --verify {id}"));
        assert!(quick.stderr.contains(crate::BY_LOOKS), "{quick}");
        assert_eq!(sandbox.run(path, "git status --porcelain").ok(), "");
    }
    // No operation is missing in the logs.
    for studio in &studios {
        let log = sandbox.run(studio, "git mutable-log").ok();
        assert_eq!(log.matches("snapshot of own").count(), 2, "{studio}: {log}");
        for n in 0..2 {
            let shown = sandbox.sh(studio, &format!("git show HEAD~{n}:own")).ok();
            assert_eq!(shown, format!("{studio} {}", 1 - n));
        }
    }
    let log = sandbox.run(&try_, "git mutable-log").ok();
    let moved = outcomes.iter().filter(|(what, outcome)| {
        // Who finds the studio where it is to go does nothing.
        what == "hydrate" && !outcome.stderr.contains(" already\n")
    });
    assert_eq!(log.matches("hydrated").count(), moved.count(), "{log}");
    let list = sandbox.run("", "studio --list").ok();
    assert_eq!(list.lines().count(), 21, "{list}");
    for n in 0..10 {
        let path = sandbox.studio_home().join(format!("studios/new-{n}"));
        assert_eq!(sandbox.sh(&path, "git status --porcelain && git fsck --no-dangling").ok(), "");
    }
    // Some of them had to wait, and said for whom.
    let waited: Vec<&str> = outcomes
        .iter()
        .flat_map(|(_, outcome)| outcome.stderr.lines())
        .filter(|line| line.starts_with("waiting for "))
        .collect();
    assert!(!waited.is_empty(), "nobody waited");
    let said = |line: &&str| line.contains("` (process ") && line.ends_with(") ...");
    assert!(waited.iter().all(said), "{waited:?}");
    // And nothing is left of the work.
    let left = "find . \\( -name '.tmp-*' -o -name '.trash-*' -o -name '*.new' -o -name '*.lock' \\) -not -path './locks/*'";
    assert_eq!(sandbox.sh(sandbox.studio_home(), left).ok(), "");
    shelf.take();
    let last = shelf.snapshots.len() - 1;
    assert!(shelf.is_quick(last) && shelf.is_sound(last));
}

#[test]
fn who_waits_for_the_pool_says_for_whom_and_a_dead_holder_holds_nothing() {
    let mut shelf = Shelf::of(1);
    let lock = shelf.home().join("locks/pool");
    let script = format!(
        "echo more >more; printf '`studio --clean` (process 4711)\\n' >{lock}
         exec 9<>{lock}; flock 9; (sleep 0.7; exec 9>&-) & exec 9>&-; git mutable-snapshot --no-push"
    );
    let outcome = shelf.sandbox.sh(&shelf.studio, &script);
    outcome.ok();
    assert!(
        outcome.stderr.contains("waiting for `studio --clean` (process 4711) ...\n"),
        "{outcome}"
    );
    // A holder that is killed holds nothing, whatever the file says.
    let script =
        format!("exec 9<>{lock}; flock 9; echo '`a dead one` (process 1)' >&9; kill -9 $$");
    assert_eq!(shelf.sandbox.sh("", &script).code, None);
    shelf.take();
    assert!(shelf.is_quick(1));
}

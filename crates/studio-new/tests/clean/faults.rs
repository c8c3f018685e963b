//! Cleaning that is killed, and cleaning beside others.

use crate::shelf::Shelf;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

#[test]
fn killed_at_any_moment_the_next_clean_ends_it() {
    let mut moments = testkit::Moments::within(std::time::Duration::from_millis(100));
    let mut killed = 0;
    let wanted = testkit::rounds(4, 40);
    for run in 0.. {
        assert!(run < 20 * wanted, "only {killed} of {run} runs were killed at work");
        let shelf = Shelf::of(4).without_studio();
        for n in 0..4 {
            shelf.furnish(shelf.id(n));
        }
        let words = ["studio", "--clean", "--keep", "1", "--yes"];
        let after = moments.draw();
        killed += u64::from(moments.learn(shelf.sandbox.killed("", &words, after, true)));
        // Whatever it got to: what is there is whole, and the last is there.
        for n in shelf.there() {
            assert_eq!(shelf.sandbox.run(&shelf.snapshots[n], "git status --porcelain").ok(), "");
        }
        shelf.sandbox.run_words("", &words).ok();
        assert_eq!(shelf.there(), [3]);
        for n in 0..3 {
            assert_eq!(shelf.traces(shelf.id(n)), [""; 0], "{n} after a kill at {after:?}");
        }
        let left = shelf
            .sandbox
            .sh(shelf.home(""), "find . -path ./mirrors -prune -o -name '.t*-*' -print")
            .ok();
        assert_eq!(left, "");
        assert_eq!(shelf.traces(shelf.id(3)).len(), 7);
        if killed == wanted {
            break;
        }
    }
}

#[test]
fn many_clean_and_take_snapshots_at_once() {
    let shelf = Shelf::of(6);
    let sandbox = &shelf.sandbox;
    let studios: Vec<Utf8PathBuf> = (0..3).map(|n| sandbox.studio(&format!("s{n}"))).collect();
    sandbox.run("", "studio --remove try --force").ok();
    let taken = std::sync::Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for studio in &studios {
            let taken = &taken;
            scope.spawn(move || {
                for n in 0..4 {
                    sandbox.write(studio.join("motd"), format!("{studio} {n}\n"));
                    let path = sandbox.run(studio, "git mutable-snapshot --no-push").ok();
                    // Whoever is given a snapshot has it.
                    assert_eq!(sandbox.run(&path, "git status --porcelain").ok(), "");
                    taken
                        .lock()
                        .expect("nobody panicked")
                        .insert(path, sandbox.read(studio.join("motd")));
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..4 {
                    sandbox.run("", "studio --clean --keep 0 --younger-than 0 --yes").ok();
                }
            });
        }
    });
    for (path, motd) in taken.into_inner().expect("nobody panicked") {
        assert_eq!(sandbox.read(Utf8Path::new(&path).join("motd")), motd);
        assert_eq!(sandbox.sh(&path, "git status --porcelain && git fsck --no-dangling").ok(), "");
    }
    assert_eq!(shelf.there(), [0; 0]);
}

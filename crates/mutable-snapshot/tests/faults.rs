//! `git mutable-snapshot` killed at many points, and two at once: nothing is lost, and the next run succeeds.

use std::time::Duration;
use testkit::{End, Sandbox};

#[test]
fn killed_at_any_moment_nothing_is_lost_and_the_next_run_succeeds() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let mut killed = 0;
    let rounds = testkit::rounds(40, 200);
    for step in 0..rounds {
        // Something changed, something new, something staged otherwise than it is on disk.
        let script = format!(
            "echo {step} >>hosts/demo.nix; git add hosts/demo.nix; echo more-{step} >>hosts/demo.nix; echo {step} >new-{step}; git branch keep-{step}"
        );
        sandbox.sh(&studio, &script).ok();
        let files = sandbox.picture(&studio);
        let commits = sandbox.run(&studio, "git rev-list --all").ok();
        let end = sandbox.killed(
            &studio,
            &["git", "mutable-snapshot"],
            Duration::from_millis(step % 40 * 2),
            step % 3 != 0,
        );
        killed += usize::from(end == End::Killed);

        // What was on disk is on disk, and no commit or branch is gone.
        assert_eq!(sandbox.picture(&studio), files, "step {step}");
        for commit in commits.lines() {
            sandbox.run(&studio, &format!("git cat-file -e {commit}^{{tree}}")).ok();
        }
        sandbox.run(&studio, &format!("git rev-parse --verify -q keep-{step}")).ok();

        let snapshot = sandbox.run(&studio, "git mutable-snapshot").ok();
        assert_eq!(sandbox.picture(&studio), files, "step {step}: the next run changed files");
        assert_eq!(sandbox.run(&studio, "git status --porcelain").ok(), "", "step {step}");
        assert_eq!(
            sandbox.run(&snapshot, "git status --porcelain --ignored").ok(),
            "",
            "step {step}"
        );
        assert_eq!(sandbox.read(format!("{snapshot}/new-{step}")), format!("{step}\n"));
        assert_eq!(sandbox.run(&studio, "git fsck --strict --no-dangling").ok(), "", "step {step}");
    }
    assert!(killed > 10, "only {killed} of {rounds} runs were killed at work");
    // A command that was killed alone may have left a child at work; what that leaves goes the time after.
    std::thread::sleep(Duration::from_millis(300));
    sandbox.write(studio.join("last"), "last\n");
    sandbox.run(&studio, "git mutable-snapshot").ok();
    let left = sandbox.sh(sandbox.studio_home(), "find . -maxdepth 2 -name '.t*' | wc -l").ok();
    assert_eq!(left.trim(), "0", "remains were not swept");
    let locks = sandbox.sh(&studio, "find .git -name '*.lock' | wc -l").ok();
    assert_eq!(locks.trim(), "0", "stale locks were not removed");
}

#[test]
fn killed_with_work_in_an_input_nothing_is_lost_there_either() {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    sandbox.add_input("motd");
    let studio = sandbox.studio("try");
    let input = studio.join("inputs/motd");
    let rounds = testkit::rounds(24, 120);
    let mut killed = 0;
    for step in 0..rounds {
        let script = format!("echo {step} >message; git add message; echo more-{step} >>message");
        sandbox.sh(&input, &script).ok();
        let commits = sandbox.run(&input, "git rev-list --all").ok();
        let after = Duration::from_millis(step % 24 * 5);
        let end = sandbox.killed(&studio, &["git", "mutable-snapshot"], after, step % 3 != 0);
        killed += usize::from(end == End::Killed);
        let text = format!("{step}\nmore-{step}\n");
        assert_eq!(sandbox.read(input.join("message")), text, "step {step}");
        for commit in commits.lines() {
            sandbox.run(&input, &format!("git cat-file -e {commit}")).ok();
        }
        let snapshot = sandbox.run(&studio, "git mutable-snapshot").ok();
        assert_eq!(sandbox.read(format!("{snapshot}/inputs/motd/message")), text, "step {step}");
        for place in [&studio, &input] {
            assert_eq!(
                sandbox.run(place, "git status --porcelain").ok(),
                "",
                "step {step}: {place}"
            );
        }
    }
    assert!(killed > 6, "only {killed} of {rounds} runs were killed at work");
}

#[test]
fn two_at_the_same_moment_one_waits_and_both_give_the_same_snapshot() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    for round in 0..5 {
        sandbox.write(studio.join("new.nix"), format!("{{ round = {round}; }}\n"));
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let run = || sandbox.run(&studio, "git mutable-snapshot");
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
            workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
        });
        let paths: Vec<String> = outcomes.iter().map(testkit::Outcome::ok).collect();
        assert!(paths.windows(2).all(|pair| pair[0] == pair[1]), "{paths:?}");
        let committed =
            outcomes.iter().filter(|outcome| outcome.stderr.contains("committed")).count();
        assert_eq!(committed, 1, "round {round}");
    }
}

#[test]
fn who_waits_says_for_whom() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("x"), "x\n");
    let script = "mkdir -p .git/studio; printf '`git mutable-rebase` (process 4711)\\n' >.git/studio/lock
        exec 9<>.git/studio/lock; flock 9; (sleep 0.5; exec 9>&-) & exec 9>&-; git mutable-snapshot";
    let outcome = sandbox.sh(&studio, script);
    outcome.ok();
    assert!(
        outcome.stderr.starts_with("waiting for `git mutable-rebase` (process 4711) ...\n"),
        "{outcome}"
    );
}

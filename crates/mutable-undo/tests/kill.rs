//! `git mutable-scratch`, `git mutable-undo` and `git mutable-redo` killed at many points: nothing is lost, and the next
//! run succeeds.

use std::time::Duration;
use testkit::{End, Sandbox};

#[test]
fn killed_at_any_moment_nothing_is_lost_and_the_next_run_succeeds() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.push_upstream("theirs.nix", "theirs\n");
    sandbox.run(&studio, "git fetch -q").ok();
    let commands = ["git mutable-scratch", "git mutable-undo", "git mutable-redo"];
    let rounds = testkit::rounds(36, 72);
    let mut killed = 0;
    for step in 0..rounds {
        // Something to take back whose files move, and something uncommitted in the way.
        let target = if step % 2 == 0 { "origin/main" } else { "main" };
        sandbox.run(&studio, &format!("git mutable-hydrate {target}")).ok();
        if step % 3 == 2 {
            sandbox.run(&studio, "git mutable-undo").ok();
        }
        let text = format!("precious {step}");
        sandbox.write(studio.join("precious"), format!("{text}\n"));
        let commits = sandbox.run(&studio, "git rev-list --all").ok();
        let command = commands[step as usize % 3];
        let words: Vec<&str> = command.split(' ').collect();
        let end = sandbox.killed(&studio, &words, Duration::from_millis(step % 36), step % 4 != 0);
        killed += usize::from(end == End::Killed);

        let again = sandbox.run(&studio, command);
        // It may have been done already when it was killed; then there is nothing left to do, which is no failure.
        let nothing_left = again.stderr.contains("error: there is nothing to");
        assert!(again.code == Some(0) || nothing_left, "step {step}: {again}");
        for commit in commits.lines() {
            sandbox.run(&studio, &format!("git cat-file -e {commit}")).ok();
        }
        let script = "cat precious 2>/dev/null || true; git log --branches --format= --raw --abbrev=40 -- precious \
                      | awk '$4 !~ /^0+$/ {print $4}' | sort -u | xargs -r -n 1 git cat-file blob";
        let found = sandbox.sh(&studio, script);
        assert!(
            found.stdout.lines().any(|line| line == text),
            "step {step}: `{text}` is nowhere, {end:?}:\n{again}\n{}",
            sandbox.sh(&studio, "git mutable-log; git log --oneline --graph --all --format=%h%d%s")
        );
        sandbox.run(&studio, "git mutable-snapshot --no-push").ok();
        assert_eq!(sandbox.run(&studio, "git status --porcelain").ok(), "", "step {step}");
        assert_eq!(sandbox.run(&studio, "git fsck --strict --no-dangling").ok(), "", "step {step}");
    }
    assert!(killed > 8, "only {killed} of {rounds} runs were killed at work");
}

//! `git mutable-rebase`: a new branch on upstream's main, the old one as it was, and git's own conflicts.

use insta::assert_snapshot;
use testkit::Sandbox;

#[test]
fn the_work_is_put_on_upstreams_main_on_a_new_branch() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("mine.nix"), "mine\n");
    sandbox.run(&studio, "git mutable-snapshot -m mine -q").ok();
    sandbox.write(studio.join("uncommitted.nix"), "u\n");
    assert_snapshot!(sandbox.run(&studio, "git mutable-rebase"), @"
    scratch/20260102-030405-d674
    ------- stderr -------
    saved uncommitted work on `scratch/20260102-030405-d674`: uncommitted.nix
    `scratch/20260102-030405-d674` is on upstream's `main` already
    ");
    sandbox.push_upstream("theirs.nix", "theirs\n");
    assert_snapshot!(sandbox.run(&studio, "git mutable-rebase"), @"
    scratch/20260102-030405-0e2e
    ------- stderr -------
    put 2 commits on upstream's `main`, on the new branch `scratch/20260102-030405-0e2e`; `scratch/20260102-030405-d674` is as it was
    ");
    assert_snapshot!(sandbox.sh(&studio, "git log --oneline --graph --format='%s%d' HEAD '@{-1}'; git status -sb"), @"
    * wip: uncommitted.nix (HEAD -> scratch/20260102-030405-0e2e)
    * mine
    * upstream: theirs.nix (origin/main, origin/HEAD)
    | * wip: uncommitted.nix (scratch/20260102-030405-d674)
    | * mine (origin/scratch/20260102-030405-d674)
    |/  
    * first (main)
    ## scratch/20260102-030405-0e2e
    ");
    assert_snapshot!(sandbox.run(&studio, "git mutable-undo"), @"
    ------- stderr -------
    took back: rebased `scratch/20260102-030405-d674` onto `main` as `scratch/20260102-030405-0e2e`
    HEAD is on `scratch/20260102-030405-d674` at 363b8d065baf
    ");
    assert!(!studio.join("theirs.nix").exists());
    assert_eq!(sandbox.read(studio.join("uncommitted.nix")), "u\n");
}

#[test]
fn a_conflict_leaves_gits_own_state_and_says_both_ways_on() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("hosts/demo.nix"), "mine\n");
    sandbox.run(&studio, "git mutable-snapshot -q").ok();
    let branch = sandbox.run(&studio, "git branch --show-current").ok();
    sandbox.push_upstream("hosts/demo.nix", "theirs\n");
    assert_snapshot!(sandbox.run(&studio, "git mutable-rebase").fails(1), @"
    ------- stderr -------
    error: the rebase onto `main` stopped
      conflict in hosts/demo.nix
    hint: go on: resolve the conflicts, `git add` the files, `git rebase --continue`
    hint: or go back to `scratch/20260102-030405-d674`, which is as it was: `git rebase --abort && git mutable-undo`
    [exit status: 1]
    ");
    // While it is open nothing else moves.
    assert_snapshot!(sandbox.run(&studio, "git mutable-rebase").fails(1), @"
    ------- stderr -------
    error: a rebase is in progress in this studio
    hint: finish it: `git rebase --continue`, or give it up: `git rebase --abort`
    [exit status: 1]
    ");
    // Back: as it was.
    sandbox.sh(&studio, "git rebase --abort && git mutable-undo").ok();
    assert_eq!(sandbox.run(&studio, "git branch --show-current").ok(), branch);
    assert_eq!(sandbox.read(studio.join("hosts/demo.nix")), "mine\n");
    // On: resolved and continued.
    sandbox.run(&studio, "git mutable-rebase").fails(1);
    sandbox
        .sh(&studio, "echo both >hosts/demo.nix; git add .; GIT_EDITOR=true git rebase --continue")
        .ok();
    sandbox.run(&studio, "git mutable-snapshot -q").ok();
    assert_eq!(sandbox.read(studio.join("hosts/demo.nix")), "both\n");
    assert_eq!(sandbox.run(&studio, &format!("git show {branch}:hosts/demo.nix")).ok(), "mine");
}

#[test]
fn autosquash_and_interactive_pass_through() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.sh(&studio, "echo a >a; git add a; git commit -qm a; echo b >b; git add b; git commit -qm b; echo c >>a; git commit -qa --fixup :/^a").ok();
    assert_snapshot!(sandbox.run(&studio, "git mutable-rebase --autosquash"), @"
    scratch/20260102-030405-e5fc
    ------- stderr -------
    put 3 commits on upstream's `main`, on the new branch `scratch/20260102-030405-e5fc`; `scratch/20260102-030405-d674` is as it was
    ");
    assert_snapshot!(sandbox.sh(&studio, "git log --format=%s"), @"
    b
    a
    first
    ");
    assert_snapshot!(sandbox.run(&studio, "git mutable-rebase -i").fails(1), @"
    ------- stderr -------
    error: `-i` needs a terminal
    hint: leave it out, or set `GIT_SEQUENCE_EDITOR`
    [exit status: 1]
    ");
    let words = ["env", "GIT_SEQUENCE_EDITOR=sed -i /b$/d", "git", "mutable-rebase", "-i"];
    sandbox.run_words(&studio, &words).ok();
    assert_snapshot!(sandbox.sh(&studio, "git log --format=%s"), @"
    a
    first
    ");
}

#[test]
fn an_unreachable_origin_is_a_warning() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.sh("", "mv upstream.git away.git").ok();
    sandbox.write(studio.join("x"), "x\n");
    assert_snapshot!(sandbox.run(&studio, "git mutable-rebase"), @"
    scratch/20260102-030405-d674
    ------- stderr -------
    saved uncommitted work on `scratch/20260102-030405-d674`: x
    warning: origin cannot be reached, so its last known state is used
             fatal: '[SANDBOX]/upstream.git' does not appear to be a git repository
             fatal: Could not read from remote repository.
             Please make sure you have the correct access rights
             and the repository exists.
    `scratch/20260102-030405-d674` is on upstream's `main` already
    ");
}

#[test]
fn killed_at_any_moment_nothing_is_lost_and_the_way_back_is_open() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let mut killed = 0;
    let rounds = testkit::rounds(20, 100);
    for step in 0..rounds {
        let text = format!("precious {step}\n");
        sandbox.write(studio.join(format!("precious-{step}")), &text);
        sandbox.push_upstream(&format!("up-{step}.nix"), "u\n");
        let end = sandbox.killed(
            &studio,
            &["git", "mutable-rebase"],
            std::time::Duration::from_millis(step % 20 * 8),
            step % 3 != 0,
        );
        killed += usize::from(end == testkit::End::Killed);
        sandbox.run(&studio, "git mutable-rebase").ok();
        assert_eq!(sandbox.run(&studio, "git status --porcelain").ok(), "", "step {step}");
        assert_eq!(sandbox.read(studio.join(format!("precious-{step}"))), text);
    }
    assert!(killed > 5, "only {killed} of {rounds} runs were killed at work");
}

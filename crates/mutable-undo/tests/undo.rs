//! `git mutable-undo`, `git mutable-redo` and `git mutable-log`: back and forth, and never over somebody's work.

use insta::assert_snapshot;
use testkit::Sandbox;

#[test]
fn there_and_back_again_every_state_is_what_it_was() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let state = || {
        let git = sandbox
            .sh(&studio, "git status -sb; git diff --cached; git rev-parse HEAD; git branch --list")
            .ok();
        (sandbox.picture(&studio), git)
    };
    let mut states = vec![];
    sandbox.sh(&studio, "echo 1 >a; git add a; echo 2 >a").ok();
    states.push(state());
    sandbox.run(&studio, "git mutable-snapshot --no-push").ok();
    states.push(state());
    sandbox.run(&studio, "git mutable-scratch").ok();
    states.push(state());
    sandbox.push_upstream("theirs", "t\n");
    sandbox.run(&studio, "git mutable-rebase").ok();
    states.push(state());
    sandbox.run(&studio, "git mutable-hydrate main").ok();
    states.push(state());
    for _ in 0..2 {
        for expected in states.iter().rev().skip(1) {
            sandbox.run(&studio, "git mutable-undo").ok();
            assert_eq!(&state(), expected);
        }
        for expected in states.iter().skip(1) {
            sandbox.run(&studio, "git mutable-redo").ok();
            assert_eq!(&state(), expected);
        }
    }
    // A new operation in between leaves nothing to do again.
    sandbox.run(&studio, "git mutable-undo").ok();
    sandbox.run(&studio, "git mutable-scratch").ok();
    sandbox.run(&studio, "git mutable-redo").fails(1);
    // What was staged is kept with an entry, and an index holds times and inodes, so the ids differ from run to run.
    insta::with_settings!({ filters => testkit::filters() }, {
    assert_snapshot!(sandbox.run(&studio, "git mutable-log -n 3"), @"
    [COMMIT]  2026-01-02 03:04  cut `scratch/[ID]` from `scratch/[ID]` at [COMMIT]  (`scratch/[ID]` at [COMMIT])
    [COMMIT]  2026-01-02 03:04  undo: hydrated `scratch/[ID]` from this studio at [COMMIT]  (`scratch/[ID]` at [COMMIT])
    [COMMIT]  2026-01-02 03:04  redo: hydrated `scratch/[ID]` from this studio at [COMMIT]  (`scratch/[ID]` at [COMMIT])
    ");
    });
}

#[test]
fn what_was_pushed_is_named_as_what_cannot_be_taken_back() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("x"), "x\n");
    sandbox.run(&studio, "git mutable-snapshot").ok();
    assert_snapshot!(sandbox.run(&studio, "git mutable-undo"), @"
    ------- stderr -------
    took back: snapshot of x
    HEAD is on `scratch/20260102-030405-d674` at 2a52b31a66f9
    warning: `scratch/20260102-030405-d674` was pushed, which cannot be taken back
    hint: if nobody uses it: `git push origin --delete scratch/20260102-030405-d674`
    ");
    assert_snapshot!(sandbox.run(&studio, "git status -s"), @"?? x");
}

#[test]
fn edits_made_since_are_kept() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.push_upstream("theirs", "t\n");
    sandbox.run(&studio, "git fetch -q").ok();
    sandbox.run(&studio, "git mutable-hydrate origin/main").ok();
    sandbox.write(studio.join("theirs"), "edited\n");
    sandbox.write(studio.join("new"), "new\n");
    let outcome = sandbox.run(&studio, "git mutable-undo");
    assert_snapshot!(outcome, @"
    ------- stderr -------
    took back: hydrated `scratch/20260102-030405-5412` from this studio at bd28658d3124
    HEAD is on `scratch/20260102-030405-d674` at 2a52b31a66f9
    what was uncommitted is kept on `scratch/20260102-030405-f3e5`
    ");
    assert!(!studio.join("theirs").exists() && !studio.join("new").exists());
    let kept = sandbox
        .run(
            &studio,
            "git for-each-ref --format=%(refname:short) --sort=-creatordate refs/heads/scratch",
        )
        .ok();
    let holds =
        |branch: &str| sandbox.run(&studio, &format!("git show {branch}:new")).code == Some(0);
    assert!(kept.lines().any(holds), "{kept}");
    // A snapshot leaves files alone, and so does taking it back.
    sandbox.write(studio.join("a"), "a\n");
    sandbox.run(&studio, "git mutable-snapshot -q").ok();
    sandbox.write(studio.join("a"), "b\n");
    sandbox.run(&studio, "git mutable-undo").ok();
    assert_eq!(sandbox.read(studio.join("a")), "b\n");
}

#[test]
fn a_studio_that_was_moved_by_hand_is_not_moved_back_over_that() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    assert_snapshot!(sandbox.run(&studio, "git mutable-undo").fails(1), @"
    ------- stderr -------
    error: there is nothing to take back
    hint: see what was done: `git mutable-log`
    [exit status: 1]
    ");
    sandbox.write(studio.join("x"), "x\n");
    sandbox.run(&studio, "git mutable-snapshot --no-push").ok();
    sandbox.run(&studio, "git commit -q --allow-empty -m by-hand").ok();
    assert_snapshot!(sandbox.run(&studio, "git mutable-undo").fails(1), @"
    ------- stderr -------
    error: `snapshot of x` cannot be taken back: the studio has moved since
      it left HEAD on `scratch/20260102-030405-d674` at c7a733efc4fd; now HEAD is on `scratch/20260102-030405-d674` at 22a2ae317328
    hint: to have the state of before on a new branch: `git mutable-hydrate 2a52b31a66f9`
    [exit status: 1]
    ");
    sandbox.run(&studio, "git reset -q --hard HEAD~1").ok();
    sandbox.run(&studio, "git switch -q main").ok();
    assert_snapshot!(sandbox.run(&studio, "git mutable-undo").fails(1), @"
    ------- stderr -------
    error: `snapshot of x` cannot be taken back: the studio has moved since
      it left HEAD on `scratch/20260102-030405-d674` at c7a733efc4fd; now HEAD is on `main` at 2a52b31a66f9
    hint: go back there first: `git switch scratch/20260102-030405-d674`
    [exit status: 1]
    ");
}

#[test]
fn an_entry_of_a_newer_toolkit_is_not_guessed_at() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.run(&studio, "git mutable-scratch").ok();
    let script = "j=$(git show refs/studio/ops/main:operation.json | sed 's/\"version\": 1/\"version\": 99/' | git hash-object -w --stdin)
        t=$(printf '100644 blob %s\\toperation.json\\n' $j | git mktree)
        git update-ref refs/studio/ops/main $(git commit-tree $t -m 'studio operation: from the future')";
    sandbox.sh(&studio, script).ok();
    assert_snapshot!(sandbox.run(&studio, "git mutable-undo").fails(1), @"
    ------- stderr -------
    error: the entry bb23d0f38df4 of the operation log was written by a newer version of this toolkit
    hint: use the newer version in this studio
    [exit status: 1]
    ");
}

#[test]
fn the_log_as_json_has_the_whole_record() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("x"), "x\n");
    sandbox.run(&studio, "git mutable-snapshot -q").ok();
    assert_snapshot!(sandbox.run(&studio, "git mutable-log --json"), @r#"
    [
      {
        "id": "6dfd17d3b2bb1a23d7b463a955c695b009393373",
        "operation": {
          "version": 1,
          "kind": "snapshot",
          "summary": "snapshot of x",
          "time": 1767323045,
          "before": {
            "head": {
              "branch": "scratch/20260102-030405-d674",
              "commit": "2a52b31a66f9ae3d5fd576d26ad8e2c92e02118f"
            },
            "worktree": "5e5cda404a57a64731b3e9a0a6e4f335984544b3",
            "staged": null
          },
          "after": {
            "head": {
              "branch": "scratch/20260102-030405-d674",
              "commit": "c7a733efc4fd1b43ebddf52c969a4599fee5f979"
            },
            "worktree": "5e5cda404a57a64731b3e9a0a6e4f335984544b3",
            "staged": null
          },
          "branches": [
            {
              "name": "scratch/20260102-030405-d674",
              "from": "2a52b31a66f9ae3d5fd576d26ad8e2c92e02118f",
              "to": "c7a733efc4fd1b43ebddf52c969a4599fee5f979"
            }
          ],
          "snapshot": "c7a733efc4fd1b43ebddf52c969a4599fee5f979",
          "staged": false,
          "reverses": null,
          "links": {
            "undo": "here",
            "redo": "nothing",
            "undo_below": "nothing",
            "redo_below": "nothing"
          }
        },
        "verdicts": [],
        "test": null,
        "generations": []
      }
    ]
    "#);
}

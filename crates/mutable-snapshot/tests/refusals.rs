//! `git mutable-snapshot`: when it stops, it says why, and everything is as it was.

use camino::Utf8Path;
use insta::assert_snapshot;
use testkit::{Outcome, Sandbox};

/// Runs the command, which must fail, and makes sure that files, index, branches and snapshots are as before.
#[track_caller]
fn refused(sandbox: &Sandbox, studio: &Utf8Path, line: &str) -> Outcome {
    let state = |sandbox: &Sandbox| {
        let git = sandbox.sh(studio, "git for-each-ref; cat .git/HEAD; sha1sum .git/index; ls ../../snapshots 2>/dev/null || true").ok();
        (sandbox.picture(studio), git)
    };
    let before = state(sandbox);
    let outcome = sandbox.run(studio, line);
    outcome.fails(1);
    assert_eq!(state(sandbox), before, "something changed although it failed:\n{outcome}");
    outcome
}

#[test]
fn large_files_keys_and_repositories_are_not_swept_in() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let script = "truncate -s 11M big.bin; mkdir -p keys nested
        printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\nAAAA\\n' >keys/id_ed25519
        git init -q nested; echo x >nested/x; git -C nested add x; git -C nested commit -qm x
        git init -q bare-of-commits";
    sandbox.sh(&studio, script).ok();
    assert_snapshot!(refused(&sandbox, &studio, "git mutable-snapshot"), @r#"
    ------- stderr -------
    error: 4 files should not go into a snapshot as they are; nothing was changed
      bare-of-commits: a git repository of its own, whose files git would not take
      big.bin: a new file of 11.5 MB
      keys/id_ed25519: looks like a private key
      nested: a git repository of its own, whose files git would not take
    hint: leave out what does not belong: in `.gitignore`,
          /bare-of-commits
          /big.bin
          /keys/id_ed25519
          /nested
    hint: take what does: `--allow bare-of-commits --allow big.bin --allow keys/id_ed25519 --allow nested`
    hint: or for good, in `studio.toml`:
          [snapshot]
          allow = ["bare-of-commits", "big.bin", "keys/id_ed25519", "nested"]
    [exit status: 1]
    "#);
    assert_snapshot!(refused(&sandbox, &studio, "git mutable-snapshot --allow big.bin --allow nested --allow bare-of-commits"), @r#"
    ------- stderr -------
    error: 1 file should not go into a snapshot as it is; nothing was changed
      keys/id_ed25519: looks like a private key
    hint: leave out what does not belong: in `.gitignore`,
          /keys/id_ed25519
    hint: take what does: `--allow keys/id_ed25519`
    hint: or for good, in `studio.toml`:
          [snapshot]
          allow = ["keys/id_ed25519"]
    [exit status: 1]
    "#);
    // Once ignored or allowed, on the command line or for good in the flake, they are no obstacle.
    sandbox.write(studio.join(".gitignore"), "/nested\n/bare-of-commits\n");
    sandbox.write(studio.join("studio.toml"), "[snapshot]\nallow = [\"keys\"]\n");
    assert_snapshot!(sandbox.run(&studio, "git mutable-snapshot --allow ./big.bin"), @"
    [SANDBOX]/home/.local/share/studio/snapshots/93366ed6096de2faf399044b3dde413048365a85
    ------- stderr -------
    committed .gitignore, big.bin and 2 more on `scratch/20260102-030405-d674` as 93366ed6096d
    pushed `scratch/20260102-030405-d674` to origin
    ");
    // What HEAD has is not asked again.
    sandbox.write(studio.join("keys/id_ed25519"), "-----BEGIN OPENSSH PRIVATE KEY-----\nBBBB\n");
    sandbox.write(studio.join("studio.toml"), "");
    sandbox.run(&studio, "git mutable-snapshot").ok();
}

#[test]
fn many_new_files_that_are_large_together_are_named() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.sh(&studio, "for n in 1 2 3 4 5 6 7 8 9 10 11; do truncate -s 9500k part$n; done").ok();
    assert_snapshot!(refused(&sandbox, &studio, "git mutable-snapshot"), @r#"
    ------- stderr -------
    error: 3 files should not go into a snapshot as they are; nothing was changed
      part9: new files of 107.0 MB together, of which this is one of the largest
      part8: new files of 107.0 MB together, of which this is one of the largest
      part7: new files of 107.0 MB together, of which this is one of the largest
    hint: leave out what does not belong: in `.gitignore`,
          /part9
          /part8
          /part7
    hint: take what does: `--allow part9 --allow part8 --allow part7`
    hint: or for good, in `studio.toml`:
          [snapshot]
          allow = ["part9", "part8", "part7"]
    [exit status: 1]
    "#);
}

#[test]
fn a_merge_or_rebase_in_progress_and_conflicts_left_behind_stop_it() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let script =
        "echo a >f; git add f; git commit -qm a; git branch side; echo b >f; git commit -qam b
        git switch -q side; echo c >f; git commit -qam c; git merge -q - || true";
    sandbox.sh(&studio, script).ok();
    assert_snapshot!(refused(&sandbox, &studio, "git mutable-snapshot"), @"
    ------- stderr -------
    error: a merge is in progress in this studio
    hint: finish it: `git merge --continue`, or give it up: `git merge --abort`
    [exit status: 1]
    ");
    sandbox.sh(&studio, "git merge --abort; git rebase -q - || true").ok();
    assert_snapshot!(refused(&sandbox, &studio, "git mutable-snapshot"), @"
    ------- stderr -------
    error: a rebase is in progress in this studio
    hint: finish it: `git rebase --continue`, or give it up: `git rebase --abort`
    [exit status: 1]
    ");
    // Conflicts in the index without a merge: what a failed stash leaves.
    sandbox.sh(&studio, "git rebase --abort; echo d >f; git stash -q; echo e >f; git commit -qam e; git stash apply -q || true").ok();
    assert_snapshot!(refused(&sandbox, &studio, "git mutable-snapshot"), @"
    ------- stderr -------
    error: 1 file should not go into a snapshot as it is; nothing was changed
      f: has unresolved conflicts
    hint: resolve the conflicts: `git status` lists them
    [exit status: 1]
    ");
    // Resolved by adding the file as it is, markers and all.
    sandbox.sh(&studio, "git add f").ok();
    assert_snapshot!(refused(&sandbox, &studio, "git mutable-snapshot"), @"
    ------- stderr -------
    error: 1 file should not go into a snapshot as it is; nothing was changed
      f: has conflict markers in line 1
    hint: resolve the conflicts: `git status` lists them
    hint: or, if they belong there: `--allow f`
    [exit status: 1]
    ");
    sandbox.run(&studio, "git mutable-snapshot --allow f").ok();
}

#[test]
fn an_unborn_branch_and_a_branch_called_scratch_are_named() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.sh(&studio, "git switch -q --orphan fresh; echo x >x").ok();
    assert_snapshot!(refused(&sandbox, &studio, "git mutable-snapshot"), @"
    ------- stderr -------
    error: nothing has been committed on the branch `fresh` yet
    hint: go to a branch that has commits: `git switch main`
    [exit status: 1]
    ");
    let other = sandbox.studio("other");
    sandbox.sh(&other, "git switch -q main; git branch -q -D $(git branch --list 'scratch/*' --format='%(refname:short)'); git branch scratch; echo x >x").ok();
    assert_snapshot!(refused(&sandbox, &other, "git mutable-snapshot"), @"
    ------- stderr -------
    error: a branch called `scratch` is in the way: git cannot have `scratch/…` beside it
    hint: rename it: `git branch --move scratch old-scratch`
    [exit status: 1]
    ");
}

#[test]
fn settings_that_are_not_toml_or_not_known_stop_it() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("studio.toml"), "targte = \"home\"\n");
    assert_snapshot!(refused(&sandbox, &studio, "git mutable-snapshot"), @"
    ------- stderr -------
    error: `[SANDBOX]/home/.local/share/studio/studios/try/studio.toml` has a setting `targte` that is not known
    hint: did you mean `target`?
    [exit status: 1]
    ");
    sandbox.write(studio.join("studio.toml"), "target = \n");
    assert_snapshot!(refused(&sandbox, &studio, "git mutable-snapshot"), @"
    ------- stderr -------
    error: `[SANDBOX]/home/.local/share/studio/studios/try/studio.toml` is not TOML
      TOML parse error at line 1, column 10
        |
      1 | target = 
        |          ^
      string values must be quoted, expected literal string
    [exit status: 1]
    ");
}

#[test]
fn an_index_that_somebody_holds_is_named() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.sh(&studio, "echo x >x; touch .git/index.lock").ok();
    let outcome = sandbox.run(&studio, "git mutable-snapshot");
    assert_snapshot!(outcome.fails(1), @"
    ------- stderr -------
    error: another git command holds the index: `[SANDBOX]/home/.local/share/studio/studios/try/.git/index.lock` exists
    hint: wait for it; if there is none, it died: `rm [SANDBOX]/home/.local/share/studio/studios/try/.git/index.lock`
    [exit status: 1]
    ");
    sandbox.sh(&studio, "rm .git/index.lock").ok();
    sandbox.run(&studio, "git mutable-snapshot").ok();
}

#[test]
fn a_file_that_cannot_be_read_or_keeps_changing_stops_it() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    // A filter that is required and fails.
    sandbox.sh(&studio, "echo '*.enc filter=crypt' >.gitattributes; git config filter.crypt.clean false; git config filter.crypt.required true; echo x >s.enc").ok();
    assert_snapshot!(refused(&sandbox, &studio, "git mutable-snapshot"), @r#"
    ------- stderr -------
    error: `s.enc` cannot be read
      Driver process cd "[SANDBOX]/home/.local/share/studio/studios/try" && GIT_DIR="[SANDBOX]/home/.local/share/studio/studios/try/.git" GIT_WORK_TREE="[SANDBOX]/home/.local/share/studio/studios/try" "false" failed, exit_code=1, exit_status="exit status: 1", program="false"
    hint: nothing was changed; mend it or ignore it (`.gitignore`), and try again
    [exit status: 1]
    "#);
    // A filter that itself changes the file: a writer that never rests.
    sandbox.sh(&studio, "git config filter.crypt.clean 'date +%N >>s.enc; cat'; git config filter.crypt.required false").ok();
    let outcome = sandbox.run(&studio, "git mutable-snapshot");
    assert_snapshot!(outcome.fails(1), @"
    ------- stderr -------
    error: `s.enc` keeps changing while it is read
    hint: stop what writes to it, or ignore it (`.gitignore`), and try again; nothing was changed
    [exit status: 1]
    ");
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    // The whole STUDIO_HOME on a real file system that is filled to the brim before the snapshot.
    let script = "mkdir -p small && exec unshare --user --map-root-user --mount sh -eu -c '
        mount -t tmpfs -o size=3m tmpfs small; export STUDIO_HOME=$PWD/small
        cd $(studio try -q --upstream $PWD/upstream.git)
        head -c 200000 /dev/urandom >new.bin
        git mutable-snapshot --no-push >/dev/null
        head -c 200000 /dev/urandom >new.bin; echo n >other
        picture() { git for-each-ref; git --no-optional-locks status --porcelain; sha1sum .git/index new.bin other; ls ../../snapshots; }
        before=$(picture)
        dd if=/dev/zero of=$STUDIO_HOME/filler bs=1k 2>/dev/null || true
        code=0; git mutable-snapshot --no-push || code=$?
        test \"$before\" = \"$(picture)\" || { echo \"before $before after $(picture)\" >&2; exit 99; }
        rm $STUDIO_HOME/filler
        git mutable-snapshot --no-push -q >/dev/null
        test -z \"$(git status --porcelain)\"
        exit $code'";
    let outcome = sandbox.sh("", script);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(outcome.stderr.contains("error: "), "{outcome}");
    assert!(outcome.stderr.contains("hint: free some space"), "{outcome}");
}

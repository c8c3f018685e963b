//! `git mutable-hydrate`: from everywhere, and never over uncommitted work.

use insta::assert_snapshot;
use testkit::Sandbox;

#[test]
fn a_state_comes_in_from_this_studio_a_snapshot_another_studio_and_origin() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.studio("one"), sandbox.studio("two"));
    sandbox.write(one.join("from-one.nix"), "{ }\n");
    let snapshot = sandbox.run(&one, "git mutable-snapshot --no-push").ok();
    let id = snapshot.rsplit('/').next().expect("id");
    assert_snapshot!(sandbox.run(&two, &format!("git mutable-hydrate {}", &id[..10])), @"
    scratch/20260102-030405-644e
    ------- stderr -------
    now on `scratch/20260102-030405-644e` at b29f9173472f, found in the snapshot b29f9173472f
    ");
    assert_eq!(sandbox.read(two.join("from-one.nix")), "{ }\n");

    // A branch of this studio's own is checked out itself.
    let scratch = sandbox.run(&two, "git rev-parse --abbrev-ref @{-1}").ok();
    assert_snapshot!(sandbox.run(&two, &format!("git mutable-hydrate {scratch}")), @"
    scratch/20260102-030405-d692
    ------- stderr -------
    now on `scratch/20260102-030405-d692` at 2a52b31a66f9, found in this studio
    ");
    assert!(!two.join("from-one.nix").exists());

    // A branch that only another studio has.
    sandbox
        .sh(&one, "git switch -qc mine; echo m >mine.nix; git add mine.nix; git commit -qm mine")
        .ok();
    assert_snapshot!(sandbox.run(&two, "git mutable-hydrate one:mine"), @"
    scratch/20260102-030405-d530
    ------- stderr -------
    now on `scratch/20260102-030405-d530` at eea691fcd710, found in the studio `one`
    ");
    assert_eq!(sandbox.read(two.join("mine.nix")), "m\n");

    // What came to origin after the studio was made.
    sandbox.push_upstream("later.nix", "l\n");
    sandbox.sh("seed", "git tag v1 && git push -q ../upstream.git v1").ok();
    assert_snapshot!(sandbox.run(&two, "git mutable-hydrate v1"), @"
    scratch/20260102-030405-fae2
    ------- stderr -------
    asking origin ...
    now on `scratch/20260102-030405-fae2` at 9434f051ffe4, found in origin
    ");
    assert_eq!(sandbox.read(two.join("later.nix")), "l\n");
    assert_snapshot!(sandbox.run(&two, "git mutable-hydrate v1"), @"
    scratch/20260102-030405-fae2
    ------- stderr -------
    `scratch/20260102-030405-fae2` is at 9434f051ffe4 already
    ");
    assert_snapshot!(sandbox.run(&two, "git mutable-log"), @"
    e3100e8a826e  2026-01-02 03:04  hydrated `scratch/20260102-030405-fae2` from origin at 9434f051ffe4  (`scratch/20260102-030405-fae2` at 9434f051ffe4)
    5d2bc893bcc0  2026-01-02 03:04  hydrated `scratch/20260102-030405-d530` from the studio `one` at eea691fcd710  (`scratch/20260102-030405-d530` at eea691fcd710)
    bf2c5daa367f  2026-01-02 03:04  hydrated `scratch/20260102-030405-d692` from this studio at 2a52b31a66f9  (`scratch/20260102-030405-d692` at 2a52b31a66f9)
    da2e6629b46f  2026-01-02 03:04  hydrated `scratch/20260102-030405-644e` from the snapshot b29f9173472f at b29f9173472f  (`scratch/20260102-030405-644e` at b29f9173472f)
    ");
}

#[test]
fn uncommitted_work_is_saved_first_and_undo_brings_all_of_it_back() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox
        .sh(
            &studio,
            "echo one >staged; git add staged; echo two >staged; echo n >new; rm hosts/demo.nix",
        )
        .ok();
    let before =
        (sandbox.picture(&studio), sandbox.sh(&studio, "git status -s; git diff --cached").ok());
    assert_snapshot!(sandbox.run(&studio, "git mutable-hydrate main"), @"
    scratch/20260102-030405-4875
    ------- stderr -------
    saved uncommitted work on `scratch/20260102-030405-d674`: hosts/demo.nix, new and 1 more
    now on `scratch/20260102-030405-4875` at 2a52b31a66f9, found in this studio
    ");
    assert_eq!(sandbox.run(&studio, "git status --porcelain").ok(), "");
    assert!(!studio.join("new").exists());
    assert_snapshot!(sandbox.run(&studio, "git mutable-undo"), @"
    ------- stderr -------
    took back: hydrated `scratch/20260102-030405-4875` from this studio at 2a52b31a66f9
    HEAD is on `scratch/20260102-030405-d674` at 9488b1c1d7cf
    ");
    assert_eq!(sandbox.picture(&studio), before.0);
    assert_snapshot!(sandbox.run(&studio, "git mutable-undo"), @"
    ------- stderr -------
    took back: saved hosts/demo.nix, new and 1 more
    HEAD is on `scratch/20260102-030405-d674` at 2a52b31a66f9
    ");
    assert_eq!(
        (sandbox.picture(&studio), sandbox.sh(&studio, "git status -s; git diff --cached").ok()),
        before
    );
    // And forward again, both steps.
    sandbox.run(&studio, "git mutable-redo").ok();
    sandbox.run(&studio, "git mutable-redo").ok();
    assert!(!studio.join("new").exists());
    assert_snapshot!(sandbox.run(&studio, "git mutable-redo").fails(1), @"
    ------- stderr -------
    error: there is nothing to do again
    hint: see what was done: `git mutable-log`
    [exit status: 1]
    ");
}

#[test]
fn an_ignored_file_is_never_overwritten() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.sh("seed", "echo theirs >build.log; git add -f build.log; git commit -qm log; git push -q ../upstream.git HEAD:logs").ok();
    sandbox.write(studio.join("build.log"), "mine\n");
    assert_snapshot!(sandbox.run(&studio, "git mutable-hydrate logs").fails(1), @"
    ------- stderr -------
    asking origin ...
    error: the files of 86aa1b8d5b7a cannot be put in place; they are as they were
      error: The following untracked working tree files would be overwritten by checkout:
      	build.log
      Please move or remove them before you switch branches.
      Aborting
    hint: move the files that git names out of the way, and try again
    [exit status: 1]
    ");
    assert_eq!(sandbox.read(studio.join("build.log")), "mine\n");
    assert_eq!(sandbox.run(&studio, "git status --porcelain").ok(), "");
}

#[test]
fn the_users_hook_is_run_and_the_way_back_is_known_to_git() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.push_upstream("later.nix", "l\n");
    sandbox.sh(&studio, "git fetch -q; echo '#!/bin/sh\necho \"$@\" >../hook' >.git/hooks/post-checkout; chmod +x .git/hooks/post-checkout").ok();
    let before = sandbox.sh(&studio, "git rev-parse HEAD; git symbolic-ref --short HEAD").ok();
    let (old, branch) = before.split_once('\n').expect("two lines");
    sandbox.run(&studio, "git mutable-hydrate origin/main").ok();
    let new = sandbox.run(&studio, "git rev-parse HEAD").ok();
    assert_eq!(sandbox.read(studio.join("../hook")).trim_end(), format!("{old} {new} 1"));
    assert_eq!(sandbox.run(&studio, "git rev-parse --abbrev-ref @{-1}").ok(), branch);
    // A hook that fails is said; the files are there by then.
    sandbox.write(studio.join(".git/hooks/post-checkout"), "#!/bin/sh\necho no >&2; exit 1\n");
    assert_snapshot!(sandbox.run(&studio, &format!("git mutable-hydrate {branch}")), @"
    scratch/20260102-030405-d674
    ------- stderr -------
    warning: the hook `post-checkout` failed; everything else is done
             no
    now on `scratch/20260102-030405-d674` at 2a52b31a66f9, found in this studio
    ");
    assert_eq!(sandbox.run(&studio, "git status --porcelain").ok(), "");
    sandbox.run(&studio, "git switch -q -").fails(1);
    assert_eq!(sandbox.run(&studio, "git rev-parse HEAD").ok(), new);
}

#[test]
fn a_name_that_nothing_has_is_said() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    assert_snapshot!(sandbox.run(&studio, "git mutable-hydrate nowhere").fails(1), @"
    ------- stderr -------
    asking origin ...
    error: nothing is called `nowhere` in this studio, the snapshots, other studios or origin
    hint: see what there is: `git branch --all`, `git mutable-log`, `studio --list`
    [exit status: 1]
    ");
    sandbox.run_words(&studio, &["git", "mutable-hydrate", "--", "-f"]).fails(2);
    sandbox.run_words(&studio, &["git", "mutable-hydrate", ""]).fails(2);
    sandbox.run(&studio, "git mutable-hydrate").fails(2);
}

#[test]
fn submodules_follow_even_when_only_a_snapshot_has_their_commit() {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    sandbox.add_input("motd");
    let one = sandbox.studio("one");
    sandbox.write(one.join("inputs/motd/message"), "changed\n");
    let outcome = sandbox.run(&one, "git mutable-snapshot --no-push");
    // `.gitmodules` names a folder of the sandbox, so the ids differ from run to run.
    insta::with_settings!({ filters => testkit::filters() }, {
        assert_snapshot!(outcome, @"
        [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]
        ------- stderr -------
        committed inputs/motd on `scratch/[ID]` as [COMMIT]
        ");
    });
    let snapshot = outcome.ok();
    assert_eq!(sandbox.read(format!("{snapshot}/inputs/motd/message")), "changed\n");
    assert_eq!(sandbox.run(&snapshot, "git status --porcelain").ok(), "");
    sandbox.run("", "studio --remove one --force").ok();
    let two = sandbox.studio("two");
    let id = snapshot.rsplit('/').next().expect("id");
    sandbox.run(&two, &format!("git mutable-hydrate {id}")).ok();
    assert_eq!(sandbox.read(two.join("inputs/motd/message")), "changed\n");
    sandbox.run(&two, "git mutable-undo").ok();
    assert_eq!(sandbox.read(two.join("inputs/motd/message")), "hello\n");
}

#[test]
fn a_state_whose_submodule_cannot_be_got_is_refused_before_anything_moves() {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    sandbox.add_input("motd");
    let studio = sandbox.studio("try");
    // A commit of the submodule that nobody has.
    let script =
        "git update-index --cacheinfo 160000,1111111111111111111111111111111111111111,inputs/motd
         git commit -qm nowhere && git rev-parse HEAD && git reset -q --hard HEAD~1
         git submodule --quiet update";
    let commit = sandbox.sh(&studio, script).ok();
    let state =
        "git status --porcelain --branch; git rev-parse HEAD; git -C inputs/motd rev-parse HEAD";
    let before = sandbox.sh(&studio, state).ok();
    let outcome = sandbox.run(&studio, &format!("git mutable-hydrate {commit}"));
    outcome.fails(1);
    assert!(
        outcome
            .stderr
            .starts_with("error: the submodule `inputs/motd` cannot be got at 111111111111"),
        "{outcome}"
    );
    assert_eq!(sandbox.sh(&studio, state).ok(), before);
}

#[test]
fn killed_at_any_moment_nothing_is_lost_and_the_next_run_succeeds() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.push_upstream("many.nix", "many\n");
    let mut killed = 0;
    let rounds = testkit::rounds(30, 150);
    for step in 0..rounds {
        let target = if step % 2 == 0 { "origin/main" } else { "main" };
        let text = format!("precious {step}\n");
        sandbox.write(studio.join("precious"), &text);
        let end = sandbox.killed(
            &studio,
            &["git", "mutable-hydrate", target],
            std::time::Duration::from_millis(step % 30 * 3),
            step % 3 != 0,
        );
        killed += usize::from(end == testkit::End::Killed);
        sandbox.run(&studio, &format!("git mutable-hydrate {target}")).ok();
        assert_eq!(sandbox.run(&studio, "git status --porcelain").ok(), "", "step {step}");
        // What was uncommitted is in some commit of some branch.
        let script = "git log --branches --format= --raw --abbrev=40 -- precious | awk '$4 !~ /^0+$/ {print $4}' | sort -u | xargs -n 1 git cat-file blob";
        let found = sandbox.sh(&studio, script).ok();
        assert!(
            found.lines().any(|line| line == text.trim_end()),
            "step {step}: `{text}` is nowhere"
        );
    }
    assert!(killed > 8, "only {killed} of {rounds} runs were killed at work");
}

#[test]
fn whatever_the_log_prints_can_be_hydrated() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("motd"), "one\n");
    sandbox.run(&studio, "git mutable-snapshot --no-push").ok();
    sandbox.write(studio.join("motd"), "two\n");
    sandbox.run(&studio, "git mutable-snapshot --no-push").ok();
    // The files of the second are uncommitted after this.
    sandbox.run(&studio, "git mutable-undo").ok();
    sandbox.run(&studio, "git mutable-scratch").ok();
    sandbox.run(&studio, "git mutable-hydrate main").ok();
    let log = sandbox.run(&studio, "git mutable-log").ok();
    assert_snapshot!(log, @"
    c025a41738fa  2026-01-02 03:04  hydrated `scratch/20260102-030405-4875` from this studio at 2a52b31a66f9  (`scratch/20260102-030405-4875` at 2a52b31a66f9)
    9cabe5dea4e8  2026-01-02 03:04  saved motd  (`scratch/20260102-030405-31dc` at 286f61cd8f47)
    515bd8b6492f  2026-01-02 03:04  cut `scratch/20260102-030405-31dc` from `scratch/20260102-030405-d674` at 0233dfed6883  (`scratch/20260102-030405-31dc` at 0233dfed6883)
    72fa5bca137a  2026-01-02 03:04  undo: snapshot of motd  (`scratch/20260102-030405-d674` at 0233dfed6883)
    dc2704247c00  2026-01-02 03:04  snapshot of motd  (`scratch/20260102-030405-d674` at 286f61cd8f47)
    76978f34788b  2026-01-02 03:04  snapshot of motd  (`scratch/20260102-030405-d674` at 0233dfed6883)
    ");
    let mut came = String::new();
    for line in log.lines() {
        let id = &line[..12];
        let hydrated = sandbox.run(&studio, &format!("git mutable-hydrate {id}"));
        let how = hydrated.stderr.lines().last().unwrap_or_default().to_owned();
        let motd = sandbox
            .sh(
                &studio,
                "cat motd 2>/dev/null || echo none; git status --porcelain; git log -1 --format=%s",
            )
            .ok();
        came.push_str(&format!("{how}: {}\n", motd.replace('\n', ", ")));
        assert!(!studio.join("operation.json").exists(), "{line}");
    }
    assert_snapshot!(came, @"
    `scratch/20260102-030405-4875` is at 2a52b31a66f9 already: none, first
    now on `scratch/20260102-030405-5d6f` at 286f61cd8f47, found in the log of this studio: two, wip: motd
    now on `scratch/20260102-030405-f99e` at 0233dfed6883, found in the log of this studio: one, wip: motd
    now on `scratch/20260102-030405-9203` at 96619faa67ef, found in the log of this studio: two, wip: uncommitted after undo: snapshot of motd
    now on `scratch/20260102-030405-0c13` at 286f61cd8f47, found in the log of this studio: two, wip: motd
    now on `scratch/20260102-030405-a15f` at 0233dfed6883, found in the log of this studio: one, wip: motd
    ");
    // All other digits in it are commits.
    for word in log.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() == 12) {
        sandbox.run(&studio, &format!("git mutable-hydrate {word}")).ok();
    }
}

#[test]
fn a_snapshot_that_was_cleaned_away_with_its_studio_is_found_while_another_grew_from_it() {
    let sandbox = Sandbox::new();
    // Before: a new one has the objects of the mirror itself.
    let studio = sandbox.studio("try");
    let old = sandbox.studio("old");
    let mut taken = vec![];
    for text in ["one", "two"] {
        sandbox.write(old.join("motd"), text);
        let path = sandbox.run(&old, "git mutable-snapshot --no-push").ok();
        let days = 30 - taken.len();
        let touch = format!("touch -d @{} {path}", testkit::NOW - days as i64 * 86_400);
        sandbox.sh("", &touch).ok();
        taken.push(path);
    }
    sandbox.run("", "studio --remove old --force").ok();
    sandbox.run("", "studio --clean --keep 1 --younger-than 0 --yes").ok();
    assert!(!std::path::Path::new(&taken[0]).exists());
    let id = taken[0].rsplit('/').next().expect("an id");
    let outcome = sandbox.run(&studio, &format!("git mutable-hydrate {}", &id[..12]));
    outcome.ok();
    let found = format!("at {}, found in the mirror\n", &id[..12]);
    assert!(outcome.stderr.ends_with(&found), "{outcome}");
    assert_eq!(sandbox.read(studio.join("motd")), "one");
}

/// Somebody's fetch was killed while it unpacked single objects: the commit is there, its files are not.
#[test]
fn a_commit_that_came_in_half_is_got_again_from_where_it_is_whole() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let other = sandbox.studio("other");
    sandbox.write(other.join("motd"), "one");
    let snapshot = sandbox.run(&other, "git mutable-snapshot --no-push").ok();
    let id = snapshot.rsplit('/').next().expect("an id");
    let half =
        format!("git -C {other} cat-file commit {id} | git hash-object -t commit -w --stdin");
    assert_eq!(sandbox.sh(&studio, &half).ok().trim_end(), id);
    sandbox.run(&studio, &format!("git mutable-hydrate {id}")).ok();
    assert_eq!(sandbox.read(studio.join("motd")), "one");
    sandbox
        .sh(&studio, &format!("git fsck --connectivity-only && git cat-file -e {id}^{{tree}}"))
        .ok();

    // One whose files are nowhere.
    let nowhere = sandbox
        .sh(
            &studio,
            "printf 'tree %040d\\nauthor A <a@b> 1 +0000\\ncommitter A <a@b> 1 +0000\\n\\nhalf\\n' 1 \\
             | git hash-object -t commit -w --stdin --literally",
        )
        .ok();
    let head = sandbox.run(&studio, "git rev-parse HEAD").ok();
    assert_snapshot!(sandbox.run(&studio, &format!("git mutable-hydrate {nowhere}")).fails(1), @"
    ------- stderr -------
    asking origin ...
    error: the commit b801ba82a186 is here without all of its files: fetching it was interrupted once
    hint: get the rest: `git fetch --refetch origin`
    [exit status: 1]
    ");
    assert_eq!(sandbox.run(&studio, "git rev-parse HEAD").ok(), head);
}

//! `git mutable-snapshot`: what goes in, what comes out, and what the user's repository looks like afterwards.

use insta::assert_snapshot;
use testkit::Sandbox;

#[test]
fn everything_uncommitted_goes_in_and_the_snapshot_is_a_clean_read_only_checkout_of_it() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("hosts/demo.nix"), "{ hostName = \"changed\"; }\n");
    sandbox.write(studio.join("modules/new.nix"), "{ }\n");
    sandbox.write(studio.join("build.log"), "ignored\n");
    let outcome = sandbox.run_words(&studio, &["git", "mutable-snapshot", "-m", "change the host"]);
    assert_snapshot!(outcome, @"
    [SANDBOX]/home/.local/share/studio/snapshots/89752f60abd7ce109787c3e6331a4413a51586e7
    ------- stderr -------
    committed hosts/demo.nix and modules/new.nix on `scratch/20260102-030405-d674` as 89752f60abd7
    pushed `scratch/20260102-030405-d674` to origin
    ");
    let snapshot = outcome.ok();
    assert_snapshot!(sandbox.sh(&snapshot, "git status; git log --oneline; git show --stat --format=%an,%s"), @"
    Not currently on any branch.
    nothing to commit, working tree clean
    89752f6 change the host
    2a52b31 first
    Ada,change the host

     hosts/demo.nix  | 2 +-
     modules/new.nix | 1 +
     2 files changed, 2 insertions(+), 1 deletion(-)
    ");
    assert_snapshot!(sandbox.sh(&snapshot, "find . -path ./.git/objects -prune -o -printf '%M %p\\n' | LC_ALL=C sort -k2"), @"
    dr-xr-xr-x .
    dr-xr-xr-x ./.git
    -r--r--r-- ./.git/HEAD
    -r--r--r-- ./.git/config
    -r--r--r-- ./.git/index
    dr-xr-xr-x ./.git/refs
    dr-xr-xr-x ./.git/refs/heads
    dr-xr-xr-x ./.git/refs/tags
    -r--r--r-- ./.gitignore
    -r--r--r-- ./flake.nix
    dr-xr-xr-x ./hosts
    -r--r--r-- ./hosts/demo.nix
    dr-xr-xr-x ./modules
    -r--r--r-- ./modules/new.nix
    ");
    assert_snapshot!(sandbox.sh(&studio, "git status -sb; git ls-remote origin; cat build.log"), @"
    ## scratch/20260102-030405-d674
    2a52b31a66f9ae3d5fd576d26ad8e2c92e02118f	HEAD
    2a52b31a66f9ae3d5fd576d26ad8e2c92e02118f	refs/heads/main
    89752f60abd7ce109787c3e6331a4413a51586e7	refs/heads/scratch/20260102-030405-d674
    ignored
    ");
}

#[test]
fn without_a_change_the_same_path_comes_out_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("new.nix"), "{ }\n");
    let first = sandbox.run(&studio, "git mutable-snapshot").ok();
    let listing = "find .git ../../snapshots ../../mirrors -printf '%p %T@ %i\\n' | grep -v 'studio/lock\\|\\.git/studio \\|\\.git \\|undertaking' | sort";
    let before = sandbox.sh(&studio, listing).ok();
    let again = sandbox.run(&studio, "git mutable-snapshot");
    assert_snapshot!(again, @"
    [SANDBOX]/home/.local/share/studio/snapshots/f5860f79a14db8ed67123d88dde6494872e98391
    ------- stderr -------
    nothing to commit; this is the snapshot f5860f79a14d
    ");
    assert_eq!(again.ok(), first);
    assert_eq!(sandbox.sh(&studio, listing).ok(), before);
}

#[test]
fn deleted_moved_and_odd_files_come_out_as_git_itself_would_have_them() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let script = r#"
        printf '*.crlf text eol=crlf\n*.up filter=up\n' >.gitattributes
        git config filter.up.clean 'tr a-z A-Z'; git config filter.up.smudge 'tr A-Z a-z'
        mkdir -p dir old; echo x >dir/file; echo y >old/a; echo z >becomes-dir; echo w >tool; chmod +x tool
        ln -s dir link; ln -s loop loop
        git add -A; git commit -qm base
        rm -r dir; echo now-a-file >dir
        rm becomes-dir; mkdir becomes-dir; echo in >becomes-dir/in
        git mv old/a 'with space'
        chmod -x tool; ln -sfn elsewhere link
        printf 'a\r\nb\r\n' >windows.crlf; echo shout >loud.up
        printf 'n' >"$(printf 'new\nline')"; printf 'u' >"$(printf 'not-utf8-\377')"; echo ü >über
        echo staged >staged; git add staged; echo more >>staged
        git add -N intent 2>/dev/null || { echo i >intent; git add -N intent; }
        echo gone >gone; git add gone; rm gone
        mkdir empty; mkfifo fifo
        echo forced >forced.log; git add -f forced.log
    "#;
    sandbox.sh(&studio, script).ok();
    // What git makes of it, in an index of its own.
    let expected = sandbox
        .sh(&studio, "export GIT_INDEX_FILE=$PWD/../reference; cp .git/index $GIT_INDEX_FILE; git add -A; git write-tree; rm $GIT_INDEX_FILE")
        .ok();
    let outcome = sandbox.run(&studio, "git mutable-snapshot");
    assert_snapshot!(outcome, @"
    [SANDBOX]/home/.local/share/studio/snapshots/9a8ae709cf87ac216dc7adb9f1dbc948bcf36b07
    ------- stderr -------
    warning: `fifo` is left out: git cannot hold sockets, FIFOs and devices
    committed becomes-dir, becomes-dir/in and 14 more on `scratch/20260102-030405-d674` as 9a8ae709cf87
    pushed `scratch/20260102-030405-d674` to origin
    ");
    let snapshot = outcome.ok();
    assert_eq!(sandbox.run(&snapshot, "git rev-parse HEAD^{tree}").ok(), expected);
    // Filters of the user's configuration are not in the snapshot's, so git reads the files as they are.
    assert_snapshot!(sandbox.sh(&snapshot, "git status --porcelain; readlink link loop; cat loud.up; stat -c '%A %n' tool becomes-dir dir"), @"
    elsewhere
    loop
    shout
    -r--r--r-- tool
    dr-xr-xr-x becomes-dir
    -r--r--r-- dir
    ");
    assert_eq!(sandbox.sh(&studio, "git status --porcelain").ok(), "");
}

#[test]
fn on_main_or_detached_a_scratch_branch_is_cut_first() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.sh(&studio, "git switch -q main; echo x >x").ok();
    assert_snapshot!(sandbox.run(&studio, "git mutable-snapshot"), @"
    [SANDBOX]/home/.local/share/studio/snapshots/c7a733efc4fd1b43ebddf52c969a4599fee5f979
    ------- stderr -------
    committed x on `scratch/20260102-030405-4875` as c7a733efc4fd
    pushed `scratch/20260102-030405-4875` to origin
    ");
    assert_snapshot!(sandbox.sh(&studio, "git status -sb; git log --oneline -1 main"), @"
    ## scratch/20260102-030405-4875
    2a52b31 first
    ");
    sandbox.sh(&studio, "git switch -q --detach; echo y >y").ok();
    assert_snapshot!(sandbox.run(&studio, "git mutable-snapshot"), @"
    [SANDBOX]/home/.local/share/studio/snapshots/cf19effd9c7b5ed08e149dc4fe029fb3675cf734
    ------- stderr -------
    committed y on `scratch/20260102-030405-93d4` as cf19effd9c7b
    pushed `scratch/20260102-030405-93d4` to origin
    ");
    // A branch of the user's own is theirs to work on, and is not pushed.
    sandbox.sh(&studio, "git switch -qc feature; echo z >z").ok();
    assert_snapshot!(sandbox.run(&studio, "git mutable-snapshot"), @"
    [SANDBOX]/home/.local/share/studio/snapshots/0acd06e9dc5b89a8f24cbf4a70f62f58ded2e520
    ------- stderr -------
    committed z on `feature` as 0acd06e9dc5b
    ");
}

#[test]
fn what_was_staged_is_in_the_log_and_comes_back() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.sh(&studio, "echo one >f; git add f; echo two >f; echo u >untracked").ok();
    let index = "git diff --cached; git status -s";
    let before = sandbox.sh(&studio, index).ok();
    sandbox.run(&studio, "git mutable-snapshot").ok();
    assert_eq!(sandbox.sh(&studio, index).ok(), "");
    sandbox.run(&studio, "git mutable-undo").ok();
    assert_eq!(sandbox.sh(&studio, index).ok(), before);
    assert_eq!(sandbox.run(&studio, "git show :f").ok(), "one");
}

#[test]
fn an_unreachable_remote_is_a_warning_and_the_snapshot_stands() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.sh(&studio, "echo x >x; git remote set-url origin /nonexistent/flake.git").ok();
    assert_snapshot!(sandbox.run(&studio, "git mutable-snapshot"), @"
    [SANDBOX]/home/.local/share/studio/snapshots/c7a733efc4fd1b43ebddf52c969a4599fee5f979
    ------- stderr -------
    committed x on `scratch/20260102-030405-d674` as c7a733efc4fd
    warning: `scratch/20260102-030405-d674` was not pushed; everything else is done
             fatal: '/nonexistent/flake.git' does not appear to be a git repository
             fatal: Could not read from remote repository.
             Please make sure you have the correct access rights
             and the repository exists.
    hint: push it later: `git push origin scratch/20260102-030405-d674`
    ");
    sandbox.write(studio.join("y"), "y\n");
    assert_snapshot!(sandbox.run(&studio, "git mutable-snapshot --no-push"), @"
    [SANDBOX]/home/.local/share/studio/snapshots/cf19effd9c7b5ed08e149dc4fe029fb3675cf734
    ------- stderr -------
    committed y on `scratch/20260102-030405-d674` as cf19effd9c7b
    ");
}

#[test]
fn a_snapshot_outlives_its_studio() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("x.nix"), "{ }\n");
    let snapshot = sandbox.run(&studio, "git mutable-snapshot --no-push").ok();
    sandbox.run("", "studio --remove try --force").ok();
    assert_eq!(sandbox.run(&snapshot, "git fsck --strict --no-dangling").ok(), "");
    let other = sandbox.studio("other");
    let id = snapshot.rsplit('/').next().expect("id");
    assert_snapshot!(sandbox.run(&other, &format!("git mutable-hydrate {}", &id[..8])), @"
    scratch/20260102-030405-cee0
    ------- stderr -------
    now on `scratch/20260102-030405-cee0` at 1b752af8313e, found in this studio
    ");
    assert_eq!(sandbox.read(other.join("x.nix")), "{ }\n");
}

#[test]
fn run_from_a_subfolder_a_linked_worktree_or_with_git_dir_set_it_works_on_the_right_repository() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("hosts/two.nix"), "{ }\n");
    let from_below = sandbox.run(studio.join("hosts"), "git mutable-snapshot").ok();
    assert_eq!(sandbox.read(format!("{from_below}/hosts/two.nix")), "{ }\n");
    // By its own name, which keeps the current folder.
    assert_eq!(sandbox.run(studio.join("hosts"), "mutable-snapshot").ok(), from_below);

    sandbox.run(&studio, "git worktree add -q ../../../linked").ok();
    let linked = sandbox.studio_home().join("../linked");
    sandbox.write(linked.join("only-here.nix"), "{ }\n");
    let outcome = sandbox.run(&linked, "git mutable-snapshot");
    assert_snapshot!(outcome, @"
    [SANDBOX]/home/.local/share/studio/snapshots/96dd21ab38221eddba16a9a0e088b5f4f7665158
    ------- stderr -------
    committed only-here.nix on `linked` as 96dd21ab3822
    ");
    assert_eq!(sandbox.read(format!("{}/only-here.nix", outcome.ok())), "{ }\n");
    assert!(!studio.join("only-here.nix").exists());
    assert_eq!(sandbox.run(&studio, "git status --porcelain").ok(), "");
    // Each work tree has a log of its own.
    assert_snapshot!(sandbox.run(&linked, "git mutable-log"), @"28f8095ae8b9  2026-01-02 03:04  snapshot of only-here.nix  (`linked` at 96dd21ab3822)");

    let other = sandbox.studio("other");
    let words = ["env", &format!("GIT_DIR={other}/.git"), "mutable-snapshot"];
    assert_snapshot!(sandbox.run_words(&studio, &words).fails(1), @"
    ------- stderr -------
    error: `GIT_DIR` names `[SANDBOX]/home/.local/share/studio/studios/other/.git`, but this folder belongs to `[SANDBOX]/home/.local/share/studio/studios/try`
    hint: unset it: `unset GIT_DIR`, and go to the folder you mean
    [exit status: 1]
    ");
    let words = ["env", &format!("GIT_DIR={studio}/.git"), "mutable-snapshot"];
    sandbox.run_words(&studio, &words).ok();
}

#[test]
fn outside_a_studio_it_says_where_to_go() {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    assert_snapshot!(sandbox.run("", "mutable-snapshot").fails(1), @r#"
    ------- stderr -------
    error: `[SANDBOX]` is not in a git repository
    hint: go to a studio: `dir=$(studio --no-editor) && cd "$dir"`
    [exit status: 1]
    "#);
    assert_snapshot!(sandbox.run("seed", "mutable-snapshot").fails(1), @r#"
    ------- stderr -------
    error: `[SANDBOX]/seed` is neither a studio nor a snapshot
    hint: make a studio of it: `dir=$(studio NAME --upstream [SANDBOX]/seed) && cd "$dir"`
    [exit status: 1]
    "#);
    assert_snapshot!(sandbox.run("upstream.git", "mutable-snapshot").fails(1), @"
    ------- stderr -------
    error: `[SANDBOX]/upstream.git` is a bare repository
    hint: a studio has a work tree; make one: `studio NAME`
    [exit status: 1]
    ");
    let studio = sandbox.studio("try");
    let snapshot = sandbox.run(&studio, "git mutable-snapshot").ok();
    // In a snapshot it is the snapshot itself, and nothing else changes one.
    assert_eq!(sandbox.run(&snapshot, "mutable-snapshot").ok(), snapshot);
    assert_snapshot!(sandbox.run(&snapshot, "mutable-scratch").fails(1), @r#"
    ------- stderr -------
    error: `[SANDBOX]/home/.local/share/studio/snapshots/2a52b31a66f9ae3d5fd576d26ad8e2c92e02118f` is a snapshot, and snapshots do not change
    hint: work on it in a studio: `dir=$(studio NAME) && cd "$dir" && git mutable-hydrate 2a52b31a66f9`
    [exit status: 1]
    "#);
}

#[test]
fn nobody_to_be_the_author_is_said_and_stated() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write("home/.gitconfig", "[user]\n\tuseConfigOnly = true\n");
    sandbox.write(studio.join("x"), "x\n");
    let outcome = sandbox.run(&studio, "git mutable-snapshot");
    assert_snapshot!(outcome, @"
    [SANDBOX]/home/.local/share/studio/snapshots/660cac99182b70cc1368adabac9a07dfe5064388
    ------- stderr -------
    warning: git does not know who you are, so the commit is by `studio <studio@localhost>`
    hint: tell it: `git config --global user.name NAME` and `git config --global user.email ADDRESS`
    committed x on `scratch/20260102-030405-d674` as 660cac99182b
    pushed `scratch/20260102-030405-d674` to origin
    ");
    assert_snapshot!(sandbox.run(&studio, "git log -1 --format=%an,%ae,%cn,%ce"), @"studio,studio@localhost,studio,studio@localhost");
}

#[test]
fn an_exact_description_of_the_command_line() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.run("", "mutable-snapshot -h"), @"
    Commit everything and make an immutable snapshot of it

    Usage: git mutable-snapshot [OPTIONS]

    Options:
      -m, --message <TEXT>  The message of the commit
          --no-push         Push nothing
          --allow <PATH>    Take a file or folder although it is large, a repository or looks like a key
      -h, --help            Print help (see more with '--help')
      -V, --version         Print version

    Output:
      -q, --quiet    Say only what went wrong
      -v, --verbose  Say also which programs are run
    ");
    assert_snapshot!(sandbox.run("", "mutable-snapshot --help"), @r#"
    Commit everything and make an immutable snapshot of it

    All that is not ignored goes in: changed, new and deleted files, and the submodules under `inputs/`
    with their entries in `flake.lock`. The commit goes to a scratch branch, which is pushed where there
    is somewhere to push. The snapshot is a read-only checkout of exactly that commit; its path is
    printed. Without a change since the last one, that one is printed and nothing is written.

    Usage: git mutable-snapshot [OPTIONS]

    Options:
      -m, --message <TEXT>
              The message of the commit

          --no-push
              Push nothing

          --allow <PATH>
              Take a file or folder although it is large, a repository or looks like a key

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Output:
      -q, --quiet
              Say only what went wrong

      -v, --verbose
              Say also which programs are run

          --color <WHEN>
              Colours: auto, always or never
              
              [default: auto]

    Examples:
      # take a snapshot and go there, or stay where you are if it fails
      dir=$(git mutable-snapshot) && cd "$dir"
      # with a message, and without a network
      git mutable-snapshot -m 'try the new kernel' --no-push
      # take a large file on purpose
      git mutable-snapshot --allow wallpapers/big.png

    Exit status:
      0    done
      1    it could not be done, or a check said no
      2    wrong command line
      130  interrupted
    "#);
    assert_snapshot!(sandbox.run("", "mutable-snapshot --nonsense").fails(2), @"
    ------- stderr -------
    error: unexpected argument '--nonsense' found

    Usage: git mutable-snapshot [OPTIONS]

    For more information, try '--help'.
    [exit status: 2]
    ");
}

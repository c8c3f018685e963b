//! `studio`: making, opening, listing and removing studios, and every way in which that is refused.

use insta::assert_snapshot;
use testkit::Sandbox;

#[test]
fn a_fresh_studio_is_a_full_repository_of_the_true_upstream() {
    let sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    assert_snapshot!(sandbox.run("", &format!("studio try --upstream {upstream}")), @r#"
    [SANDBOX]/home/.local/share/studio/studios/try
    ------- stderr -------
    getting `[SANDBOX]/upstream.git` ...
    made the studio `try` of `[SANDBOX]/upstream.git`, on the new branch `scratch/20260102-030405-d674`
    hint: remember it with `--yes`, or write `upstream = "[SANDBOX]/upstream.git"` to `[SANDBOX]/home/.config/studio/config.toml`
    "#);
    let studio = sandbox.studio_home().join("studios/try");
    assert_snapshot!(sandbox.sh(&studio, "git remote -v; git status -sb; git log --oneline --all --decorate"), @"
    origin	[SANDBOX]/upstream.git (fetch)
    origin	[SANDBOX]/upstream.git (push)
    ## scratch/20260102-030405-d674
    2a52b31 (HEAD -> scratch/20260102-030405-d674, origin/main, origin/HEAD, main) first
    ");
    assert_eq!(sandbox.run(&studio, "git fsck --strict --no-dangling").ok(), "");
    // Nothing is borrowed, and packs and objects are the mirror's own files.
    assert!(!studio.join(".git/objects/info/alternates").exists());
    let links = sandbox.sh(&studio, "find .git/objects -type f -links 1 | wc -l").ok();
    assert_eq!(links.trim(), "0", "objects were copied, not linked");
}

#[test]
fn a_name_that_is_taken_is_refused_and_the_studio_is_untouched() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let before = sandbox.picture(&studio);
    let again = sandbox.run("", &format!("studio try --upstream {}/upstream.git", sandbox.root()));
    assert_snapshot!(again.fails(1), @"
    ------- stderr -------
    error: there is a studio `try` already, at `[SANDBOX]/home/.local/share/studio/studios/try`
    hint: go there: `cd [SANDBOX]/home/.local/share/studio/studios/try`; or take another name: `studio NAME`; or remove it: `studio --remove try`
    [exit status: 1]
    ");
    assert_eq!(sandbox.picture(&studio), before);
}

#[test]
fn bad_names_are_refused_before_anything_is_made() {
    let sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    for name in ["../x", "a/b", "", "..", "a\nb", "-f", &"x".repeat(300)] {
        let words = ["studio", "--upstream", upstream.as_str(), "--", name];
        sandbox.run_words("", &words).fails(2);
    }
    assert!(!sandbox.studio_home().exists());
    let words = ["studio", "--upstream", upstream.as_str(), "--", "a/b"];
    assert_snapshot!(sandbox.run_words("", &words), @"
    ------- stderr -------
    error: `a/b` cannot be the name of a studio: it contains a path separator
    hint: use letters, digits, `-`, `_` and `.`, for example `try-new-kernel`
    [exit status: 2]
    ");
}

#[test]
fn an_upstream_that_is_no_flake_empty_or_not_there_is_refused_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    let none = sandbox.run("", "studio try --upstream nowhere");
    assert_snapshot!(none.fails(1), @"
    ------- stderr -------
    error: the upstream `nowhere` is not there
      no such file or directory
    hint: give a URL that `git clone` takes, or the path of a repository
    [exit status: 1]
    ");
    sandbox.sh("", "git init -q empty && git init -q plain && cd plain && echo x >x && git add x && git commit -qm x").ok();
    assert_snapshot!(sandbox.run("", "studio try --upstream empty").fails(1), @"
    ------- stderr -------
    getting `[SANDBOX]/empty` ...
    error: the upstream `[SANDBOX]/empty` has no commit yet
    hint: commit a `flake.nix` there first: `git add flake.nix && git commit`
    [exit status: 1]
    ");
    assert_snapshot!(sandbox.run("", "studio try --upstream plain").fails(1), @"
    ------- stderr -------
    getting `[SANDBOX]/plain` ...
    error: the upstream `[SANDBOX]/plain` has no `flake.nix` at the top of `main`
    hint: give the repository of your flake: `studio --upstream URL`
    [exit status: 1]
    ");
    let studios = sandbox.studio_home().join("studios");
    assert_eq!(studios.read_dir_utf8().expect("list").count(), 0);
    let url = sandbox.run("", "studio try --upstream file:///nonexistent/flake.git");
    assert_snapshot!(url.fails(1), @"
    ------- stderr -------
    getting `file:///nonexistent/flake.git` ...
    error: the upstream `file:///nonexistent/flake.git` cannot be got
      fatal: '/nonexistent/flake.git' does not appear to be a git repository
      fatal: Could not read from remote repository.
      Please make sure you have the correct access rights
      and the repository exists.
    hint: try `git ls-remote file:///nonexistent/flake.git`; if that fails too, git says why
    [exit status: 1]
    ");
}

#[test]
fn the_repository_one_stands_in_is_the_upstream_when_nothing_else_is_said() {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    assert_snapshot!(sandbox.run("seed/hosts", "studio try"), @r#"
    [SANDBOX]/home/.local/share/studio/studios/try
    ------- stderr -------
    getting `[SANDBOX]/seed` ...
    made the studio `try` of `[SANDBOX]/seed`, on the new branch `scratch/20260102-030405-d674`
    hint: remember it with `--yes`, or write `upstream = "[SANDBOX]/seed"` to `[SANDBOX]/home/.config/studio/config.toml`
    "#);
    let studio = sandbox.studio_home().join("studios/try");
    // In a studio it is the studio's own upstream.
    sandbox.run(&studio, "studio other").ok();
    let other = sandbox.studio_home().join("studios/other");
    let url = |dir| sandbox.run(dir, "git config remote.origin.url").ok();
    assert_eq!(url(&other), url(&studio));
}

#[test]
fn the_upstream_is_remembered_on_yes_and_then_used_from_anywhere() {
    let mut sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    sandbox.run("", &format!("studio one --yes --upstream {upstream}")).ok();
    assert_eq!(
        sandbox.read("home/.config/studio/config.toml"),
        format!("upstream = \"{upstream}\"\n")
    );
    assert_snapshot!(sandbox.run("", "studio two"), @"
    [SANDBOX]/home/.local/share/studio/studios/two
    ------- stderr -------
    made the studio `two` of `[SANDBOX]/upstream.git`, on the new branch `scratch/20260102-030405-d692`
    ");
    assert_snapshot!(sandbox.run("", "studio --list"), @"
    one  2a52b31a66f9  scratch/20260102-030405-8fe5  [SANDBOX]/home/.local/share/studio/studios/one
    two  2a52b31a66f9  scratch/20260102-030405-d692  [SANDBOX]/home/.local/share/studio/studios/two
    ");
    assert_snapshot!(sandbox.run("", "studio --show-config"), @"
    home                [SANDBOX]/home/.local/share/studio  (default)
    upstream            [SANDBOX]/upstream.git  ([SANDBOX]/home/.config/studio/config.toml)
    studio              main  (default)
    editor              (not set)
    target              nixos  (default)
    host                (not set)
    elevate             auto  (default)
    confirm-within      (not set)
    activation-limit    10m  (default)
    clean.keep          20  (default)
    clean.younger-than  14d  (default)
    health              (not set)
    ");
    sandbox.set("STUDIO_ACTIVATION_LIMIT", "1h");
    let studio = sandbox.studio_home().join("studios/one");
    sandbox.write(
        studio.join("studio.toml"),
        "host = \"box\"\nconfirm-within = \"none\"\n[[health]]\nname = \"ssh\"\ncommand = [\"sshd-ok\"]\n\
         [[health]]\nname = \"web page\"\ncommand = [\"curl\", \"-f\", \"http://localhost\"]\n",
    );
    assert_snapshot!(sandbox.run(&studio, "studio --show-config"), @"
    home                [SANDBOX]/home/.local/share/studio  (default)
    upstream            [SANDBOX]/upstream.git  ([SANDBOX]/home/.config/studio/config.toml)
    studio              main  (default)
    editor              (not set)
    target              nixos  (default)
    host                box  ([SANDBOX]/home/.local/share/studio/studios/one/studio.toml)
    elevate             auto  (default)
    confirm-within      none  ([SANDBOX]/home/.local/share/studio/studios/one/studio.toml)
    activation-limit    1h  ($STUDIO_ACTIVATION_LIMIT)
    clean.keep          20  (default)
    clean.younger-than  14d  (default)
    health              ssh, web page  ([SANDBOX]/home/.local/share/studio/studios/one/studio.toml)
    ");
}

#[test]
fn the_reusable_studio_is_made_once_and_opened_in_the_editor() {
    let mut sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    sandbox.set("STUDIO_UPSTREAM", upstream.as_str());
    assert_snapshot!(sandbox.run("", "studio"), @r#"
    [SANDBOX]/home/.local/share/studio/studios/main
    ------- stderr -------
    getting `[SANDBOX]/upstream.git` ...
    made the studio `main` of `[SANDBOX]/upstream.git`, on the new branch `scratch/20260102-030405-5814`
    no editor is set, so none is opened
    hint: set one: `editor = "code"` in `config.toml`, or `VISUAL`, or `--editor`
    "#);
    assert_snapshot!(sandbox.run("", "studio --no-editor"), @"[SANDBOX]/home/.local/share/studio/studios/main");
    let echo = "printf 'editor opens %s\\n'";
    assert_snapshot!(sandbox.run_words("", &["studio", "--editor", echo]), @"
    [SANDBOX]/home/.local/share/studio/studios/main
    ------- stderr -------
    editor opens [SANDBOX]/home/.local/share/studio/studios/main
    ");
    sandbox.set("VISUAL", "sh -c 'exit 3' --");
    assert_snapshot!(sandbox.run("", "studio"), @"
    [SANDBOX]/home/.local/share/studio/studios/main
    ------- stderr -------
    warning: the editor `sh -c 'exit 3' --` ended with exit status 3
    ");
    sandbox.write(
        "home/.config/studio/config.toml",
        "editor = \"echo from config:\"\nstudio = \"mine\"\n",
    );
    assert_snapshot!(sandbox.run("", "studio"), @"
    [SANDBOX]/home/.local/share/studio/studios/mine
    ------- stderr -------
    made the studio `mine` of `[SANDBOX]/upstream.git`, on the new branch `scratch/20260102-030405-615d`
    from config: [SANDBOX]/home/.local/share/studio/studios/mine
    ");
}

#[test]
fn studios_do_not_see_each_other() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.studio("one"), sandbox.studio("two"));
    sandbox
        .sh(
            &one,
            "git config user.name Eve; echo x >x; git add x; git commit -qm x; git branch mine",
        )
        .ok();
    assert_snapshot!(sandbox.sh(&two, "git branch --list --all; git config user.name; git status -s"), @"
      main
    * scratch/20260102-030405-d692
      remotes/origin/HEAD -> origin/main
      remotes/origin/main
    Ada
    ");
}

#[test]
fn nothing_that_happens_to_the_mirror_or_another_studio_breaks_a_studio() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.studio("one"), sandbox.studio("two"));
    sandbox.run("", "studio --remove two").ok();
    assert!(!two.exists());
    sandbox.sh(sandbox.studio_home(), "rm -rf mirrors/*").ok();
    assert_eq!(sandbox.run(&one, "git fsck --strict --no-dangling").ok(), "");
    // Work goes on, too.
    sandbox.write(one.join("x"), "x\n");
    insta::with_settings!({ filters => testkit::filters() }, {
        assert_snapshot!(sandbox.run(&one, "git mutable-snapshot"), @"
        [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]
        ------- stderr -------
        warning: the mirror `[SANDBOX]/home/.local/share/studio/mirrors/upstream-[COMMIT]` is gone and is made again
        committed x on `scratch/[ID]` as [COMMIT]
        pushed `scratch/[ID]` to origin
        ");
    });
}

#[test]
fn a_studio_with_work_that_is_nowhere_else_is_not_removed() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("new.nix"), "{ }\n");
    assert_snapshot!(sandbox.run("", "studio --remove try").fails(1), @"
    ------- stderr -------
    error: the studio `try` has work that is nowhere else
      1 file not committed
    hint: keep it: `cd [SANDBOX]/home/.local/share/studio/studios/try && git mutable-snapshot`
    hint: or lose it: `studio --remove try --force`
    [exit status: 1]
    ");
    sandbox.sh(&studio, "git add . && git commit -qm work").ok();
    assert_snapshot!(sandbox.run("", "studio --remove try").fails(1), @"
    ------- stderr -------
    error: the studio `try` has work that is nowhere else
      1 commit in no snapshot and not pushed
    hint: keep it: `cd [SANDBOX]/home/.local/share/studio/studios/try && git mutable-snapshot`
    hint: or lose it: `studio --remove try --force`
    [exit status: 1]
    ");
    // In a snapshot, or pushed, it is somewhere else.
    sandbox.run(&studio, "git mutable-snapshot --no-push").ok();
    assert_snapshot!(sandbox.run("", "studio --remove try"), @"
    ------- stderr -------
    removed the studio `try`, which was at `[SANDBOX]/home/.local/share/studio/studios/try`
    ");
    assert_snapshot!(sandbox.run("", "studio --remove try").fails(1), @"
    ------- stderr -------
    error: there is no studio `try`
    hint: list them: `studio --list`
    [exit status: 1]
    ");
    let forced = sandbox.studio("forced");
    sandbox.write(forced.join("new.nix"), "{ }\n");
    sandbox.run("", "studio --remove forced --force").ok();
    assert!(!forced.exists());
}

#[test]
fn aliases_work_in_both_forms_whatever_is_on_path() {
    let mut sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.set("PATH", "/usr/local/bin:/usr/bin:/bin");
    for line in [
        "git mutable-snapshot",
        "git mutable snapshot",
        "git mutable-scratch",
        "git mutable log",
        "git flake-check -h",
        "git flake switch -h",
    ] {
        sandbox.run(&studio, line).ok();
    }
    assert_snapshot!(sandbox.run(&studio, "git mutable nonsense").fails(2), @"
    ------- stderr -------
    usage: git mutable <command>; commands: hydrate, log, rebase, redo, scratch, snapshot, undo
    [exit status: 2]
    ");
    let family = sandbox.run(&studio, "git mutable");
    assert_eq!(family.code, Some(2));
}

#[test]
fn an_unreachable_upstream_is_a_warning_once_there_is_a_mirror() {
    let sandbox = Sandbox::new();
    sandbox.studio("one");
    sandbox.sh("", "mv upstream.git away.git && mkdir upstream.git").ok();
    let url = sandbox.root().join("upstream.git");
    assert_snapshot!(sandbox.run("", &format!("studio two --upstream {url}")), @r#"
    [SANDBOX]/home/.local/share/studio/studios/two
    ------- stderr -------
    warning: `[SANDBOX]/upstream.git` cannot be reached, so its last known state is used
             fatal: '[SANDBOX]/upstream.git' does not appear to be a git repository
             fatal: Could not read from remote repository.
             Please make sure you have the correct access rights
             and the repository exists.
    made the studio `two` of `[SANDBOX]/upstream.git`, on the new branch `scratch/20260102-030405-d692`
    hint: remember it with `--yes`, or write `upstream = "[SANDBOX]/upstream.git"` to `[SANDBOX]/home/.config/studio/config.toml`
    "#);
}

#[test]
fn a_studio_home_that_cannot_be_written_or_is_full_is_a_clear_error() {
    let sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    sandbox.write("file", "");
    let words = [
        "env",
        &format!("STUDIO_HOME={}/file/home", sandbox.root()),
        "studio",
        "try",
        "--upstream",
        upstream.as_str(),
    ];
    assert_snapshot!(sandbox.run_words("", &words).fails(1), @"
    ------- stderr -------
    error: cannot make the folder `[SANDBOX]/file/home/studios`
      not a directory
    hint: a file stands where a folder is needed; choose another place
    [exit status: 1]
    ");
    // A real file system of 64 kB, in a mount namespace of its own.
    let script = format!(
        "mkdir -p full && exec unshare --user --map-root-user --mount sh -eu -c '
           mount -t tmpfs -o size=64k tmpfs full
           code=0; STUDIO_HOME=$PWD/full studio try --upstream {upstream} || code=$?
           ls -A full/studios >&2
           exit $code'"
    );
    // Which file git was at when the disk was full is not for us to say.
    let outcome = sandbox.sh("", &script);
    outcome.fails(1);
    assert!(outcome.stderr.contains("error: the "), "{outcome}");
    assert!(outcome.stderr.contains("No space left on device"), "{outcome}");
    assert!(outcome.stderr.contains("hint: free some space on that disk"), "{outcome}");
    // Nothing is listed below `studios`: the hint is the last line.
    assert!(outcome.stderr.trim_end().ends_with("nothing was changed"), "{outcome}");
}

#[test]
fn across_devices_objects_are_borrowed_from_a_mirror_that_is_never_pruned() {
    let sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    let script = format!(
        "mkdir -p home2/studios home2/snapshots && exec unshare --user --map-root-user --mount sh -eu -c '
           mount -t tmpfs -o size=4m tmpfs home2/studios; mount -t tmpfs -o size=4m tmpfs home2/snapshots
           export STUDIO_HOME=$PWD/home2
           cd $(studio try -q --upstream {upstream})
           cat .git/objects/info/alternates
           mirror=$(cat .git/objects/info/alternates)
           git -C $mirror prune 2>&1 || echo refused
           git -C $mirror gc --prune=now --quiet; git fsck --strict --no-dangling
           echo x >x; cd $(git mutable-snapshot -q); git fsck --strict --no-dangling; git log --oneline; git status -s'"
    );
    insta::with_settings!({ filters => testkit::filters() }, {
        assert_snapshot!(sandbox.sh("", &script), @"
        [SANDBOX]/home2/mirrors/upstream-[COMMIT]/objects
        fatal: cannot prune in a precious-objects repo
        refused
        c7a733e wip: x
        2a52b31 first
        ");
    });
}

#[test]
fn on_a_terminal_the_first_use_asks_whether_to_remember_the_upstream() {
    let sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    let ask = |name: &str, answer: &str| {
        let script = format!(
            "printf '{answer}\\n' | script -qec 'studio {name} --upstream {upstream}' /dev/null | tr -d '\\r'"
        );
        sandbox.sh("", &script)
    };
    let config = sandbox.home().join(".config/studio/config.toml");
    let outcome = ask("one", "n");
    assert!(outcome.stdout.contains("as your upstream in"), "{outcome}");
    assert!(!config.exists(), "{outcome}");
    ask("two", "maybe\\ny").ok();
    assert_eq!(sandbox.read(&config), format!("upstream = \"{upstream}\"\n"));
    // Once it is known nobody is asked.
    assert!(!ask("three", "n").stdout.contains("as your upstream in"));
}

#[test]
fn submodules_are_there_and_one_whose_commit_nobody_has_is_named() {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    sandbox.add_input("motd");
    let studio = sandbox.studio("try");
    assert_eq!(sandbox.read(studio.join("inputs/motd/message")), "hello\n");
    // Upstream records a commit that was never pushed to the input's repository.
    sandbox.sh("seed", "cd inputs/motd && echo x >>message && git commit -qam lost && cd ../.. && git commit -qam 'record a lost commit' && git push -q ../upstream.git HEAD:main").ok();
    let url = sandbox.root().join("upstream.git");
    // git and its other end speak at the same time, so the order of what they say is not fixed.
    let outcome = sandbox.run("", &format!("studio lost --upstream {url}"));
    outcome.fails(1);
    for part in [
        "error: the submodule `inputs/motd` cannot be got at d6339dd7a623\n",
        "not our ref d6339dd7a623cde913fd59c7c869181ea791ab86",
        "hint: push that commit from where it was made: `git -C inputs/motd push origin HEAD:refs/heads/NAME`\n",
    ] {
        assert!(outcome.stderr.contains(part), "{outcome}");
    }
    assert!(!sandbox.studio_home().join("studios/lost").exists());
}

#[test]
fn killed_at_any_moment_there_is_a_whole_studio_or_none() {
    let sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    let mut killed = 0;
    for step in 0..testkit::rounds(24, 100) {
        let name = format!("k{step}");
        let words = ["studio", name.as_str(), "--upstream", upstream.as_str()];
        let end = sandbox.killed(
            "",
            &words,
            std::time::Duration::from_millis(step % 24 * 4),
            step % 2 == 0,
        );
        killed += usize::from(end == testkit::End::Killed);
        let path = sandbox.studio_home().join("studios").join(&name);
        if !path.exists() {
            sandbox.run_words("", &words).ok();
        }
        assert_eq!(sandbox.run(&path, "git fsck --strict --no-dangling").ok(), "");
        assert_eq!(sandbox.run(&path, "git status --porcelain").ok(), "", "step {step}");
        sandbox.run(&path, "git mutable-snapshot").ok();
    }
    assert!(killed > 3, "only {killed} runs were killed in time");
    // A command that was killed alone may have left a child at work; what that leaves goes the time after.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let last = sandbox.studio("last");
    sandbox.write(last.join("last"), "last\n");
    sandbox.run(&last, "git mutable-snapshot").ok();
    let left = sandbox
        .sh(sandbox.studio_home(), "ls -A studios mirrors snapshots | grep -c '^\\.t' || true")
        .ok();
    assert_eq!(left, "0", "remains were not swept");
}

#[test]
fn a_removal_that_is_killed_leaves_a_whole_studio_or_none() {
    let sandbox = Sandbox::new();
    for step in 0..testkit::rounds(12, 60) {
        let name = format!("r{step}");
        let studio = sandbox.studio(&name);
        let words = ["studio", "--remove", name.as_str()];
        sandbox.killed("", &words, std::time::Duration::from_millis(step % 12), true);
        if studio.exists() {
            assert_eq!(sandbox.run(&studio, "git fsck --strict --no-dangling").ok(), "");
            sandbox.run_words("", &words).ok();
        }
        sandbox.studio(&name);
    }
    sandbox.studio("last");
    let left = sandbox.sh(sandbox.studio_home(), "ls -A studios | grep -c '^\\.t' || true").ok();
    assert_eq!(left, "0", "remains were not swept");
}

//! From upstream to studio: that a studio is what `git clone` makes, that a mirror follows whatever upstream does, and
//! upstreams that are unlike others.

use insta::assert_snapshot;
use testkit::{Outcome, Sandbox};

fn make(sandbox: &Sandbox, name: &str, upstream: &str) -> Outcome {
    let url = sandbox.root().join(upstream);
    sandbox.run_words("", &["studio", name, "--no-editor", "--yes", "--upstream", url.as_str()])
}

fn made(sandbox: &Sandbox, name: &str, upstream: &str) -> String {
    make(sandbox, name, upstream).ok()
}

/// A folder `NAME` that passes for a flake, with `git init` as said.
fn repository(sandbox: &Sandbox, name: &str, init: &str) {
    sandbox.write(format!("{name}/flake.nix"), "{ outputs = _: { }; }\n");
    sandbox.sh(name, &format!("git init -q {init} && git add . && git commit -qm first")).ok();
}

fn refs(sandbox: &Sandbox, dir: &str) -> String {
    let format = "%(refname) %(objectname) %(*objectname) %(symref)";
    let script = format!("git for-each-ref --format='{format}' | grep -v ' refs/heads/scratch/'");
    sandbox.sh(dir, &script).ok()
}

#[test]
fn a_studio_is_what_git_clone_makes() {
    let mut sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    sandbox.set("GIT_DEFAULT_HASH", "sha256");
    sandbox.set("GIT_DEFAULT_REF_FORMAT", "reftable");
    let script = "git -C ../seed push -q $PWD HEAD:feature/x HEAD:Feature HEAD:FEATURE
        git tag light main; git tag -am one one main; git tag -am two two one; git tag tree main^{tree}
        git update-ref \"$(printf 'refs/heads/caf\\351')\" main
        git config --global branch.autoSetupRebase always";
    sandbox.sh(&upstream, script).ok();
    let studio = made(&sandbox, "try", "upstream.git");
    let clone = sandbox.root().join("clone");
    let script = format!(
        "git clone -q --no-tags --ref-format=files {upstream} clone
         git -C clone fetch -q origin '+refs/tags/*:refs/tags/*'"
    );
    sandbox.sh("", &script).ok();
    let scratch = sandbox.run(&studio, "git branch --show-current").ok();
    let all = refs(&sandbox, &studio);
    let without: Vec<&str> = all.lines().filter(|line| !line.contains(&scratch)).collect();
    assert_eq!(without.join("\n"), refs(&sandbox, clone.as_str()));
    let settings =
        "git config --local --list | grep -E '^(core|remote|branch|extensions)[.]' | sort";
    assert_eq!(sandbox.sh(&studio, settings).ok(), sandbox.sh(&clone, settings).ok());
    assert_eq!(sandbox.run(&studio, "git fsck --strict --no-dangling").ok(), "");
    assert_eq!(sandbox.run(&studio, "git status --porcelain").ok(), "");
    // It goes on with upstream by itself.
    sandbox.push_upstream("later", "later\n");
    sandbox.run(&studio, "git fetch -q").ok();
    let log =
        "git log --format=%s origin/main; git switch -q main; git pull -q; cat later; git reflog";
    assert_snapshot!(sandbox.sh(&studio, log).ok(), @"
    upstream: later
    first
    later
    41e3e47 HEAD@{0}: pull -q: Fast-forward
    2a52b31 HEAD@{1}: checkout: moving from scratch/20260102-030405-d674 to main
    2a52b31 HEAD@{2}: checkout: moving from main to scratch/20260102-030405-d674
    ");
}

#[test]
fn a_mirror_follows_whatever_upstream_does_and_fetches_nothing_if_that_is_nothing() {
    let mut sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    let trace = sandbox.root().join("trace");
    sandbox.set("GIT_TRACE", trace.as_str());
    let step = |name: &str, script: &str| {
        sandbox.sh(&upstream, script).ok();
        sandbox.write(&trace, "");
        let studio = made(&sandbox, name, "upstream.git");
        let fetched = sandbox.read(&trace).contains("built-in: git fetch");
        let there = "git for-each-ref --format='%(refname:lstrip=3) %(objectname)' refs/remotes/origin | grep -v HEAD
            git for-each-ref --format='%(refname:lstrip=2) %(objectname)' refs/tags";
        let upstreams = "git for-each-ref --format='%(refname:lstrip=2) %(objectname)'";
        assert_eq!(
            sandbox.sh(&studio, there).ok(),
            sandbox.sh(&upstream, upstreams).ok(),
            "{name}"
        );
        assert_eq!(sandbox.run(&studio, "git fsck --strict --no-dangling").ok(), "", "{name}");
        fetched
    };
    let commit = "git commit-tree -m more -p main main^{tree}";
    assert!(!step("first", "true"));
    assert!(!step("nothing", "true"));
    assert!(step("forward", &format!("git update-ref refs/heads/main $({commit})")));
    assert!(!step("still", "true"));
    assert!(step("branch", "git branch topic/a/b; git tag v1"));
    assert!(step("folder-becomes-branch", "git branch -D topic/a/b; git branch topic"));
    assert!(step("moved-tag", "git tag -f -am v1 v1"));
    assert!(step("gone-tag", "git tag -d v1"));
    // Another history altogether.
    assert!(step(
        "rewritten",
        "git update-ref refs/heads/main $(git commit-tree -m anew main^{tree})"
    ));
    assert!(step(
        "other-head",
        "git branch trunk; git symbolic-ref HEAD refs/heads/trunk; git branch -D main"
    ));
    assert!(!step("at-last", "true"));
}

#[test]
fn what_was_kept_for_a_snapshot_and_then_pushed_reaches_other_studios() {
    let sandbox = Sandbox::new();
    let one = sandbox.studio("one");
    sandbox.write(one.join("x"), "x\n");
    // Upstream gets it from the studio, and the mirror has it already, each object a file of its own.
    sandbox.run(&one, "git mutable-snapshot").ok();
    let branch = sandbox.run(&one, "git branch --show-current").ok();
    let two = made(&sandbox, "two", "upstream.git");
    assert_eq!(sandbox.run(&two, &format!("git show origin/{branch}:x")).ok(), "x");
    assert_eq!(sandbox.run(&two, "git fsck --strict --no-dangling").ok(), "");
}

#[test]
fn thousands_of_tags_and_pins_are_taken_along_or_left_in_one_go() {
    let sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    let many = |kind: &str| {
        format!(
            "for i in $(seq 3000); do echo create refs/{kind}/$i $(git rev-parse main); done | git update-ref --stdin"
        )
    };
    sandbox.sh(&upstream, &many("tags")).ok();
    made(&sandbox, "one", "upstream.git");
    let mirror = sandbox.sh(sandbox.studio_home(), "echo $PWD/mirrors/*").ok();
    sandbox.sh(&mirror, &many("studio/snapshots")).ok();
    // Those that come by a fetch are one file in the mirror, too.
    sandbox.sh(&upstream, &many("heads/many")).ok();
    let two = made(&sandbox, "two", "upstream.git");
    let count = |what: &str| sandbox.sh(&two, &format!("git for-each-ref {what} | wc -l")).ok();
    assert_eq!(count("refs/tags"), "3000");
    assert_eq!(count("refs/remotes/origin/many"), "3000");
    assert_eq!(sandbox.sh(&mirror, "find refs -type f").ok(), "");
    assert_eq!(count("refs/studio"), "0");
    let files = sandbox.sh(&two, "find .git/refs -type f | wc -l").ok();
    assert_eq!(files, "3", "each ref is a file of its own");
}

#[test]
fn thousands_of_loose_objects_are_packed_on_the_way_to_the_next_studio() {
    let sandbox = Sandbox::new();
    let one = sandbox.studio("one");
    let mirror = sandbox.sh(sandbox.studio_home(), "echo $PWD/mirrors/*").ok();
    let script = format!(
        "mkdir many; awk 'BEGIN {{ for (i = 0; i < 3500; i++) {{ f = \"many/\" i; print i > f; close(f) }} }}'
         ls many/* | git -C {mirror} --work-tree=$PWD hash-object -w --no-filters --stdin-paths >ids"
    );
    sandbox.sh("", &script).ok();
    let two = sandbox.studio("two");
    let loose = format!("find {mirror}/objects {two}/.git/objects -path '*/objects/??/*' | wc -l");
    assert_eq!(sandbox.sh("", &loose).ok(), "0");
    for studio in [&one, &two] {
        assert_eq!(sandbox.run(studio, "git fsck --strict --no-dangling").ok(), "");
    }
    // Nothing was lost, needed or not.
    let there = format!("git -C {mirror} cat-file --batch-check <ids | grep -c blob");
    assert_eq!(sandbox.sh("", &there).ok(), "3500");
}

#[test]
fn refs_in_a_table_are_as_good_as_any() {
    let sandbox = Sandbox::new();
    repository(&sandbox, "table", "--ref-format=reftable");
    let studio = made(&sandbox, "try", "table");
    sandbox.write(format!("{studio}/x"), "x\n");
    sandbox.run(&studio, "git mutable-snapshot").ok();
    assert_eq!(sandbox.run(&studio, "git fsck --strict --no-dangling").ok(), "");
}

#[test]
fn an_upstream_of_which_no_snapshot_could_be_used_is_refused_and_nothing_is_made() {
    let sandbox = Sandbox::new();
    repository(&sandbox, "whole", "");
    repository(&sandbox, "longer", "--object-format=sha256");
    let script = "git -C whole commit -q --allow-empty -m second; git -C whole config uploadpack.allowFilter true
        git -C whole mv flake.nix old; echo '{ }' >whole/flake.nix; git -C whole rm -q --cached old
        git -C whole add flake.nix; git -C whole commit -qam third
        git clone -q --depth 1 file://$PWD/whole shallow
        git clone -q --filter=blob:none file://$PWD/whole partial";
    sandbox.sh("", script).ok();
    assert_snapshot!(make(&sandbox, "a", "longer").fails(1), @"
    ------- stderr -------
    getting `[SANDBOX]/longer` ...
    error: the upstream `[SANDBOX]/longer` has SHA-256 objects, and Nix reads only SHA-1
    hint: give a repository with SHA-1 objects; `git init --object-format=sha1` makes a new one
    [exit status: 1]
    ");
    assert_snapshot!(make(&sandbox, "b", "shallow").fails(1), @"
    ------- stderr -------
    getting `[SANDBOX]/shallow` ...
    error: the upstream `[SANDBOX]/shallow` is a shallow clone: its history is cut short, which Nix refuses
    hint: get the rest of it: `git fetch --unshallow` there; or give the repository that it was cloned from: `studio --upstream URL`
    [exit status: 1]
    ");
    let partial = make(&sandbox, "c", "partial");
    partial.fails(1);
    // git and its other end speak at the same time, so the order of what they say is not fixed.
    for part in [
        "error: the upstream `[SANDBOX]/partial` cannot be got\n",
        " from promisor remote",
        "hint: it is a partial clone, which does not have all of its files; give the repository that it was cloned from: `studio --upstream URL`\n",
    ] {
        assert!(partial.to_string().contains(part), "{partial}");
    }
    let left = sandbox.sh(sandbox.studio_home(), "find studios mirrors -mindepth 1").ok();
    assert_eq!(left, "");
    // What the hint says helps.
    sandbox.sh("", "git -C shallow fetch -q --unshallow").ok();
    made(&sandbox, "d", "shallow");
}

//! What a snapshot leaves in the mirror: all that its commit reaches, at any moment of a kill, and no more work than that.

use camino::Utf8PathBuf;
use testkit::Sandbox;

fn mirror(sandbox: &Sandbox) -> Utf8PathBuf {
    let all = sandbox.studio_home().join("mirrors").read_dir_utf8().expect("there are mirrors");
    let mirror = all.flatten().find(|entry| !entry.file_name().starts_with('.'));
    mirror.expect("there is one").into_path()
}

/// fsck looks at what nothing reaches, too: it says so if the mirror has an object and not all that this leads to.
fn closed(sandbox: &Sandbox) {
    let said = sandbox.sh(mirror(sandbox), "git fsck --full --strict --no-dangling 2>&1").ok();
    assert_eq!(said, "");
}

fn loose(sandbox: &Sandbox) -> usize {
    let script = "find objects -path 'objects/??/*' -type f | wc -l";
    sandbox.sh(mirror(sandbox), script).ok().trim().parse().expect("a number")
}

#[test]
fn a_commit_is_kept_by_linking_what_is_missing_and_no_git_runs_for_it() {
    let mut sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let before = loose(&sandbox);
    sandbox.write(studio.join("hosts/new.nix"), "{ }\n");
    let trace = sandbox.root().join("trace");
    sandbox.set("GIT_TRACE", trace.as_str());
    let snapshot = sandbox.run(&studio, "mutable-snapshot --no-push").ok();
    sandbox.set("GIT_TRACE", "0");
    let traced = if trace.exists() { sandbox.read(&trace) } else { String::new() };
    assert!(!traced.contains("push") && !traced.contains("receive-pack"), "{traced}");
    // A blob, two trees, a commit; each has its second name in the studio.
    assert_eq!(loose(&sandbox), before + 4);
    let single = sandbox.sh(mirror(&sandbox), "find objects -path 'objects/??/*' -links 1").ok();
    assert_eq!(single, "");
    let id = snapshot.rsplit('/').next().expect("an id");
    let kept = sandbox.run(mirror(&sandbox), &format!("git rev-parse refs/studio/snapshots/{id}"));
    assert_eq!(kept.ok(), id);
    closed(&sandbox);
}

#[test]
fn a_pin_that_is_packed_is_seen() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("x"), "x\n");
    let first = sandbox.run(&studio, "mutable-snapshot --no-push").ok();
    sandbox.run(mirror(&sandbox), "git pack-refs --all").ok();
    let picture = |what: &str| sandbox.sh(mirror(&sandbox), &format!("find {what} | sort")).ok();
    let before = picture("refs objects");
    assert_eq!(sandbox.run(&studio, "mutable-snapshot --no-push").ok(), first);
    assert_eq!(picture("refs objects"), before);
}

#[test]
fn thousands_of_objects_come_as_one_pack() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let before = loose(&sandbox);
    let script = "mkdir many; i=0; while [ $i -lt 2100 ]; do echo $i >many/$i; i=$((i+1)); done
        git add many; git commit -qm many";
    sandbox.sh(&studio, script).ok();
    sandbox.run(&studio, "mutable-snapshot --no-push").ok();
    assert_eq!(loose(&sandbox), before);
    closed(&sandbox);
}

#[test]
fn an_object_that_is_not_what_its_id_says_does_not_reach_the_mirror() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("x"), "good\n");
    sandbox.sh(&studio, "git add x && git commit -qm x").ok();
    let script = "at() { echo .git/objects/$(echo $1 | sed 's,..,&/,'); }
        good=$(git rev-parse HEAD:x); bad=$(echo bad | git hash-object -w --stdin)
        mv -f $(at $bad) $(at $good); echo $good";
    let good = sandbox.sh(&studio, script).ok();
    let outcome = sandbox.run(&studio, "mutable-snapshot --no-push");
    outcome.fails(1);
    let expected = format!("error: the object {good} of `{studio}` cannot be read\n");
    assert!(outcome.stderr.contains(&expected), "{outcome}");
    closed(&sandbox);
    let pins = sandbox.run(mirror(&sandbox), "git for-each-ref refs/studio").ok();
    assert_eq!(pins, "");
}

#[test]
fn across_devices_objects_are_copied_and_a_full_disk_is_said() {
    let sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    let script = format!(
        "mkdir -p home2/mirrors && exec unshare --user --map-root-user --mount sh -eu -c '
           mount -t tmpfs -o size=300k tmpfs home2/mirrors
           export STUDIO_HOME=$PWD/home2
           cd $(studio try -q --upstream {upstream})
           echo x >x; mutable-snapshot --no-push -q >&2
           git -C ../../mirrors/* fsck --full --strict --no-dangling >&2
           head -c 600000 /dev/urandom >big; git add big; git commit -qm big; mutable-snapshot --no-push'"
    );
    insta::with_settings!({ filters => testkit::filters() }, {
        insta::assert_snapshot!(sandbox.sh("", &script).fails(1), @"
        ------- stderr -------
        [SANDBOX]/home2/snapshots/[COMMIT]
        error: cannot write `[SANDBOX]/home2/mirrors/upstream-[COMMIT]/objects`
          no storage space
        hint: free some space on that disk and try again; nothing was changed
        [exit status: 1]
        ");
    });
}

#[test]
fn killed_in_the_middle_of_a_copy_the_mirror_has_all_that_its_objects_reach() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let mirror = mirror(&sandbox);
    let mut halfway = 0;
    let rounds = testkit::rounds(5, 60);
    for step in 0..rounds {
        let script = format!(
            "mkdir -p a{step}/b
             awk 'BEGIN {{ for (i = 0; i < 1500; i++) {{ f = \"a{step}/b/\" i; print {step}, i > f; close(f) }} }}'
             git add . && git commit -qm {step}"
        );
        sandbox.sh(&studio, &script).ok();
        let before = loose(&sandbox);
        // Killed when so many have arrived.
        let some = before as u64 + 1 + step * 277 % 1200;
        let script = format!(
            "mutable-snapshot --no-push >/dev/null 2>&1 & pid=$!
             while kill -0 $pid 2>/dev/null; do
                 set -- {mirror}/objects/??/*; [ $# -lt {some} ] || break
             done
             kill -9 $pid 2>/dev/null || true; wait $pid || true"
        );
        sandbox.sh(&studio, &script).ok();
        let copied = loose(&sandbox) - before;
        halfway += u64::from(copied > 0 && copied < 1500);
        closed(&sandbox);
        sandbox.run(&studio, "mutable-snapshot --no-push").ok();
        closed(&sandbox);
    }
    assert!(halfway * 2 > rounds, "only {halfway} of {rounds} were killed in the middle");
}

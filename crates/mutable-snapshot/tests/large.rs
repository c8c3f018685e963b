//! Files that are too large to be held in memory: what they hold is streamed, wherever it comes from and goes to.

#![expect(clippy::disallowed_methods, reason = "a test measures what it starts")]

use camino::{Utf8Path, Utf8PathBuf};
use std::process::{Command, Stdio};
use testkit::Sandbox;
use wait4::Wait4;

/// Has git, and us, stream whatever has so many bytes; and git say what it is called with.
fn streaming_from(bytes: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    let real = sandbox.sh("", "command -v git").ok();
    let script = format!("#!/bin/sh\necho \"$*\" >>{}/calls\nexec {real} \"$@\"\n", sandbox.root());
    sandbox.write("calling/git", script);
    sandbox.sh("", "chmod +x calling/git").ok();
    let path = sandbox.environment().into_iter().find(|(name, _)| name == "PATH").expect("set").1;
    sandbox.set("PATH", format!("{}/calling:{path}", sandbox.root()));
    let line = format!("git config --global core.bigFileThreshold {bytes}");
    sandbox.run("", &line).ok();
    sandbox
}

fn streamed(sandbox: &Sandbox) -> usize {
    let calls = sandbox.read("calls");
    sandbox.write("calls", "");
    calls.lines().filter(|line| line.contains(" cat-file blob ")).count()
}

fn id(snapshot: &str) -> &str {
    Utf8Path::new(snapshot).file_name().expect("an id")
}

#[test]
fn what_is_streamed_arrives_byte_for_byte() {
    let sandbox = streaming_from("1k");
    let studio = sandbox.studio("try");
    let script = "head -c 5000 /dev/urandom >big; head -c 1024 /dev/urandom >edge; head -c 1023 /dev/urandom >small
        head -c 3000 /dev/urandom >tool; chmod 755 tool; seq 2000 >lines; cp lines windows; : >empty
        printf 'windows text eol=crlf\n' >.gitattributes; ln -s big link";
    sandbox.sh(&studio, script).ok();
    streamed(&sandbox);
    let snapshot = sandbox.run(&studio, "mutable-snapshot -q").ok();
    // All but the small ones and what git converts: for the mirror, which looks at what it takes, and into the pool.
    assert_eq!(streamed(&sandbox), 8);
    let same = "for file in big edge small tool lines empty; do cmp $file $0/$file; done
        git fsck --strict --no-dangling; git status --porcelain";
    assert_eq!(sandbox.run_words(&studio, &["sh", "-euc", same, &snapshot]).ok(), "");
    let modes = "stat -c '%a %n' big tool; readlink link; tr -d '\\r' <windows | cmp - lines; git status --porcelain";
    assert_eq!(sandbox.sh(&snapshot, modes).ok(), "444 big\n555 tool\nbig");
    sandbox.run("", &format!("studio --verify {} --full", id(&snapshot))).ok();

    // Into another studio, where nothing can be cloned, from what arrived as a pack.
    sandbox.sh(&studio, "git push -q origin HEAD:main").ok();
    let other: Utf8PathBuf = sandbox.studio("other");
    assert_eq!(sandbox.run_words(&other, &["sh", "-euc", same, &snapshot]).ok(), "");
    // Into a studio that has other files.
    sandbox.sh(&other, "head -c 7000 /dev/urandom >big; seq 3000 >lines; mutable-snapshot -q").ok();
    streamed(&sandbox);
    sandbox.run(&other, &format!("mutable-hydrate {}", id(&snapshot))).ok();
    assert_eq!(streamed(&sandbox), 2);
    assert_eq!(sandbox.run_words(&other, &["sh", "-euc", same, &snapshot]).ok(), "");

    // What is damaged is seen by reading it, and made again.
    let damage = "chmod u+w big; printf x | dd of=big bs=1 seek=2500 conv=notrunc status=none
        touch -d @1 big; chmod 444 big";
    sandbox.sh(&snapshot, damage).ok();
    for how in ["", " --full"] {
        let refused = sandbox.run("", &format!("studio --verify {}{how}", id(&snapshot)));
        assert!(refused.fails(1).stderr.contains("\n  changed: big\n"), "{refused}");
    }
    sandbox.run("", &format!("studio --repair {}", id(&snapshot))).ok();
    assert_eq!(sandbox.run_words(&other, &["sh", "-euc", same, &snapshot]).ok(), "");
}

#[test]
fn an_object_that_is_broken_halfway_leaves_nothing_half() {
    let sandbox = streaming_from("1k");
    let studio = sandbox.studio("try");
    let script = "head -c 90000 /dev/urandom >big; git -c core.bigFileThreshold=1g add big; git commit -qm big
        object=.git/objects/$(git rev-parse HEAD:big | sed 's,..,&/,'); chmod u+w $object
        printf xxxx | dd of=$object bs=1 seek=60000 conv=notrunc status=none";
    sandbox.sh(&studio, script).ok();
    let failed = sandbox.run(&studio, "mutable-snapshot -q --no-push");
    failed.fails(1);
    assert!(failed.stderr.contains("hint: see what is wrong: `git -C "), "{failed}");
    let left = "ls snapshots 2>/dev/null || true; find pool -name '*big*' 2>/dev/null || true";
    assert_eq!(sandbox.sh(sandbox.studio_home(), left).ok(), "");
}

/// Runs a command line in a folder; gives what it said and the bytes that the largest process of it had in memory.
fn measured(sandbox: &Sandbox, dir: &Utf8Path, line: &str) -> (String, u64) {
    let child = Command::new("sh")
        .args(["-euc", line])
        .current_dir(dir)
        .env_clear()
        .envs(sandbox.environment())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.expect("sh is there");
    let mut said = String::new();
    let mut stdout = child.stdout.take().expect("a pipe");
    std::io::Read::read_to_string(&mut stdout, &mut said).expect("text");
    let used = child.wait4().expect("it ends");
    assert!(used.status.success(), "`{line}` failed");
    (said.trim().to_owned(), used.rusage.maxrss)
}

#[test]
fn a_file_of_300_mb_takes_less_than_100_mb_of_memory() {
    if !testkit::thorough() {
        return;
    }
    // As packed it is small, or the pages of packs that git maps would be all that is measured.
    let sandbox = streaming_from("16m");
    let studio = sandbox.studio("try");
    sandbox.sh(&studio, "yes 'a line of a large file' | head -c 300000000 >big").ok();
    let mut table = String::from("# Memory for a file of 300 MB\n\n| command | MB |\n|---|---|\n");
    let mut most = 0;
    let mut run = |name: &str, dir: &Utf8Path, line: &str| -> String {
        let (said, peak) = measured(&sandbox, dir, line);
        most = most.max(peak);
        table.push_str(&format!("| {name} | {} |\n", peak / 1_000_000));
        said
    };
    let snapshot = run("snapshot", &studio, "mutable-snapshot -q --allow big");
    run("verify", &studio, &format!("studio --verify {}", id(&snapshot)));
    run("verify --full", &studio, &format!("studio --verify {} --full", id(&snapshot)));
    run("push", &studio, "git push -q origin HEAD:main");
    let upstream = sandbox.root().join("upstream.git");
    let other = run("studio", sandbox.root(), &format!("studio other -q --upstream {upstream}"));
    let other = Utf8PathBuf::from(other);
    let line = "echo other >big; mutable-snapshot -q >/dev/null";
    run("snapshot of a small one", &other, line);
    run("hydrate", &other, &format!("mutable-hydrate -q {}", id(&snapshot)));
    run("repair", &studio, &format!("studio -q --repair {}", id(&snapshot)));
    testkit::report("large-files.md", &table);
    assert_eq!(sandbox.run(&other, &format!("cmp big {snapshot}/big")).ok(), "");
    assert!(most < 100_000_000, "{table}");
}

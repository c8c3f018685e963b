//! Compacting mirrors and letting go of snapshots: nothing goes that anybody needs, killed or not, whoever is at work.
//!
//! The environment of a sandbox holds for a process, so this test program runs once more, inside of it.

use camino::Utf8PathBuf;
use std::time::Duration;
use studio_core::config::Environment;
use studio_core::context::Context;
use studio_core::names::CommitId;
use studio_core::studio::mirror;
use studio_core::ui::{Color, Ui, Verbosity};
use testkit::{End, Outcome, Sandbox};

/// Runs in the sandbox: does what `TEST_DO` says to its only mirror, and writes down what came of it.
#[test]
#[ignore = "it is the inner half of the others"]
fn inside() {
    let env = Environment::capture().expect("environment");
    let what = env.get("TEST_DO").expect("TEST_DO").to_owned();
    let out = env.cwd().join("out");
    let ui = Ui::new(Verbosity::Normal, Color::Never, true);
    let cx = Context { ui, env, command: "test".to_owned() };
    let home = cx.home().expect("home");
    let mut mirrors = home.mirrors().read_dir_utf8().expect("mirrors").flatten();
    let key = mirrors.find(|entry| !entry.file_name().starts_with('.')).expect("a mirror");
    let key = key.file_name().to_owned();
    let said = match what.strip_prefix("unpin ") {
        Some(ids) => {
            let gone: Vec<CommitId> =
                ids.split(' ').map(|id| CommitId::new(id).expect("an id")).collect();
            format!("{}", mirror::unpin(&cx, &home, &key, &gone).expect("unpin"))
        }
        None => {
            let done = mirror::compact(&cx, &home, &key).expect("compact");
            format!("packed {}, dropped {}", done.packed, done.dropped)
        }
    };
    studio_core::fs::write_new(&out, said.as_bytes()).expect("write");
}

fn words(what: &str) -> Vec<String> {
    let exe = std::env::current_exe().expect("exe").into_os_string().into_string().expect("utf-8");
    ["env", &format!("TEST_DO={what}"), &exe, "inside", "--ignored", "--exact"]
        .map(str::to_owned)
        .to_vec()
}

fn run(sandbox: &Sandbox, what: &str) -> Outcome {
    let words = words(what);
    sandbox.run_words("", &words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn call(sandbox: &Sandbox, what: &str) -> String {
    run(sandbox, what).ok();
    sandbox.read("out")
}

fn mirror_of(sandbox: &Sandbox) -> Utf8PathBuf {
    sandbox.sh(sandbox.studio_home(), "echo $PWD/mirrors/*").ok().into()
}

/// fsck looks at what nothing reaches, too: it says so if an object is there and not all that it leads to.
fn closed(sandbox: &Sandbox) {
    let said = sandbox.sh(mirror_of(sandbox), "git fsck --full --strict --no-dangling 2>&1").ok();
    assert_eq!(said, "");
}

/// `LOOSE PACKS`.
fn stock(sandbox: &Sandbox) -> String {
    let script = "echo $(find objects -path 'objects/??/*' -type f | wc -l) $(ls objects/pack/*.pack | wc -l)";
    sandbox.sh(mirror_of(sandbox), script).ok()
}

/// A snapshot with 250 objects of its own; its id.
fn snapshot(sandbox: &Sandbox, studio: &str, name: &str) -> String {
    let script = format!(
        "mkdir -p {name}
         awk 'BEGIN {{ for (i = 0; i < 247; i++) {{ f = \"{name}/\" i; print \"{name}\", i > f; close(f) }} }}'
         git add . && git commit -qm {name} && basename $(mutable-snapshot --no-push -q)"
    );
    sandbox.sh(studio, &script).ok()
}

#[test]
fn many_files_become_few_and_all_that_is_pinned_stays() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("one");
    assert_eq!(call(&sandbox, "compact"), "packed 0, dropped 0");
    let first = snapshot(&sandbox, studio.as_str(), "a");
    assert_eq!(stock(&sandbox), "250 1");
    // The clone's pack is small, so it is put together with the rest.
    assert_eq!(call(&sandbox, "compact"), "packed 256, dropped 0");
    assert_eq!(stock(&sandbox), "0 1");
    assert_eq!(call(&sandbox, "compact"), "packed 0, dropped 0");
    closed(&sandbox);
    let show = format!("git show {first}:a/246");
    assert_eq!(sandbox.run(mirror_of(&sandbox), &show).ok(), "a 246");
    let other = sandbox.studio("other");
    sandbox.run(&other, &format!("git mutable-hydrate {first}")).ok();
    assert_eq!(sandbox.run(&other, "git fsck --strict --no-dangling").ok(), "");
    // Work goes on, and a large pack is left alone.
    snapshot(&sandbox, other.as_str(), "b");
    assert_eq!(stock(&sandbox), "250 1");
}

#[test]
fn what_only_an_unpinned_snapshot_needs_goes_and_nothing_else() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("one");
    let (a, b) = (snapshot(&sandbox, studio.as_str(), "a"), {
        sandbox.run(&studio, "git switch -q --detach main").ok();
        snapshot(&sandbox, studio.as_str(), "b")
    });
    // Its folder is still there, and may borrow from the mirror.
    assert_eq!(call(&sandbox, &format!("unpin {a}")), "1");
    assert_eq!(call(&sandbox, "compact"), "packed 506, dropped 0");
    let script = format!("chmod -R u+w snapshots/{a} && rm -r snapshots/{a}");
    sandbox.sh(sandbox.studio_home(), &script).ok();
    assert_eq!(call(&sandbox, &format!("unpin {a}")), "0");
    // Something to do again, and a reason to look.
    let c = snapshot(&sandbox, studio.as_str(), "c");
    sandbox
        .sh(sandbox.studio_home(), &format!("chmod -R u+w snapshots/{c} && rm -r snapshots/{c}"))
        .ok();
    assert_eq!(call(&sandbox, &format!("unpin {c}")), "1");
    assert_eq!(call(&sandbox, "compact"), "packed 256, dropped 500");
    closed(&sandbox);
    let mirror = mirror_of(&sandbox);
    assert_eq!(sandbox.run(&mirror, &format!("git show {b}:b/246")).ok(), "b 246");
    sandbox.run(&mirror, &format!("git cat-file -e {a}")).fails(1);
    // The studio has it all, and can bring it back.
    sandbox.run(&studio, &format!("git switch -q --detach {c}")).ok();
    sandbox.run(&studio, "git mutable-snapshot --no-push").ok();
    closed(&sandbox);
}

#[test]
fn nothing_goes_while_a_studio_borrows() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("one");
    let a = snapshot(&sandbox, studio.as_str(), "a");
    let mirror = mirror_of(&sandbox);
    sandbox
        .run("", &format!("git clone -q --shared {mirror} {}/studios/far", sandbox.studio_home()))
        .ok();
    let script = format!("chmod -R u+w snapshots/{a} && rm -r snapshots/{a}");
    sandbox.sh(sandbox.studio_home(), &script).ok();
    assert_eq!(call(&sandbox, &format!("unpin {a}")), "1");
    assert_eq!(call(&sandbox, "compact"), "packed 256, dropped 0");
    sandbox.run(&mirror, &format!("git cat-file -e {a}")).ok();
}

#[test]
fn a_submodule_is_let_go_with_the_last_snapshot_that_needs_it() {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    sandbox.add_input("motd");
    let studio = sandbox.studio("one");
    let take = |file: &str| {
        sandbox.write(studio.join(file), format!("{file}\n"));
        sandbox.sh(&studio, "basename $(mutable-snapshot --no-push -q)").ok()
    };
    let (first, second) = (take("x"), take("y"));
    let other_input = take("inputs/motd/message");
    let pins = || {
        let line = "git for-each-ref --format=%(refname:lstrip=2) refs/studio";
        let said = sandbox.run(mirror_of(&sandbox), line).ok();
        let of = |kind: &str| said.lines().filter(|name| name.contains(kind)).count();
        (of("snapshots"), of("inputs"))
    };
    assert_eq!(pins(), (3, 2));
    assert_eq!(call(&sandbox, &format!("unpin {first}")), "1");
    assert_eq!(pins(), (2, 2));
    assert_eq!(call(&sandbox, &format!("unpin {second}")), "2");
    assert_eq!(pins(), (1, 1));
    assert_eq!(call(&sandbox, &format!("unpin {other_input} {first}")), "2");
    assert_eq!(pins(), (0, 0));
}

#[test]
fn killed_at_any_moment_it_is_ended_by_whoever_comes_next() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("one");
    let mut killed = 0;
    let mut kept = vec![];
    for step in 0..testkit::rounds(10, 100) {
        kept.push(snapshot(&sandbox, studio.as_str(), &format!("a{step}")));
        let gone = snapshot(&sandbox, studio.as_str(), &format!("b{step}"));
        sandbox.run(&studio, "git switch -q --detach HEAD~1").ok();
        sandbox
            .sh(
                sandbox.studio_home(),
                &format!("chmod -R u+w snapshots/{gone} && rm -r snapshots/{gone}"),
            )
            .ok();
        call(&sandbox, &format!("unpin {gone}"));
        let words = words("compact");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let end =
            sandbox.killed("", &words, Duration::from_millis(10 + step % 20 * 7), step % 2 == 0);
        killed += usize::from(end == End::Killed);
        if step % 3 == 0 {
            // Pins first, and then looks.
            snapshot(&sandbox, studio.as_str(), &format!("c{step}"));
        } else if step % 3 == 1 {
            sandbox.studio(&format!("s{step}"));
        } else {
            call(&sandbox, "compact");
        }
        closed(&sandbox);
        for id in &kept {
            sandbox.run(mirror_of(&sandbox), &format!("git cat-file -e {id}^{{tree}}")).ok();
        }
    }
    assert!(killed > 2, "only {killed} were killed at work");
}

#[test]
fn others_go_on_meanwhile() {
    let sandbox = Sandbox::new();
    let one = sandbox.studio("one");
    std::thread::scope(|scope| {
        scope.spawn(|| (0..12).for_each(|_| drop(call(&sandbox, "compact"))));
        scope.spawn(|| {
            for step in 0..4 {
                snapshot(&sandbox, one.as_str(), &format!("a{step}"));
            }
        });
        scope.spawn(|| {
            for step in 0..6 {
                let studio = sandbox.studio(&format!("s{step}"));
                assert_eq!(sandbox.run(&studio, "git fsck --strict --no-dangling").ok(), "");
                sandbox.write(studio.join("x"), format!("{step}\n"));
                let snapshot = sandbox.run(&studio, "mutable-snapshot --no-push -q").ok();
                assert_eq!(sandbox.run(&snapshot, "git fsck --strict --no-dangling").ok(), "");
            }
        });
    });
    closed(&sandbox);
    let dangling = sandbox.run(mirror_of(&sandbox), "git rev-list --objects --all");
    assert!(dangling.ok().lines().count() > 1000);
}

//! A kill while it is written, a full disk, another run beside it: the old file or the new one, never a mix.

#![expect(clippy::print_stderr, reason = "what could not be looked at is for people")]

use crate::scene::scene;
use testkit::{FileSystem, Moments, Sandbox, rounds};

/// A file that takes a moment to write.
fn large(sandbox: &Sandbox, letter: &str) -> String {
    let name = format!("{letter}.toml");
    let text = format!("install-prefix = \"{}\"\n", letter.repeat(300_000));
    sandbox.write(format!("project/{name}"), text);
    name
}

/// What keeps it from asking anything, so that it is quick.
const SAID: [&str; 6] = ["--rustc-path", "/r", "--cargo-path", "/c", "--target", "a-b"];

fn words(file: &str) -> Vec<&str> {
    let mut words = vec!["bootstrap-config-generator", "--rust-channel", "stable", "-c", file];
    words.extend(SAID);
    words
}

/// The letter of which the file is full; fails if there is any other.
fn letter(sandbox: &Sandbox) -> String {
    let text = sandbox.read("project/config.toml");
    let document: toml_edit::DocumentMut = text.parse().expect("whole");
    let prefix = document["install"]["prefix"].as_str().expect("a text").to_owned();
    let letter = prefix.chars().next().expect("not empty");
    assert_eq!(prefix, letter.to_string().repeat(300_000));
    assert!(text.contains("[change-id]"), "the end is missing");
    letter.to_string()
}

fn remains(folder: &camino::Utf8Path) -> usize {
    let entries = folder.read_dir_utf8().expect("a folder").flatten();
    entries.filter(|entry| entry.file_name().starts_with(".tmp-")).count()
}

#[test]
fn a_kill_leaves_the_old_file_or_the_new_one() {
    let sandbox = scene();
    let files = [large(&sandbox, "a"), large(&sandbox, "b")];
    sandbox.run_words("project", &words(&files[0])).ok();
    // As long as a whole run, so that kills come at every step of one.
    let began = std::time::Instant::now();
    sandbox.run_words("project", &words(&files[1])).ok();
    let mut moments = Moments::within(began.elapsed());
    let wanted = rounds(15, 450);
    let (mut runs, mut killed, mut left) = (0, 0, 0);
    while killed < wanted {
        let file = &files[usize::try_from(runs % 2).expect("small")];
        let end = sandbox.killed("project", &words(file), moments.draw(), true);
        killed += u64::from(moments.learn(end));
        left += u64::from(remains(&sandbox.root().join("project")) > 0);
        assert!(["a", "b"].contains(&&*letter(&sandbox)), "run {runs}");
        runs += 1;
        assert!(runs < 40 * wanted, "only {killed} of {runs} runs were killed at work");
    }
    eprintln!("killed {killed} of {runs} times, {left} left a draft");
    // The next run clears up.
    sandbox.run_words("project", &words(&files[0])).ok();
    assert_eq!(letter(&sandbox), "a");
    assert_eq!(remains(&sandbox.root().join("project")), 0);
}

#[test]
fn runs_beside_each_other_leave_the_file_of_one() {
    let sandbox = scene();
    let files = ["a", "b", "c", "d"].map(|letter| large(&sandbox, letter));
    std::thread::scope(|scope| {
        for file in &files {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for _ in 0..rounds(2, 20) {
                    sandbox.run_words("project", &words(file)).ok();
                    letter(sandbox);
                }
            });
        }
    });
    letter(&sandbox);
    assert_eq!(remains(&sandbox.root().join("project")), 0);
}

#[test]
fn runs_beside_each_other_lose_nothing_of_the_others() {
    let sandbox = scene();
    sandbox.write("project/config.toml", "# mine\n");
    let targets = ["a-1", "a-2", "a-3", "a-4", "a-5", "a-6", "a-7", "a-8"];
    std::thread::scope(|scope| {
        for target in targets {
            let sandbox = &sandbox;
            let line = format!("bootstrap-config-generator -t {target} --target-cc /{target}");
            scope.spawn(move || sandbox.run("project", &line).ok());
        }
    });
    let text = sandbox.read("project/config.toml");
    let document: toml_edit::DocumentMut = text.parse().expect("whole");
    for target in targets {
        let cc = document["target"].get(target).and_then(|table| table.get("cc")?.as_str());
        assert_eq!(cc, Some(format!("/{target}").as_str()), "{text}");
    }
    assert!(text.starts_with("# mine\n"), "{text}");
}

#[test]
fn a_full_disk_changes_nothing() {
    let kind = [FileSystem::Ext4, FileSystem::Tmpfs]
        .into_iter()
        .find_map(|kind| Some((kind, Sandbox::on_disk(kind).ok()?)));
    let (kind, sandbox) = kind.expect("a disk can be mounted");
    let place = sandbox.studio_home();
    let run = |jobs: &str| {
        let mut words = vec!["bootstrap-config-generator", "--rust-channel", "stable"];
        words.extend(["--build-jobs", jobs].iter().chain(&SAID));
        sandbox.run_words(&place, &words)
    };
    run("1").ok();
    let before = sandbox.read(place.join("config.toml"));
    sandbox.leave(0);
    let outcome = run("2");
    outcome.fails(1);
    assert!(outcome.stderr.contains("error: cannot write `"), "{kind}: {outcome}");
    assert!(outcome.stderr.contains("hint: free some space on that disk"), "{kind}: {outcome}");
    assert_eq!(sandbox.read(place.join("config.toml")), before);
    // What is up to date takes no room.
    run("1").ok();
    sandbox.make_room();
    run("2").ok();
    assert_eq!(sandbox.read(place.join("config.toml")), before.replace("jobs = 1", "jobs = 2"));
    assert_eq!(remains(&sandbox.seen(&place)), 0);
    // A file system that nobody can write to.
    sandbox.mount_as("ro");
    let outcome = run("3");
    assert!(outcome.fails(1).stderr.contains("mounted read-only"), "{kind}: {outcome}");
}

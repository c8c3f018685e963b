//! Kills at any moment, and full disks: the old folder or the new one, and nothing else.

use crate::SEED;
use std::time::Duration;
use testkit::{Dice, FileSystem, Moments, Sandbox, rounds};

/// A template of many files.
fn many(sandbox: &Sandbox) {
    sandbox.write("work/mine/flake.nix", "{ outputs = _: { version = @version@; }; }\n");
    for number in 0..150 {
        sandbox.write(
            format!("work/mine/parts/{}/{number}.nix", number % 7),
            "{ version = @version@; }\n",
        );
    }
}

fn words(version: &str) -> [String; 7] {
    let set = format!("version={version}");
    ["flake-template-generator", "--output-dir", "out", "--template", "./mine", "--set", &set]
        .map(str::to_owned)
}

/// The one version that all files of the folder have.
fn version(sandbox: &Sandbox) -> String {
    let versions =
        sandbox.sh("work", "grep -rhow 'v[0-9]*' out --include='*.nix' | sort | uniq -c").ok();
    let words: Vec<&str> = versions.split_whitespace().collect();
    assert_eq!((words.len(), words[0]), (2, "151"), "a mix: {versions}");
    words[1].to_owned()
}

#[test]
fn a_kill_leaves_the_old_folder_or_the_new_one() {
    let sandbox = Sandbox::new();
    many(&sandbox);
    let run = |version: &str| {
        let words = words(version);
        sandbox.run_words("work", &words.each_ref().map(String::as_str)).ok()
    };
    run("v0");
    let mut dice = Dice::new();
    let mut last = "v0".to_owned();
    let mut moments = Moments::within(Duration::from_millis(60));
    let wanted = rounds(12, 200);
    let (mut round, mut killed) = (0, 0);
    while killed < wanted {
        round += 1;
        assert!(round < 40 * wanted, "only {killed} of {round} runs were killed at work");
        let next = format!("v{round}");
        let words = words(&next);
        let words = words.each_ref().map(String::as_str);
        let end = sandbox.killed("work", &words, moments.draw(), true);
        killed += u64::from(moments.learn(end));
        let found = version(&sandbox);
        assert!(found == last || found == next, "{found} after {last} and {next}");
        if dice.below(3) == 0 {
            // The next run clears what the killed one left.
            run(&next);
            assert_eq!(sandbox.sh("work", "ls -A").ok(), "mine\nout");
            last = next;
        } else {
            last = found;
        }
    }
}

#[test]
fn a_full_disk_leaves_the_old_folder() {
    let sandbox = Sandbox::on_disk(FileSystem::Tmpfs).expect("a disk can be mounted");
    let work = sandbox.studio_home().join("work");
    sandbox.write(work.join("config.toml"), "a = 1\n");
    sandbox.run(&work, SEED).ok();
    let large = format!("a = 2 # {}\n", "x".repeat(300_000));
    sandbox.write(work.join("config.toml"), &large);
    let mut refused = 0;
    for room in [0, 4, 8, 100, 280, 296, 300, 320, 400, 1000] {
        sandbox.leave(room);
        let outcome = sandbox.run(&work, SEED);
        sandbox.make_room();
        if outcome.code == Some(0) {
            break;
        }
        refused += 1;
        let hint = "hint: free some space on that disk and try again; nothing was changed";
        assert!(outcome.fails(1).stderr.contains(hint), "with {room}: {outcome}");
        let there = sandbox.sh(&work, "ls -A . out && cat out/config.toml").ok();
        assert_eq!(
            there, ".:\nconfig.toml\nout\n\nout:\n.generated.json\nconfig.toml\nflake.nix\na = 1",
            "with {room}"
        );
    }
    assert!(refused > 3, "the disk was full only {refused} times");
    assert_eq!(sandbox.read(work.join("out/config.toml")), large);
}

//! `studio --clean`, `--pin`, `--unpin` and `--snapshots`: what goes, what stays and why, and every moment at which it can
//! be killed or meet another command.

mod faults;
mod shelf;

use camino::Utf8PathBuf;
use insta::assert_snapshot;
use shelf::Shelf;
use testkit::{Sandbox, Scene};

#[test]
fn what_nothing_needs_goes_with_everything_that_it_had() {
    let shelf = Shelf::of(6).without_studio();
    for n in 0..6 {
        shelf.furnish(shelf.id(n));
    }
    let sandbox = &shelf.sandbox;
    assert_eq!(
        shelf.traces(shelf.id(1)),
        [
            "./cache/seals/ID",
            "./logs/SHORT-check-x.log",
            "./roots/ID",
            "./snapshots/ID",
            "./verdicts/ID",
            "./vms/ID",
            "refs/studio/snapshots/ID"
        ]
    );
    let before = sandbox.sh(sandbox.studio_home(), "du -s -B1 . | cut -f1").ok();

    let dry = sandbox.run("", "studio --clean --keep 2 --dry-run");
    assert_snapshot!(dry.stdout, @"
    16b99338e993     35 days ago  motd: 0
    9cdd93d41ebe     34 days ago  motd: 1
    3156b8ade25d     33 days ago  motd: 2
    3ede1a19bd37     32 days ago  motd: 3
    ");
    let frees: String = dry
        .stderr
        .lines()
        .last()
        .and_then(|line| line.split("frees ").nth(1))
        .expect("it is said")
        .to_owned();
    assert_snapshot!(dry.stderr.replace(&frees, "[SIZE]"), @"
    2 snapshots stay: 2 of the last
    to remove: 4 snapshots, which frees [SIZE]
    ");
    assert_eq!(shelf.there(), [0, 1, 2, 3, 4, 5]);

    // Nobody is there to be asked.
    let unasked = sandbox.run("", "studio --clean --keep 2");
    assert_snapshot!(unasked.fails(1).to_string().replace(&frees, "[SIZE]"), @"
    ------- stderr -------
    16b99338e993     35 days ago  motd: 0
    9cdd93d41ebe     34 days ago  motd: 1
    3156b8ade25d     33 days ago  motd: 2
    3ede1a19bd37     32 days ago  motd: 3
    2 snapshots stay: 2 of the last
    to remove: 4 snapshots, which frees [SIZE]
    error: 4 snapshots would go, and nobody is here to be asked; nothing was removed
    hint: to remove what is shown: `studio --clean --yes`
    [exit status: 1]
    ");
    assert_eq!(shelf.there(), [0, 1, 2, 3, 4, 5]);

    let json = sandbox.run("", "studio --clean --keep 2 --dry-run --json").ok();
    let number =
        json.lines().find_map(|line| line.trim().strip_prefix("\"frees\": ")).expect("a number");
    let promised: u64 = number.trim_end_matches(',').parse().expect("bytes");
    let done = sandbox.run("", "studio --clean --keep 2 --yes");
    assert_snapshot!(done.stderr.replace(&frees, "[SIZE]"), @"
    16b99338e993     35 days ago  motd: 0
    9cdd93d41ebe     34 days ago  motd: 1
    3156b8ade25d     33 days ago  motd: 2
    3ede1a19bd37     32 days ago  motd: 3
    2 snapshots stay: 2 of the last
    to remove: 4 snapshots, which frees [SIZE]
    removed 4 snapshots, which freed [SIZE]
    ");
    assert_eq!(done.ok(), "");
    assert_eq!(shelf.there(), [4, 5]);
    let after = sandbox.sh(sandbox.studio_home(), "du -s -B1 . | cut -f1").ok();
    let freed = before.parse::<u64>().expect("bytes") - after.parse::<u64>().expect("bytes");
    // Refs of git are a block each, which the promise leaves out, as it does new lock files.
    assert!(freed.abs_diff(promised) <= 8 * 4096, "freed {freed}, promised {promised}");

    // All of it is gone, but what stays has all of its own.
    for n in 0..4 {
        assert_eq!(shelf.traces(shelf.id(n)), [""; 0], "{n}");
    }
    assert_eq!(shelf.traces(shelf.id(4)).len(), 7);
    for n in [4, 5] {
        assert_eq!(
            sandbox
                .sh(&shelf.snapshots[n], "git status --porcelain && git fsck --no-dangling")
                .ok(),
            ""
        );
    }
    let again = sandbox.run("", "studio --clean --keep 2 --yes");
    assert_snapshot!(again, @"
    ------- stderr -------
    2 snapshots stay: 2 of the last
    there is nothing to remove
    ");
}

#[test]
fn who_has_no_studio_gets_no_folder_by_cleaning() {
    let sandbox = Sandbox::new();
    for line in ["studio --clean --yes", "studio --clean --dry-run"] {
        let outcome = sandbox.run("", line);
        outcome.ok();
        assert_eq!(outcome.to_string(), "------- stderr -------\nthere is nothing to remove\n");
    }
    assert_eq!(sandbox.sh("home", "ls -A").ok(), ".gitconfig");
}

#[test]
fn on_a_terminal_it_is_asked_and_no_is_the_answer_of_who_says_nothing() {
    let shelf = Shelf::of(18).without_studio();
    let ask = |answer: &str| {
        let script = format!(
            "printf '{answer}\\n' | NO_COLOR=1 script -qec 'studio --clean --keep 1' /dev/null | tr -d '\\r' | tail -n +16"
        );
        shelf.sandbox.sh("", &script).ok()
    };
    let no = ask("");
    let size = no.split("frees ").nth(1).and_then(|rest| rest.lines().next()).expect("it is said");
    assert_snapshot!(no.replace(size, "[SIZE]"), @"
    5f5dd870db97     33 days ago  motd: 14
    and 2 more; `--dry-run` lists all
    1 snapshot stays: 1 of the last
    to remove: 17 snapshots, which frees [SIZE]
    remove 17 snapshots? [y/N] error: nothing was removed, as you said
    ");
    assert_eq!(shelf.there().len(), 18);
    assert!(ask("yes").contains("removed 17 snapshots, which freed"));
    assert_eq!(shelf.there(), [17]);
}

#[test]
fn young_ones_and_the_last_stay_by_a_policy_that_flags_beat() {
    let mut shelf = Shelf::of(3);
    shelf.take(3, 13);
    let mut shelf = shelf.without_studio();
    let stays = |shelf: &Shelf, flags: &str| {
        let line = format!("studio --clean --dry-run --json{flags}");
        let json = shelf.sandbox.run("", &line).ok();
        let json = json.replace(shelf.sandbox.root().as_str(), "[SANDBOX]");
        let part = json.split("\"stays\": ").nth(1).expect("stays").replace([' ', '\n'], "");
        part.split('}').next().expect("closed").to_owned()
    };
    assert_eq!(stays(&shelf, ""), "{\"last\":4");
    assert_eq!(stays(&shelf, " --keep 0"), "{\"young\":1");
    assert_eq!(stays(&shelf, " --keep 0 --younger-than 13d"), "{");
    assert_eq!(
        stays(&shelf, " --keep 2 --younger-than 31d"),
        "{\"last\":2,\"young\":0".replace(",\"young\":0", "")
    );
    assert_eq!(stays(&shelf, " --keep 1 --younger-than 31d"), "{\"last\":1,\"young\":1");
    shelf
        .sandbox
        .write("home/.config/studio/config.toml", "[clean]\nkeep = 0\nyounger-than = \"5w\"\n");
    assert_eq!(stays(&shelf, ""), "{\"young\":4");
    shelf.sandbox.set("STUDIO_CLEAN_YOUNGER_THAN", "0");
    assert_eq!(stays(&shelf, ""), "{");
    assert_eq!(stays(&shelf, " --younger-than 2w"), "{\"young\":1");
    shelf.sandbox.set("STUDIO_CLEAN_KEEP", "1");
    assert_snapshot!(shelf.sandbox.sh("", "studio --show-config | grep clean"), @"
    clean.keep          1  ($STUDIO_CLEAN_KEEP)
    clean.younger-than  0  ($STUDIO_CLEAN_YOUNGER_THAN)
    ");
    assert_snapshot!(shelf.sandbox.run("", "studio --clean --younger-than soon").fails(2), @"
    ------- stderr -------
    error: the setting `clean.younger-than` has a value that it cannot have
      `soon` is not an age such as `36h`, `14d` or `2w`
      it comes from --younger-than
    [exit status: 2]
    ");
    shelf.sandbox.write("home/.config/studio/config.toml", "[clean]\nkeep = \"all\"\n");
    assert_snapshot!(shelf.sandbox.run("", "studio --clean").fails(1), @"
    ------- stderr -------
    error: `[SANDBOX]/home/.config/studio/config.toml`: `clean.keep` must be a number, but it is a string
    [exit status: 1]
    ");
}

#[test]
fn a_pin_keeps_a_snapshot_until_it_is_taken_away() {
    let shelf = Shelf::of(3).without_studio();
    let sandbox = &shelf.sandbox;
    assert_snapshot!(sandbox.run("", &format!("studio --pin {}", &shelf.id(0)[..4])), @"
    ------- stderr -------
    the snapshot 16b99338e993 is pinned: it stays until `--unpin`
    ");
    // By its path, and from within.
    sandbox.run(shelf.snapshots[1].join("hosts"), "studio --pin .").ok();
    assert_snapshot!(sandbox.run("", &format!("studio --pin {}", shelf.snapshots[1])), @"
    ------- stderr -------
    the snapshot 9cdd93d41ebe is pinned already: it stays until `--unpin`
    ");
    let sizes = sandbox.run("", "studio --snapshots");
    let hidden: Vec<String> = sizes
        .ok()
        .lines()
        .map(|line| {
            let (start, rest) = line.split_at(28);
            let (size, subject) = rest.split_at(12);
            assert!(size.trim().ends_with('B'), "{line}");
            format!("{start}[SIZE]{subject}")
        })
        .collect();
    assert_snapshot!(hidden.join("\n"), @"
    3156b8ade25d     30 days ago[SIZE]  motd: 2
    9cdd93d41ebe     31 days ago[SIZE]  motd: 1  (pinned)
    16b99338e993     32 days ago[SIZE]  motd: 0  (pinned)
    ");
    let clean = sandbox.run("", "studio --clean --keep 0 --yes -q");
    assert_eq!(clean.ok(), "");
    assert_eq!(shelf.there(), [0, 1]);
    assert_snapshot!(sandbox.run("", "studio --pin 0000").fails(1), @"
    ------- stderr -------
    error: there is no snapshot `0000`
    hint: list them: `studio --snapshots`
    [exit status: 1]
    ");
    assert_snapshot!(sandbox.run("", "studio --pin abc").fails(1), @"
    ------- stderr -------
    error: `abc` names no snapshot
      an id is wanted, 4 digits or more of one, or the folder of a snapshot
    hint: list them: `studio --snapshots`
    [exit status: 1]
    ");
    assert_snapshot!(sandbox.run("", &format!("studio --pin {}", shelf.id(2))).fails(1), @"
    ------- stderr -------
    error: there is no snapshot `3156b8ade25d8b28a9c16926b0f8c6c48ee3d285`
    hint: list them: `studio --snapshots`
    [exit status: 1]
    ");
    assert_snapshot!(sandbox.run("", &format!("studio --unpin {}", shelf.id(2))).fails(1), @"
    ------- stderr -------
    error: there is no pinned snapshot `3156b8ade25d8b28a9c16926b0f8c6c48ee3d285`
    hint: those that are say so in the list: `studio --snapshots`
    [exit status: 1]
    ");
    assert_snapshot!(sandbox.run("", &format!("studio --unpin {}", &shelf.id(0)[..8])), @"
    ------- stderr -------
    the snapshot 16b99338e993 is not pinned any more
    ");
    sandbox.run("", "studio --clean --keep 0 --yes").ok();
    assert_eq!(shelf.there(), [1]);
    let json: Vec<String> = sandbox
        .run("", "studio --snapshots --json")
        .ok()
        .lines()
        .map(|line| line.trim().to_owned())
        .collect();
    for wanted in ["\"pinned\": true,", "\"generations\": []", "\"subject\": \"motd: 1\","] {
        assert!(json.iter().any(|line| line == wanted), "{json:?}");
    }
    // A pin whose snapshot is gone can be taken away, too.
    sandbox.sh("", &format!("chmod -R u+w {0}; rm -rf {0}", shelf.snapshots[1])).ok();
    sandbox.run("", &format!("studio --unpin {}", shelf.id(1))).ok();
    assert_eq!(shelf.home("pins").read_dir_utf8().expect("pins").count(), 0);
}

#[test]
fn a_studio_keeps_where_it_is_its_branches_and_what_its_log_lists() {
    let shelf = Shelf::of(3);
    let sandbox = &shelf.sandbox;
    let clean = |sandbox: &Sandbox| sandbox.run("", "studio --clean --keep 0 --yes").stderr;
    assert_snapshot!(clean(sandbox), @"
    3 snapshots stay: 3 of studios
    there is nothing to remove
    ");
    // Without its log there is its branch; without that, where it is.
    sandbox.sh(&shelf.studio, "git update-ref -d refs/studio/ops/main").ok();
    clean(sandbox);
    assert_eq!(shelf.there(), [2]);
    sandbox.sh(&shelf.studio, "git switch -q --detach && git branch -q -D $(git branch --list 'scratch/*' --format='%(refname:short)')").ok();
    clean(sandbox);
    assert_eq!(shelf.there(), [2]);
    sandbox
        .sh(&shelf.studio, "git worktree add -q --detach ../../../tree && git switch -q main")
        .ok();
    clean(sandbox);
    assert_eq!(shelf.there(), [2], "another work tree of the studio is there");
    // A studio that cannot be read may need anything.
    sandbox.sh(&shelf.studio, "mv .git/config .git/kept && echo '[' >.git/config").ok();
    let refused = sandbox.run("", "studio --clean --keep 0 --yes");
    assert!(refused.fails(1).stderr.contains("it is not known what the studio"), "{refused}");
    assert!(refused.stderr.contains("nothing was removed"), "{refused}");
    sandbox
        .sh(&shelf.studio, "mv .git/kept .git/config && git worktree remove --force ../../../tree")
        .ok();
    clean(sandbox);
    assert_eq!(shelf.there(), [0; 0]);
}

#[test]
fn nobodys_work_is_lost_and_what_was_cleaned_comes_back() {
    let shelf = Shelf::of(4).without_studio();
    let sandbox = &shelf.sandbox;
    sandbox.run("", "studio --clean --keep 0 --yes").ok();
    assert_eq!(shelf.there(), [0; 0]);
    // The last commit has those before it, and nobody else has that one.
    let refs = |sandbox: &Sandbox| {
        sandbox
            .sh(shelf.home("mirrors"), "git -C * for-each-ref --format='%(refname)' refs/studio")
            .ok()
    };
    assert_eq!(refs(sandbox), format!("refs/studio/snapshots/{}", shelf.id(3)));
    // It comes back, also by the id of an older one.
    let other = sandbox.studio("other");
    for n in [3, 1] {
        sandbox.run(&other, &format!("git mutable-hydrate {}", shelf.id(n))).ok();
        assert_eq!(sandbox.read(other.join("motd")), format!("{n}\n"));
        let taken = sandbox.run(&other, "git mutable-snapshot --no-push").ok();
        assert_eq!(taken, shelf.snapshots[n]);
        assert_eq!(sandbox.sh(&taken, "git status --porcelain && git fsck --no-dangling").ok(), "");
    }
    // Once upstream has it, nothing has to be kept any more.
    sandbox.sh(&other, &format!("git push -q origin {}:refs/heads/main", shelf.id(3))).ok();
    // The mirror hears of it when the next studio is made.
    sandbox.studio("third");
    for name in ["other", "third"] {
        sandbox.run("", &format!("studio --remove {name} --force")).ok();
    }
    for snapshot in [&shelf.snapshots[3], &shelf.snapshots[1]] {
        shelf.age(snapshot, 40);
    }
    sandbox.run("", "studio --clean --keep 0 --yes").ok();
    assert_eq!((shelf.there(), refs(sandbox)), (vec![], String::new()));
}

#[test]
fn who_stands_in_a_snapshot_or_works_on_it_keeps_it() {
    let shelf = Shelf::of(4).without_studio();
    let sandbox = &shelf.sandbox;
    // The user stands in the first, another process in the second, a check of the third is at work.
    let hosts = shelf.snapshots[1].join("hosts");
    let sleeper = sandbox.sh(hosts, "sleep 60 >/dev/null 2>&1 & echo $!").ok();
    let lock = shelf.home("locks").join(format!("{}-check-x86_64-linux", &shelf.id(2)[..12]));
    sandbox.write(&lock, "");
    let held = std::fs::File::open(&lock).expect("open");
    held.lock().expect("lock");
    let seen = sandbox.run(shelf.snapshots[0].join("hosts"), "studio --clean --keep 0 --yes");
    assert_snapshot!(seen.stderr.lines().nth(1).unwrap_or_default(), @"3 snapshots stay: 3 in use");
    assert_eq!(shelf.there(), [0, 1, 2]);
    drop(held);
    // Until it has ended, which `kill` does not wait for.
    sandbox
        .sh(
            "",
            &format!("kill -9 {sleeper}; while test -e /proc/{sleeper}/cwd/; do sleep 0.01; done"),
        )
        .ok();
    // Who holds the folder keeps it, although nothing else tells.
    let held = std::fs::File::open(&shelf.snapshots[1]).expect("open");
    held.lock_shared().expect("lock");
    let spared = sandbox.run("", "studio --clean --keep 0 --yes");
    let short = &shelf.id(1)[..12];
    assert!(spared.stderr.contains(&format!("{short} stays: somebody needs it now")), "{spared}");
    assert_eq!(shelf.there(), [1]);
}

#[test]
fn what_is_left_of_snapshots_that_are_gone_goes_and_what_is_not_ours_stays() {
    let shelf = Shelf::of(2).without_studio();
    let sandbox = &shelf.sandbox;
    let gone = "f".repeat(40);
    for id in [&gone, shelf.id(0)] {
        shelf.furnish(id);
    }
    let foreign = "e".repeat(40);
    sandbox.write(shelf.home("roots").join(&foreign).join("notes"), "mine\n");
    sandbox.write(shelf.home("verdicts/README"), "mine\n");
    sandbox.write(shelf.home("logs/lock-tool.log"), "new\n");
    sandbox.write(shelf.home("logs/lock-other.log"), "old\n");
    sandbox.sh(shelf.home("logs"), "touch -d 2025-12-01 lock-other.log").ok();
    // Somebody works on a snapshot that is just being made.
    let made = "d".repeat(40);
    shelf.furnish(&made);
    std::fs::create_dir(shelf.home("snapshots").join(format!(".tmp-{made}-1-0"))).expect("draft");
    let draft = std::fs::File::open(shelf.home("snapshots").join(format!(".tmp-{made}-1-0")))
        .expect("open");
    draft.lock().expect("lock");
    assert_snapshot!(sandbox.run("", "studio --clean --keep 5").stderr, @"
    2 snapshots stay: 2 of the last
    to remove: 6 remains of earlier ones, which frees 32 KiB
    removed 6 remains of earlier ones, which freed 32 KiB
    ");
    assert_eq!(shelf.traces(&gone), [""; 0]);
    assert_eq!(shelf.traces(shelf.id(0)).len(), 7);
    assert_eq!(shelf.traces(&made).len(), 5);
    assert_eq!(sandbox.read(shelf.home("roots").join(&foreign).join("notes")), "mine\n");
    assert!(shelf.home("verdicts/README").exists() && shelf.home("logs/lock-tool.log").exists());
    assert!(!shelf.home("logs/lock-other.log").exists());
}

#[test]
fn what_a_machine_was_made_of_stays() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    let home = sandbox.home();
    let snapshots: Vec<Utf8PathBuf> = ["old", "new", "tried", "unused"]
        .iter()
        .map(|text| scene.with_demo(&format!("motd.text = \"{text}\";")))
        .collect();
    scene.on_machine(&snapshots[0], "flake-switch --yes").ok();
    scene.on_machine(&snapshots[1], "flake-switch --yes").ok();
    scene.on_machine(&snapshots[2], "flake-test").ok();
    sandbox.run(&home, "studio --remove demo --force").ok();
    let clean = || scene.on_machine(&home, "studio --clean --keep 0 --younger-than 0 --yes");
    // What was taken in this minute may be in the hands of who takes it.
    let plan = clean();
    assert!(plan.stderr.contains("1 young"), "{plan}");
    for snapshot in &snapshots {
        sandbox.sh("", &format!("touch -d '2 minutes ago' {snapshot}")).ok();
    }
    assert_snapshot!(clean().stderr.lines().nth(1).unwrap_or_default(), @"3 snapshots stay: 1 running, booted or being switched to, 2 with a generation");
    let there = || -> Vec<bool> { snapshots.iter().map(|path| path.exists()).collect() };
    assert_eq!(there(), [true, true, true, false]);
    let list = scene.on_machine(&home, "studio --snapshots").ok();
    let marks: Vec<&str> = list.lines().filter_map(|line| line.split("  (").nth(1)).collect();
    assert_eq!(marks, ["generation 2)", "generation 1)"], "{list}");

    // An attempt that is still open, of a snapshot of which nothing is left but that.
    let records = scene.machine().join("var/lib/studio/transactions");
    let script =
        "sed -i 's/\"phase\": .*/\"phase\": \"testing\",/' $(grep -l '\"verb\": \"test\"' *.json)
                  rm ../../../../run/current-system";
    sandbox.sh(&records, script).ok();
    clean().ok();
    assert_eq!(there(), [true, true, true, false]);
    sandbox.sh(&records, "sed -i 's/\"testing\"/\"reverted\"/' *.json").ok();
    clean().ok();
    assert_eq!(there(), [true, true, false, false]);

    // A generation that is gone holds nothing; what starts next does.
    sandbox.sh(scene.machine().join("nix/var/nix/profiles"), "rm system-1-link").ok();
    clean().ok();
    assert_eq!(there(), [false, true, false, false]);

    // A record that nobody understands may be about any of them.
    sandbox.write(records.join("x.json"), "{}");
    assert!(clean().fails(1).stderr.contains("cannot be understood"));
    assert_eq!(there(), [false, true, false, false]);
}

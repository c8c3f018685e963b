//! Whatever is done to files of the pool, to a snapshot and to what is known of both: it is seen before anybody relies on
//! it, no new snapshot has it, and git makes all of it right again.

use crate::{Shelf, can_mount_images};
use insta::assert_snapshot;

#[test]
fn a_flipped_bit_is_seen_wherever_it_is_linked_and_mended_from_git() {
    let mut shelf = Shelf::of(3);
    shelf.flip(shelf.pooled("hosts/demo.nix").as_str());
    for n in 0..3 {
        let refused = shelf.run(&format!("studio --verify #{n}"));
        assert_eq!(
            shelf.shown(refused.fails(1)),
            format!(
                "------- stderr -------
error: the snapshot #{n} is not what its name says: 1 difference
  changed: hosts/demo.nix
hint: make it again from git: `studio --repair #{n}`
[exit status: 1]
"
            )
        );
    }
    // The next one is right, with a file of its own that those after it share.
    shelf.take();
    shelf.take();
    for n in [3, 4] {
        assert!(shelf.is_quick(n) && shelf.is_sound(n), "{n}");
    }
    let inodes = |shelf: &Shelf| -> Vec<String> {
        (0..5).map(|n| shelf.sh(n, "stat -c %i hosts/demo.nix")).collect()
    };
    let shared = inodes(&shelf);
    assert_eq!(shared[0], shared[2]);
    assert_ne!(shared[2], shared[3]);
    assert_eq!(shared[3], shared[4]);

    for n in 0..3 {
        let repaired = shelf.run(&format!("studio --repair #{n}"));
        assert_eq!(repaired.ok(), shelf.snapshots[n]);
        assert_eq!(
            shelf.shown(&repaired).lines().last(),
            Some(format!("made the snapshot #{n} again").as_str())
        );
        assert!(shelf.is_quick(n) && shelf.is_sound(n), "{n}");
    }
    assert_eq!(inodes(&shelf), vec![shared[3].clone(); 5]);
    // What was done for one has not made another look touched.
    assert!((0..5).all(|n| shelf.is_quick(n)));
}

#[test]
fn a_flipped_bit_that_nobody_saw_does_not_reach_the_next_snapshot() {
    let mut shelf = Shelf::of(2);
    shelf.flip(shelf.pooled("hosts/demo.nix").as_str());
    shelf.take();
    assert!(shelf.is_quick(2) && shelf.is_sound(2));
    // And what was taken and cleaned meanwhile has not made the old ones look right.
    shelf.run("studio --verify #0").fails(1);
    shelf.run("studio --verify #1").fails(1);
}

#[test]
fn a_damaged_snapshot_is_as_damaged_when_others_that_have_the_file_are_gone() {
    let mut shelf = Shelf::of(3);
    shelf.flip(shelf.pooled("hosts/demo.nix").as_str());
    shelf.clean_all_but_the_last();
    let refused = shelf
        .sandbox
        .run_words("", &["studio", "--verify", shelf.snapshots[2].file_name().expect("an id")]);
    refused.fails(1);
    assert!(refused.stderr.contains("changed: hosts/demo.nix"), "{refused}");
}

#[test]
fn a_file_of_the_pool_that_is_gone_or_another_is_made_again() {
    let mut shelf = Shelf::of(2);
    let file = shelf.pooled("hosts/demo.nix");
    let right = shelf.sandbox.read(&file);
    let strikes = [
        "rm -f $0",
        "rm -f $0; printf other >$0; chmod 444 $0; touch -d @1 $0",
        "rm -f $0; cp flake.nix $0; chmod 644 $0",
        "rm -f $0; ln -s $PWD/flake.nix $0",
        "rm -f $0; mkfifo $0",
        "rm -f $0; : >$0; chmod 444 $0; touch -d @1 $0",
        "rm -rf $0; mkdir -p $0/folder",
        "chmod 755 $0",
        "chmod 400 $0",
        "rm -rf ${0%/*}",
        "rm -rf ${0%/*/*}",
        "mv $0 $0.was; cp $0.was $0; chmod 444 $0; touch -d @1 $0; rm -f $0.was",
    ];
    for strike in strikes {
        let last = shelf.snapshots.len() - 1;
        let words = ["sh", "-euc", strike, file.as_str()];
        shelf.sandbox.run_words(&shelf.snapshots[last], &words).ok();
        shelf.take();
        let new = last + 1;
        assert!(shelf.is_quick(new), "{strike}");
        assert!(shelf.is_sound(new), "{strike}");
        assert_eq!(shelf.sandbox.read(&file), right, "{strike}");
        assert_eq!(shelf.sh(new, "stat -c '%a %Y' hosts/demo.nix"), "444 1", "{strike}");
        // Links of those that are there already hold the file, whatever the pool calls by its name.
        assert!(shelf.is_sound(0), "{strike}");
    }
}

#[test]
fn what_is_known_of_the_looks_is_only_a_cache() {
    let mut shelf = Shelf::of(2);
    let home = shelf.home();
    let ledger = home.join("pool/ledger");
    let seal = home.join("cache/seals").join(shelf.snapshots[0].file_name().expect("an id"));
    assert!(shelf.is_quick(0));
    let strikes = [
        "rm $0",
        ": >$0",
        "truncate -s -1 $0",
        "truncate -s 30 $0",
        "head -c 5000 /dev/urandom >$0",
        "printf '{\"format\":1,\"parts\":[]}' >$0",
        "printf '{\"format\":2,\"parts\":[]}' >$0",
        "rm $0; mkdir $0",
        "rm -rf ${0%/*}",
    ];
    for file in [&seal, &ledger] {
        for strike in strikes {
            if file == &ledger && strike.contains("%") {
                // The pool itself, which is struck elsewhere.
                continue;
            }
            let strike = format!("rmdir $0 2>/dev/null || true; [ -e $0 ] || : >$0; {strike}");
            shelf.sandbox.run_words("", &["sh", "-euc", &strike, file.as_str()]).ok();
            // Nothing is known, so it is read; and what was read is known.
            shelf.run("studio --verify #0").ok();
            let known_again = !file.is_dir();
            if known_again {
                assert!(shelf.is_quick(0), "{strike} {file}");
            }
            shelf.take();
            let new = shelf.snapshots.len() - 1;
            assert!(shelf.is_sound(new), "{strike} {file}");
        }
    }
    // It hides no damage either.
    let file = shelf.pooled("hosts/demo.nix");
    shelf.flip(file.as_str());
    for strike in ["rm -rf $0", "head -c 5000 /dev/urandom >$0"] {
        for file in [&seal, &ledger] {
            shelf.sandbox.run_words("", &["sh", "-euc", strike, file.as_str()]).ok();
            let refused = shelf.run("studio --verify #0");
            refused.fails(1);
            assert!(refused.stderr.contains("changed: hosts/demo.nix"), "{refused}");
        }
    }
    shelf.take();
    assert!(shelf.is_sound(shelf.snapshots.len() - 1));
}

#[test]
fn whatever_is_done_to_a_snapshot_is_seen() {
    let sandbox = testkit::Sandbox::new();
    sandbox.upstream();
    sandbox.add_input("lib");
    let studio = sandbox.studio("try");
    sandbox
        .sh(
            &studio,
            "printf 'echo one\n' >tool; chmod +x tool; printf 'echo two\n' >gadget; ln -s tool link
             mkdir -p same/one same/two; echo s >same/one/x; echo s >same/two/x; printf '*.up filter=up\n' >.gitattributes",
        )
        .ok();
    let mut shelf = Shelf { sandbox, studio, snapshots: vec![] };
    shelf.take();
    let strikes = [
        ("chmod u+w .; echo x >added; chmod u-w .", "added:   added"),
        ("chmod u+w same; ln -s one same/three; chmod u-w same", "added:   same/three"),
        ("chmod u+w hosts; mkfifo hosts/fifo; chmod u-w hosts", "added:   hosts/fifo"),
        ("chmod u+w hosts; rm -f hosts/demo.nix; chmod u-w hosts", "missing: hosts/demo.nix"),
        (
            "mv -f gadget x; mv tool gadget; mv x tool; chmod 555 tool; chmod 444 gadget",
            "changed: gadget\n  changed: tool",
        ),
        ("chmod 555 gadget", "changed: gadget"),
        ("chmod 444 tool", "changed: tool"),
        ("ln -sfn gadget link", "changed: link"),
        ("rm link; cp tool link", "changed: link"),
        ("rm tool; ln -s gadget tool", "changed: tool"),
        ("rm -r same/one; ln -s two same/one", "added:   same/one"),
        ("rm tool; mkdir tool; echo x >tool/x", "changed: tool"),
        ("rm -r hosts; echo x >hosts", "missing: hosts/demo.nix\n  added:   hosts"),
        ("echo x >>inputs/lib/message", "changed: inputs/lib/message"),
        ("touch inputs/lib/new", "added:   inputs/lib/new"),
        ("rm -r inputs/lib; mkdir inputs/lib", "missing: inputs/lib"),
        ("rm motd; printf 'o\n' >motd; touch -d @1 motd; chmod 444 motd", "changed: motd"),
    ];
    for (strike, said) in strikes {
        shelf.sh(0, strike);
        let refused = shelf.run("studio --verify #0");
        let text = shelf.shown(refused.fails(1));
        assert!(text.contains(&format!("\n  {said}\nhint: ")), "{strike}: {text}");
        let full = shelf.run("studio --verify #0 --full");
        assert_eq!(shelf.shown(full.fails(1)), text, "{strike}");
        shelf.run("studio --repair #0").ok();
        assert!(shelf.is_quick(0), "{strike}");
        assert!(shelf.is_sound(0), "{strike}");
    }
    // What only looks otherwise is read once and believed again.
    for touch in ["touch motd", "cp -p motd x; mv -f x motd; chmod 444 motd", "chmod 555 same"] {
        shelf.sh(0, touch);
        assert!(!shelf.is_quick(0), "{touch}");
        assert!(shelf.is_sound(0), "{touch}");
    }
    assert_snapshot!(shelf.shown(&shelf.run("studio --verify #0")), @"
    ------- stderr -------
    the snapshot #0 is what its name says
    ");
}

#[test]
fn bits_that_rot_on_the_disk_are_found_by_reading_all() {
    let sandbox = testkit::Sandbox::new();
    sandbox.upstream();
    // A real disk: what changes beneath the file system changes no ctime.
    let script = r#"
        truncate -s 64M disk; mkfs.ext4 -q -O ^has_journal disk; mkdir rot; mount -o loop disk rot
        export STUDIO_HOME=$PWD/rot/home; root=$PWD
        cd "$(studio try -q --upstream $PWD/upstream.git)"
        for n in $(seq 300); do printf 'bit rot, says the test: %s\n' $n; done >big
        snapshot=$(git mutable-snapshot -q --no-push); id=${snapshot##*/}
        studio -v --verify $id 2>&1 | sed "s/$(printf %.12s $id)/[ID]/"
        cd $root; umount rot
        for at in $(grep -abo 'says the test: 300' disk | cut -d: -f1); do
            printf S | dd of=disk bs=1 seek=$at conv=notrunc status=none
        done
        mount -o loop disk rot
        studio -v --verify $id 2>&1 | sed "s/$(printf %.12s $id)/[ID]/"
        studio --verify $id --full 2>&1 | sed "s/$(printf %.12s $id)/[ID]/"
        studio --repair $id -q >/dev/null
        studio --verify $id --full 2>&1 | sed "s/$(printf %.12s $id)/[ID]/""#;
    if !can_mount_images(&sandbox) {
        return;
    }
    let outcome = sandbox.run_words("", &["unshare", "--mount", "sh", "-euc", script]);
    assert_snapshot!(outcome, @"
    the snapshot [ID] looks as it did when it was sealed
    the snapshot [ID] is what its name says
    the snapshot [ID] looks as it did when it was sealed
    the snapshot [ID] is what its name says
    error: the snapshot [ID] is not what its name says: 1 difference
      changed: big
    hint: make it again from git: `studio --repair [ID]`
    the snapshot [ID] is what its name says
    ");
}

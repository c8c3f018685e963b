//! Where no hard link can lead: another device, a file that has as many names as it can have.

use crate::{Shelf, can_mount_images, skipped};
use camino::{Utf8Path, Utf8PathBuf};
use insta::assert_snapshot;
use std::io::ErrorKind;
use testkit::Sandbox;

#[test]
fn snapshots_on_another_device_are_copies_and_as_good() {
    let sandbox = Sandbox::new();
    let elsewhere = tempfile::Builder::new().prefix("studio-test-").tempdir_in("/dev/shm");
    let Ok(elsewhere) = elsewhere else {
        skipped("there is no /dev/shm to write to");
        return;
    };
    let place = Utf8PathBuf::from_path_buf(elsewhere.path().to_owned()).expect("a UTF-8 path");
    let home = sandbox.studio_home();
    sandbox.sh("", &format!("mkdir -p {home} && ln -s {place} {home}/snapshots")).ok();
    let devices = format!("stat -c %d {home} {place} | uniq | wc -l");
    assert_eq!(sandbox.sh("", &devices).ok(), "2", "/dev/shm is another device");
    let studio = sandbox.studio("try");
    sandbox.sh(&studio, "echo x >tool; chmod +x tool; ln -s tool link").ok();
    let mut shelf = Shelf { sandbox, studio, snapshots: vec![] };
    (0..3).for_each(|_| shelf.take());
    for n in 0..3 {
        assert!(shelf.is_quick(n) && shelf.is_sound(n), "{n}");
        assert_eq!(
            shelf.sh(n, "stat -c '%a %h %Y %N' tool flake.nix link"),
            "555 1 1 'tool'\n444 1 1 'flake.nix'\n777 1 1 'link' -> 'tool'"
        );
    }
    // Each has its own damage, and the pool none.
    shelf.flip(shelf.snapshots[1].join("flake.nix").as_str());
    shelf.run("studio --verify #1").fails(1);
    assert!(shelf.is_quick(0) && shelf.is_quick(2));
    shelf.run("studio --repair #1").ok();
    assert!(shelf.is_quick(1) && shelf.is_sound(1));
    shelf.clean_all_but_the_last();
    assert!(shelf.is_sound(2));
    // The pool has what the last one has, and no more: the next one finds it there.
    let pooled = shelf.sandbox.sh(shelf.home(), "find pool -type f ! -name ledger | wc -l").ok();
    assert_eq!(
        shelf.sh(2, "git ls-files -s | grep -v ^120000 | cut -c8-47 | sort -u | wc -l"),
        pooled
    );
}

#[test]
fn a_file_with_as_many_names_as_it_can_have_gets_a_second_self() {
    let mut shelf = Shelf::of(1);
    let file = shelf.pooled("hosts/demo.nix");
    if !has_room_for_two_names(&file, &shelf.sandbox.root().join("names")) {
        skipped("a file can have more names here than a test can make");
        return;
    }
    (0..4).for_each(|_| shelf.take());
    let inode = |shelf: &Shelf, n| shelf.sh(n, "stat -c %i hosts/demo.nix");
    let inodes: Vec<String> = (0..5).map(|n| inode(&shelf, n)).collect();
    assert_eq!(inodes[..2], [&*inodes[2], &*inodes[2]]);
    assert_ne!(inodes[2], inodes[3]);
    assert_eq!(inodes[3], inodes[4]);
    assert_eq!(
        shelf.sandbox.sh("", &format!("ls -A {}", file.parent().expect("a shard"))).ok(),
        file.file_name().expect("a name")
    );
    for n in 0..5 {
        // Those that have the first one saw it lose its name in the pool, which is a reason to look, once.
        assert_eq!(shelf.is_quick(n), n > 2, "{n}");
        assert!(shelf.is_quick(n) && shelf.is_sound(n), "{n}");
    }
}

/// Gives a file as many names as this file system lets it have, less two.
fn has_room_for_two_names(file: &Utf8Path, folder: &Utf8Path) -> bool {
    std::fs::create_dir(folder).expect("the folder is new");
    let name = |number: usize| folder.join(number.to_string());
    let full = (0..70_000)
        .find_map(|number| Some((number, std::fs::hard_link(file, name(number)).err()?)));
    let Some((made, cause)) = full else { return false };
    assert_eq!(cause.kind(), ErrorKind::TooManyLinks);
    for number in [made - 1, made - 2] {
        std::fs::remove_file(name(number)).expect("it was made");
    }
    true
}

#[test]
fn the_whole_home_on_a_disk_of_its_own_and_the_pool_on_another() {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    if !can_mount_images(&sandbox) {
        return;
    }
    let script = r#"
        truncate -s 32M one two; mkfs.ext4 -q one; mkfs.ext4 -q two; mkdir -p home2/pool
        mount -o loop one home2; mkdir -p home2/pool; mount -o loop two home2/pool
        export STUDIO_HOME=$PWD/home2
        cd "$(studio try -q --upstream $PWD/upstream.git)"
        for n in 1 2 3; do
            echo $n >motd; snapshot=$(git mutable-snapshot -q --no-push); id=${snapshot##*/}
            studio -v --verify $id 2>&1 | sed "s/$(printf %.12s $id)/[ID]/"
            studio -v --verify $id --full 2>&1 | sed "s/$(printf %.12s $id)/[ID]/"
            stat -c '%h %n' $snapshot/flake.nix | sed 's,/.*/,,'
        done
        cd /; studio --remove try --force -q; touch -d 2025-01-01 $STUDIO_HOME/snapshots/*
        studio --clean --keep 1 --younger-than 0 --yes 2>&1 | grep ^removed | sed 's/freed.*/freed [SIZE]/'
        for snapshot in $STUDIO_HOME/snapshots/*; do
            studio --verify ${snapshot##*/} --full -q && git -C $snapshot fsck
        done"#;
    let outcome = sandbox.run_words("", &["unshare", "--mount", "sh", "-euc", script]);
    assert_snapshot!(outcome, @"
    the snapshot [ID] looks as it did when it was sealed
    the snapshot [ID] is what its name says
    the snapshot [ID] is what its name says
    1 flake.nix
    the snapshot [ID] looks as it did when it was sealed
    the snapshot [ID] is what its name says
    the snapshot [ID] is what its name says
    1 flake.nix
    the snapshot [ID] looks as it did when it was sealed
    the snapshot [ID] is what its name says
    the snapshot [ID] is what its name says
    1 flake.nix
    removed 2 snapshots, which freed [SIZE]
    ");
}

#[test]
fn a_small_limit_of_open_files_is_raised() {
    let shelf = Shelf::of(1);
    shelf.sandbox.write(shelf.studio.join("motd"), "another\n");
    let line = "ulimit -S -n 100; git mutable-snapshot -q --no-push";
    let snapshot = shelf.sandbox.sh(&shelf.studio, line).ok();
    shelf.sandbox.run("", &format!("studio --verify {snapshot}")).ok();
}

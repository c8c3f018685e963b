//! Verification of what nobody touched stays a matter of looks, however many others link the same files or let them go.

use crate::Shelf;

#[test]
fn others_that_link_the_same_files_or_drop_them_touch_nothing() {
    let mut shelf = Shelf::of(1);
    assert!(shelf.is_quick(0));
    for n in 1..6 {
        shelf.take();
        assert!((0..=n).all(|one| shelf.is_quick(one)), "{n}");
    }
    // A second studio links nothing, or clones.
    shelf.sandbox.studio("other");
    assert!((0..6).all(|one| shelf.is_quick(one)));
    shelf.clean_all_but_the_last();
    assert!(shelf.is_quick(5));
    assert!(shelf.is_sound(5));
    assert!(shelf.is_quick(5));
}

#[test]
fn one_that_was_repaired_or_made_again_touches_none_of_the_others() {
    let mut shelf = Shelf::of(3);
    shelf.run("studio --repair #1").ok();
    assert!((0..3).all(|one| shelf.is_quick(one)));
    shelf.sandbox.sh("", &format!("rm -rf {}", shelf.snapshots[1])).ok();
    // Names that were dropped behind our back are a reason to look, once.
    assert!(!shelf.is_quick(0));
    assert!(shelf.is_quick(0));
    shelf.run("git mutable-hydrate #1").ok();
    assert_eq!(shelf.run("git mutable-snapshot -q --no-push").ok(), shelf.snapshots[1]);
    assert!((0..3).all(|one| shelf.is_quick(one)));
    shelf.take();
    assert!((0..4).all(|one| shelf.is_quick(one)));
}

#[test]
fn one_that_was_made_writable_and_removed_by_hand_leaves_no_writable_files() {
    let mut shelf = Shelf::of(3);
    shelf.sandbox.sh("", &format!("chmod -R u+w {0}; rm -r {0}", shelf.snapshots[1])).ok();
    shelf.run("studio --verify #0").ok();
    let inode = shelf.sh(0, "stat -c %i hosts/demo.nix");
    shelf.take();
    assert_eq!(shelf.sh(0, "stat -c '%a %i' hosts/demo.nix"), format!("444 {inode}"));
    assert_eq!(shelf.sh(3, "stat -c %i hosts/demo.nix"), inode);
    assert!([0, 2, 3].iter().all(|n| shelf.is_quick(*n) && shelf.is_sound(*n)));
}

#[test]
fn what_git_itself_does_in_a_snapshot_leaves_it_as_it_looked() {
    let mut shelf = Shelf::of(1);
    // Until the clock shows another second, for git compares no less.
    shelf.sandbox.sh("", "sleep 1.1").ok();
    shelf.take();
    shelf.sh(0, "git status --porcelain; git log -1 --format=%h; git diff HEAD --stat; git fsck");
    assert!(shelf.is_quick(0));
}

#[test]
fn a_kill_between_the_links_and_the_ledger_costs_one_reading() {
    let mut shelf = Shelf::of(2);
    // As the kernel leaves it when somebody links and dies: another ctime that nobody wrote down.
    let file = shelf.pooled("hosts/demo.nix");
    shelf.sandbox.sh("", &format!("ln {file} {file}.x; rm {file}.x")).ok();
    for n in 0..2 {
        assert!(!shelf.is_quick(n));
        assert!(shelf.is_quick(n));
    }
    shelf.take();
    assert!((0..3).all(|n| shelf.is_quick(n)));
}

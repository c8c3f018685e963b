//! What files have in common on the disk: a studio's with the pool's, and a snapshot's with those of the one before.

use camino::{Utf8Path, Utf8PathBuf};
use testkit::{FileSystem, Sandbox};

/// Where each part of a file begins on the disk.
fn places(sandbox: &Sandbox, file: &Utf8Path) -> Vec<String> {
    sandbox.run("", &format!("sync {file}")).ok();
    // `   0:        0..    1023:       3360..      4383:   1024:             last,shared,eof`
    let shown = sandbox.run("", &format!("filefrag -v {file}")).ok();
    let parts = shown.lines().filter_map(|line| line.trim_start().split_once(": "));
    let parts = parts.filter(|(number, _)| number.parse::<u32>().is_ok());
    let begin = |rest: &str| Some(rest.split(':').nth(1)?.split("..").next()?.trim().to_owned());
    parts.filter_map(|(_, rest)| begin(rest)).collect()
}

/// The file of the pool that a snapshot's is a name of.
fn pooled(sandbox: &Sandbox, snapshot: &str, file: &str) -> Utf8PathBuf {
    let id = sandbox.run(snapshot, &format!("git rev-parse HEAD:{file}")).ok();
    sandbox.studio_home().join("pool").join(&id[..2]).join(&id[2..])
}

#[test]
fn a_studio_shares_its_blocks_with_the_pool_until_they_are_written() {
    for kind in [FileSystem::Btrfs, FileSystem::Xfs] {
        let Some(sandbox) = crate::possible(Sandbox::on_disk(kind)) else { continue };
        sandbox.upstream();
        let studio = sandbox.studio("try");
        // 5 MB is more than one extent may have on some; one file is so small that btrfs keeps it with its name.
        let script =
            "head -c 5000000 /dev/urandom >big; echo small >small; head -c 9000 big >tool; chmod +x tool
            git mutable-snapshot -q; git push -q origin HEAD:main";
        let snapshot = sandbox.sh(&studio, script).ok();
        let other = sandbox.studio("other");
        for file in ["big", "tool"] {
            let executable = if file == "tool" { "x" } else { "" };
            let pool: Utf8PathBuf =
                format!("{}{executable}", pooled(&sandbox, &snapshot, file)).into();
            let (ours, of_pool) = (places(&sandbox, &other.join(file)), places(&sandbox, &pool));
            assert!(!ours.is_empty() && ours == of_pool, "{kind}, {file}: {ours:?} {of_pool:?}");
            // The first studio's were written by hand, and share nothing.
            assert_ne!(places(&sandbox, &studio.join(file)), of_pool, "{kind}, {file}");
            let inode = |path: &Utf8Path| sandbox.run("", &format!("stat -c %i {path}")).ok();
            assert_ne!(inode(&other.join(file)), inode(&pool));
            assert_eq!(inode(&Utf8Path::new(&snapshot).join(file)), inode(&pool));
        }
        assert_eq!(
            sandbox.sh(&other, "stat -c '%a %n' big small tool").ok(),
            "644 big\n644 small\n755 tool"
        );
        assert_eq!(sandbox.run(&other, "git status --porcelain").ok(), "", "{kind}");

        // Somebody writes into the middle of one, over the beginning of the other, and behind the end of the third.
        let script = "printf 'written here' | dd of=big bs=1 seek=2500000 conv=notrunc status=none
            printf 'and here' | dd of=tool bs=1 conv=notrunc status=none; echo more >>small
            git status --porcelain";
        assert_eq!(sandbox.sh(&other, script).ok(), " M big\n M small\n M tool", "{kind}");
        let id = snapshot.rsplit('/').next().expect("an id");
        sandbox.run("", &format!("studio --verify {id} --full")).ok();
        let differ = "for file in big small tool; do ! cmp -s $file $0/$file; done";
        let pool = pooled(&sandbox, &snapshot, "big");
        sandbox.run_words(&other, &["sh", "-euc", differ, &snapshot]).ok();
        // What was not written is still in common.
        let (ours, pools) = (places(&sandbox, &other.join("big")), places(&sandbox, &pool));
        assert!(ours != pools && ours[0] == pools[0], "{kind}: {ours:?} {pools:?}");
        let next = sandbox.run(&other, "git mutable-snapshot -q --no-push").ok();
        let id = next.rsplit('/').next().expect("an id");
        sandbox.run("", &format!("studio --verify {id} --full")).ok();
        assert_eq!(sandbox.run(&other, "git status --porcelain").ok(), "", "{kind}");
    }
}

#[test]
fn a_snapshot_of_a_small_change_takes_little_room() {
    // As in docs/measurements.md: sources of 4 KB, 24 in a folder.
    let script = "sync; before=$(df -k --output=used $0 | tail -n 1); cp -r all $0/worktree; sync
        echo $(($(df -k --output=used $0 | tail -n 1) - before)); rm -r $0/worktree";
    let taking = "echo first >d1/1.nix; git mutable-snapshot -q --no-push >/dev/null; sync
        before=$(df -k --output=used . | tail -n 1)
        for n in $(seq 10); do echo $n >d$n/1.nix; git mutable-snapshot -q --no-push >/dev/null; done
        sync; echo $(($(df -k --output=used . | tail -n 1) - before))";
    // A folder takes a block on ext4 and xfs; btrfs keeps three records for each name, and has them all twice.
    let kinds = [(FileSystem::Btrfs, 0.1), (FileSystem::Ext4, 0.06), (FileSystem::Xfs, 0.06)];
    let some = if testkit::thorough() { &kinds[..] } else { &kinds[..1] };
    for (kind, most) in some.iter().copied() {
        let Some(sandbox) = crate::possible(Sandbox::on_disk_of(kind, 400)) else { continue };
        sandbox.upstream();
        for number in 0..60 * 24 {
            let (folder, file) = (number / 24, number % 24);
            let text = format!("{number:07}\n").repeat(file * 40 + 1);
            sandbox.write(format!("seed/all/d{folder}/{file}.nix"), text);
        }
        let home = sandbox.studio_home();
        let worktree = sandbox.run_words("seed", &["sh", "-euc", script, home.as_str()]).ok();
        let worktree: f64 = worktree.parse().expect("KiB");
        let script = "mv all/* . && rmdir all && git add . && git commit -qm all && git push -q ../upstream.git HEAD:main";
        sandbox.sh("seed", script).ok();
        let studio = sandbox.studio("try");
        let ten: f64 = sandbox.sh(&studio, taking).ok().parse().expect("KiB");
        let share = ten / 10.0 / worktree;
        testkit::report(
            &format!("room-{kind}.md"),
            &format!("A snapshot takes {share:.3} of a worktree on {kind}\n"),
        );
        assert!(share < most, "{kind}: {share} of a worktree");
    }
}

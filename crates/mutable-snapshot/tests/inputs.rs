//! `git mutable-snapshot` with a flake input as submodule, on a real Nix: the change in the input is in what Nix sees.

use insta::assert_snapshot;
use testkit::{RealNix, Sandbox};

#[test]
fn a_change_in_an_input_is_committed_pushed_and_locked_and_only_that_entry_moves() {
    let nix = RealNix::find();
    let sandbox = Sandbox::new().with_nix(&nix);
    let flake = sandbox.personal_flake(&nix);
    let studio = sandbox.run("", &format!("studio try -q --upstream {}", flake.upstream)).ok();
    let lock = sandbox.read(format!("{studio}/flake.lock"));
    sandbox.write(format!("{studio}/inputs/motd/message"), "changed in the studio\n");
    sandbox.write(format!("{studio}/inputs/motd/new-file"), "new\n");
    let outcome = sandbox.run(&studio, "git mutable-snapshot");
    insta::with_settings!({ filters => testkit::filters() }, {
        assert_snapshot!(outcome, @"
        [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]
        ------- stderr -------
        `flake.lock`: input `motd` is at [COMMIT]
        committed inputs/motd on `scratch/[ID]` as [COMMIT]
        pushed `scratch/[ID]` of `inputs/motd` to its origin
        pushed `scratch/[ID]` to origin
        ");
    });
    let snapshot = outcome.ok();

    // The same bytes everywhere: in the studio, in the snapshot, on both remotes, and in what Nix evaluates.
    assert_eq!(sandbox.read(format!("{snapshot}/inputs/motd/message")), "changed in the studio\n");
    assert_eq!(
        sandbox.sh(&studio, "git status --porcelain; git -C inputs/motd status --porcelain").ok(),
        ""
    );
    let commit = sandbox.run(&studio, "git -C inputs/motd rev-parse HEAD").ok();
    assert_eq!(sandbox.run(&studio, "git rev-parse HEAD:inputs/motd").ok(), commit);
    let pushed =
        sandbox.run("", &format!("git -C {} for-each-ref --contains {commit}", flake.motd)).ok();
    assert!(pushed.contains("refs/heads/scratch/"), "{pushed}");
    let new = sandbox.read(format!("{snapshot}/flake.lock"));
    assert!(new.contains(&commit), "{new}");
    assert_eq!(sandbox.read(format!("{studio}/flake.lock")), new);
    let diff = sandbox.run(&studio, "git diff -U0 HEAD~1 HEAD -- flake.lock").ok();
    let changed = diff.lines().filter(|line| line.starts_with("+ ") || line.starts_with("- "));
    let keys: Vec<&str> = changed.filter_map(|line| line.split('"').nth(1)).collect();
    assert!(
        keys.iter().all(|key| ["rev", "narHash", "lastModified", "revCount"].contains(key)),
        "{diff}"
    );
    let check = sandbox.run(&snapshot, "git flake-check -q");
    assert_eq!(check.code, Some(0), "{check}");
    let eval = format!(
        "nix eval --no-update-lock-file --raw git+file://{snapshot}?submodules=1#nixosConfigurations.demo.config.environment.etc.motd.text"
    );
    assert_eq!(sandbox.run("", &eval).ok(), "changed in the studio");

    // By its commit alone, as anybody may write it down.
    let id = snapshot.rsplit('/').next().expect("id");
    let metadata =
        format!("nix flake metadata --json --no-update-lock-file git+file://{snapshot}?rev={id}");
    let said = sandbox.run("", &metadata).ok();
    assert!(said.contains(&format!("\"revision\":\"{id}\"")), "{said}");

    // Nothing changed: the same snapshot, and no Nix is asked.
    let mut without = sandbox.command("git", &studio);
    let again = without
        .arg("mutable-snapshot")
        .env("STUDIO_NIX", "/nonexistent/nix")
        .output()
        .expect("runs");
    assert_eq!(String::from_utf8_lossy(&again.stdout).trim_end(), snapshot);

    // Taken back, the lock file is as it was; the commit of the input stays on its branch.
    sandbox.run(&studio, "git mutable-undo").ok();
    assert_eq!(sandbox.read(format!("{studio}/flake.lock")), lock);
    sandbox.run(&studio, "git mutable-redo").ok();
    assert_eq!(sandbox.read(format!("{studio}/flake.lock")), new);
}

#[test]
fn a_lock_file_that_is_no_json_or_a_nix_that_is_missing_stops_it_and_nothing_moves() {
    let nix = RealNix::find();
    let sandbox = Sandbox::new().with_nix(&nix);
    let flake = sandbox.personal_flake(&nix);
    let studio = sandbox.run("", &format!("studio try -q --upstream {}", flake.upstream)).ok();
    sandbox.write(format!("{studio}/inputs/motd/message"), "changed\n");
    let state = || {
        let git = sandbox.sh(&studio, "git for-each-ref; cat .git/HEAD; git -C inputs/motd for-each-ref; cat .git/modules/inputs/motd/HEAD").ok();
        (sandbox.picture(&studio), git)
    };
    let before = state();
    let words = ["env", "STUDIO_NIX=/nonexistent/nix", "git", "mutable-snapshot"];
    assert_snapshot!(sandbox.run_words(&studio, &words).fails(1), @"
    ------- stderr -------
    error: `STUDIO_NIX` names no program: `/nonexistent/nix`
    hint: set it to the `nix` to use, or unset it
    [exit status: 1]
    ");
    assert_eq!(state(), before);

    sandbox.write(format!("{studio}/flake.lock"), "{ not json");
    let before = state();
    assert_snapshot!(sandbox.run(&studio, "git mutable-snapshot").fails(1), @"
    ------- stderr -------
    error: `flake.lock` cannot be read
      it is not JSON: key must be a string at line 1 column 3
    hint: restore it from git, or remove it and run `nix flake lock`
    [exit status: 1]
    ");
    assert_eq!(state(), before);
}

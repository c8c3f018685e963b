//! What is said of secrets that lie open in a flake, when a snapshot of it is taken and when one is worked on.

use insta::assert_snapshot;
use testkit::{RealNix, Sandbox, filters};

const PASSWORD: &str = "{\n  services.db.password = \"hunter2\";\n}\n";

macro_rules! shows {
    ($outcome:expr, @$expected:literal) => {
        insta::with_settings!({ filters => filters() }, {
            assert_snapshot!($outcome.to_string(), @$expected);
        });
    };
}

/// A private key as OpenSSH writes it, put together so that this file has none.
fn key() -> String {
    let body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gt";
    format!("{}BEGIN OPENSSH PRIVATE KEY-----\n{body}\n", "-----")
}

#[test]
fn a_secret_is_told_with_what_to_use_instead_and_never_shown() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("hosts/db.nix"), PASSWORD);
    let outcome = sandbox.run(&studio, "git mutable-snapshot");
    shows!(outcome, @r#"
    [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]
    ------- stderr -------
    warning: hosts/db.nix:2 seems to hold a password; everybody on the machine can read the Nix store
    hint: give a file that is read at run time (`hashedPasswordFile`, `passwordFile`): agenix has it at `config.age.secrets.NAME.path`, sops-nix at `config.sops.secrets.NAME.path`
    hint: if it is none: `# studio: allow-secret` in that line, or in `studio.toml`:
          [secrets]
          allow = ["hosts/db.nix"]
    committed hosts/db.nix on `scratch/[ID]` as [COMMIT]
    pushed `scratch/[ID]` to origin
    "#);
    assert!(!outcome.to_string().contains("hunter2"));
    // It is there for as long as it is told, and from now on in history.
    shows!(sandbox.run(&studio, "git mutable-snapshot"), @r#"
    [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]
    ------- stderr -------
    warning: hosts/db.nix:2 seems to hold a password; everybody on the machine can read the Nix store
    hint: give a file that is read at run time (`hashedPasswordFile`, `passwordFile`): agenix has it at `config.age.secrets.NAME.path`, sops-nix at `config.sops.secrets.NAME.path`
    hint: it is in git's history, also when it is taken out: revoke it, and make a new one
    hint: if it is none: `# studio: allow-secret` in that line, or in `studio.toml`:
          [secrets]
          allow = ["hosts/db.nix"]
    nothing to commit; this is the snapshot [COMMIT]
    "#);
    // Also once the line is another one, as long as it is the same secret.
    sandbox.write(studio.join("hosts/db.nix"), format!("# the database\n{PASSWORD}"));
    shows!(sandbox.run(&studio, "git mutable-snapshot -q"), @"
    [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]
    ------- stderr -------
    warning: hosts/db.nix:3 seems to hold a password; everybody on the machine can read the Nix store
    ");
    // What was taken out is not told any more.
    sandbox.write(studio.join("hosts/db.nix"), "{ services.db.passwordFile = \"/run/db\"; }\n");
    shows!(sandbox.run(&studio, "git mutable-snapshot -q"), @"[SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]");
    let cache = sandbox.sh(sandbox.studio_home(), "cat cache/secrets").ok();
    assert!(!cache.contains("hunter2"), "the cache holds the secret");
}

#[test]
fn of_many_secrets_ten_are_named() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("keys/host"), key());
    for n in 10..22 {
        sandbox.write(studio.join(format!("hosts/h{n}.nix")), PASSWORD);
    }
    let hash = format!("$6$salt$0{}", "./aB3dE5gH7".repeat(8).split_at(85).0);
    sandbox.write(
        studio.join("a.nix"),
        format!("{{ users.users.ada.hashedPassword = \"{hash}\"; }}\n"),
    );
    shows!(sandbox.run(&studio, "git mutable-snapshot --no-push --allow keys/elsewhere --allow keys/host"), @r#"
    [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]
    ------- stderr -------
    warning: 13 places seem to hold secrets; everybody on the machine can read the Nix store
             a.nix:1: a hash of a password
             hosts/h10.nix:2: a password
             hosts/h11.nix:2: a password
             hosts/h12.nix:2: a password
             hosts/h13.nix:2: a password
             hosts/h14.nix:2: a password
             hosts/h15.nix:2: a password
             hosts/h16.nix:2: a password
             hosts/h17.nix:2: a password
             hosts/h18.nix:2: a password
             and 3 more
    hint: who reads a hash can try passwords on it for as long as it takes
    hint: give a file that is read at run time (`hashedPasswordFile`, `passwordFile`): agenix has it at `config.age.secrets.NAME.path`, sops-nix at `config.sops.secrets.NAME.path`
    hint: if it is none: `# studio: allow-secret` in that line, or in `studio.toml`:
          [secrets]
          allow = ["a.nix", "hosts/h10.nix", "hosts/h11.nix"]
    committed a.nix, hosts/h10.nix and 12 more on `scratch/[ID]` as [COMMIT]
    "#);
    shows!(sandbox.run(&studio, "git mutable-snapshot --no-push --allow hosts"), @r#"
    [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]
    ------- stderr -------
    warning: 2 places seem to hold secrets; everybody on the machine can read the Nix store
             a.nix:1: a hash of a password
             keys/host:1: a private key of SSH
    hint: who reads a hash can try passwords on it for as long as it takes
    hint: give a file that is read at run time (`hashedPasswordFile`): agenix has it at `config.age.secrets.NAME.path`, sops-nix at `config.sops.secrets.NAME.path`
    hint: it is in git's history, also when it is taken out: revoke it, and make a new one
    hint: if it is none: `# studio: allow-secret` in that line, or in `studio.toml`:
          [secrets]
          allow = ["a.nix", "keys/host"]
    nothing to commit; this is the snapshot [COMMIT]
    "#);
}

#[test]
fn a_strict_flake_has_none_in_its_snapshots() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("studio.toml"), "[secrets]\nstrict = true\n");
    sandbox.write(studio.join("hosts/db.nix"), PASSWORD);
    let state = || {
        let refs = "git for-each-ref; cat .git/HEAD; sha1sum .git/index; ls ../../snapshots || true
            git --git-dir ../../mirrors/* for-each-ref; git ls-remote origin";
        (sandbox.picture(&studio), sandbox.sh(&studio, refs).ok())
    };
    let before = state();
    let outcome = sandbox.run(&studio, "git mutable-snapshot");
    outcome.fails(1);
    shows!(outcome, @r#"
    ------- stderr -------
    error: 1 place seems to hold a secret, and `studio.toml` is strict about that; nothing was changed
      hosts/db.nix:2: a password
      everybody on the machine can read the Nix store
    hint: give a file that is read at run time (`hashedPasswordFile`, `passwordFile`): agenix has it at `config.age.secrets.NAME.path`, sops-nix at `config.sops.secrets.NAME.path`
    hint: if it is none: `# studio: allow-secret` in that line, or in `studio.toml`:
          [secrets]
          allow = ["hosts/db.nix"]
    [exit status: 1]
    "#);
    assert_eq!(state(), before, "something changed although it was refused");

    // Work can be saved all the same: nothing of it is pushed or evaluated.
    sandbox.run(&studio, "git mutable-scratch").ok();
    // Three ways to say that it is none.
    sandbox.run(&studio, "git mutable-snapshot --allow hosts/db.nix").ok();
    sandbox.write(
        studio.join("hosts/db.nix"),
        PASSWORD.replace(";\n}", "; # studio: allow-secret\n}"),
    );
    sandbox.run(&studio, "git mutable-snapshot").ok();
    sandbox.write(studio.join("hosts/db.nix"), PASSWORD);
    sandbox.write(studio.join("studio.toml"), "[secrets]\nstrict = true\nallow = [\"hosts/\"]\n");
    shows!(sandbox.run(&studio, "git mutable-snapshot -q"), @"[SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]");
}

#[test]
fn a_key_that_is_allowed_as_no_secret_goes_in() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("tests/key"), key());
    sandbox.run(&studio, "git mutable-snapshot").fails(1);
    sandbox.write(studio.join("studio.toml"), "[secrets]\nallow = [\"tests\"]\n");
    shows!(sandbox.run(&studio, "git mutable-snapshot"), @"
    [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]
    ------- stderr -------
    committed studio.toml and tests/key on `scratch/[ID]` as [COMMIT]
    pushed `scratch/[ID]` to origin
    ");
}

#[test]
fn what_is_encrypted_is_none() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox
        .sh(
            &studio,
            "git config filter.crypt.clean \"printf '\\\\0GITCRYPT\\\\0'; tr a-z n-za-m\"
         git config filter.crypt.smudge 'tail -c +11 | tr a-z n-za-m'
         echo '/secret.nix filter=crypt' >.gitattributes",
        )
        .ok();
    // In the open here, encrypted in git and in what Nix is given by its commit.
    sandbox.write(studio.join("secret.nix"), PASSWORD);
    sandbox.write(studio.join("db.age"), "age-encryption.org/v1\n-> X25519 abc\n\u{1}\u{2}\u{0}");
    sandbox.write(
        studio.join("db.yaml"),
        "password: ENC[AES256_GCM,data:abc,iv:def,tag:ghi,type:str]\nsops:\n  age: []\n",
    );
    shows!(sandbox.run(&studio, "git mutable-snapshot"), @"
    [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]
    ------- stderr -------
    committed .gitattributes, db.age and 2 more on `scratch/[ID]` as [COMMIT]
    pushed `scratch/[ID]` to origin
    ");
}

#[test]
fn inputs_are_looked_at_too() {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    sandbox.add_input("motd");
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("inputs/motd/db.nix"), PASSWORD);
    shows!(sandbox.run(&studio, "git mutable-snapshot --no-push"), @r#"
    [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT]
    ------- stderr -------
    warning: inputs/motd/db.nix:2 seems to hold a password; everybody on the machine can read the Nix store
    hint: give a file that is read at run time (`hashedPasswordFile`, `passwordFile`): agenix has it at `config.age.secrets.NAME.path`, sops-nix at `config.sops.secrets.NAME.path`
    hint: if it is none: `# studio: allow-secret` in that line, or in `studio.toml`:
          [secrets]
          allow = ["inputs/motd/db.nix"]
    committed inputs/motd on `scratch/[ID]` as [COMMIT]
    "#);
}

#[test]
fn a_snapshot_from_elsewhere_is_looked_at_before_it_is_evaluated() {
    let nix = RealNix::find();
    let sandbox = Sandbox::new().with_nix(&nix);
    let text = "{ make }: { good = make \"good\" \"echo > $out\"; password = \"hunter2\"; }\n";
    let snapshot = sandbox.small_snapshot(&nix, &[("checks.nix", text)]);
    // As if it had come from another machine: nothing is known of it here.
    sandbox.sh(sandbox.studio_home(), "rm cache/secrets").ok();
    let outcome = sandbox.run(&snapshot, "flake-check");
    assert!(
        outcome.stderr.starts_with("warning: checks.nix:1 seems to hold a password; "),
        "{outcome}"
    );

    let strict = [
        ("checks.nix", text),
        ("studio.toml", "[secrets]\nstrict = true\nallow = [\"checks.nix\"]\n"),
    ];
    let allowed = sandbox.small_snapshot(&nix, &strict);
    shows!(sandbox.run(&allowed, "flake-build-vm --no-run --host nobody"), @"
    ------- stderr -------
    host `nobody`: evaluating ...
    error: the flake has no host `nobody`
      it has `box.example` and `demo`
    hint: choose one: `--host box.example`
    [exit status: 1]
    ");
}

//! `studio --doctor`: every check where it is fine, where it is worth a look and where it is broken.

use crate::{TOOLS, hide, with_tools};
use insta::assert_snapshot;
use std::time::{Duration, Instant};
use testkit::{Outcome, RealNix, Sandbox, Scene};

fn doctor(sandbox: &Sandbox) -> Outcome {
    sandbox.run("", "studio --doctor --root machine")
}

/// The rows of some checks, with what stands below them.
#[track_caller]
fn rows(outcome: &Outcome, code: i32, checks: &[&str]) -> String {
    assert_eq!(outcome.code, Some(code), "{outcome}");
    let (text, mut wanted) = (outcome.to_string(), false);
    let lines = text.lines().filter(|line| {
        if !line.starts_with(' ') {
            wanted = line.split_whitespace().nth(1).is_some_and(|check| checks.contains(&check));
        }
        wanted
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The first command line in backticks behind these words.
#[track_caller]
fn told(outcome: &Outcome, words: &str) -> String {
    let (_, rest) = outcome.stdout.split_once(words).expect(words);
    rest.split('`').nth(1).expect("a command").to_owned()
}

#[test]
fn on_a_machine_where_nothing_is_set_up_all_that_is_missing_is_told_with_what_to_type() {
    let _hidden = hide();
    let sandbox = with_tools(TOOLS);
    sandbox.write("home/.gitconfig", "");
    let before = sandbox.sh("", "find . | sort").ok();
    assert_snapshot!(doctor(&sandbox), @r#"
    fine    home       `[SANDBOX]/home/.local/share/studio`, which is made when it is needed
    fine    settings   there is no settings file, so defaults hold
    fine    git        git [VERSION]
    look    identity   git does not know your name, so commits get a stand-in
                       > `git config --global user.name 'Your Name'`
                       > `git config --global user.email you@example.org`
    broken  nix        `nix` was not found on PATH
                       > install Nix: https://nixos.org/download
                       > if it is installed, open a new terminal, or set `STUDIO_NIX` to the program
    look    flakes     not looked at: there is no Nix that can be used, see `nix`
    look    store      not looked at: there is no Nix that can be used, see `nix`
    fine    space      free: [SIZE] for studios
    look    editor     none is set, so `studio` opens none
                       > set one: `editor = "code"` in `config.toml`, or `VISUAL`, or `--editor`
    look    target     `nixos` by default, but no such system runs here
                       > say what is to be switched: `target = "home"` in `studio.toml` or `config.toml`
                       > or each time: `--target home`, `--target profile`
    fine    elevation  none is needed here
    look    upstream   it is not known where your flake is
                       > `studio` on a terminal asks and remembers it; else say it: `studio --yes --upstream URL`
    fine    studios    0 studios, 0 snapshots
    fine    pool       there is none yet
    fine    switches   none is open
    fine    boot       no system with a boot partition runs here
    ------- stderr -------
    16 checks: 9 fine, 6 worth a look, 1 broken
    [exit status: 1]
    "#);
    assert_eq!(sandbox.sh("", "find . | sort").ok(), before, "something was changed");
}

#[test]
fn where_all_is_well_it_says_so_in_words_and_as_json() {
    let _hidden = hide();
    let mut scene = Scene::new();
    scene.sandbox.set("STUDIO_ELEVATE", "none");
    scene.sandbox.set("STUDIO_EDITOR", "cat");
    scene.sandbox.set("STUDIO_TARGET", "nixos");
    let snapshot = scene.snapshot("note", "one\n");
    scene.on_machine(&snapshot, "flake-switch").ok();
    let said = scene.on_machine(scene.studio(), "studio --doctor");
    assert_snapshot!(said, @"
    fine    home       `[SANDBOX]/home/.local/share/studio`
    fine    settings   `[SANDBOX]/home/.config/studio/config.toml` and `[SANDBOX]/home/.local/share/studio/studios/demo/studio.toml`
    fine    git        git [VERSION]
    fine    identity   Ada <ada@example.org>
    fine    nix        Nix [VERSION], `[NIX]/bin/nix`
    fine    flakes     on
    fine    store      `local` answers, `[SANDBOX]/nix/store`
    fine    space      free: [SIZE] for the store, [SIZE] for studios
    fine    editor     `cat`
    fine    target     host `demo`, from [SANDBOX]/home/.local/share/studio/studios/demo/studio.toml
    fine    elevation  none is needed here
    fine    upstream   `[SANDBOX]/server/upstream.git`, branch `main`, mirrored here
    fine    studios    1 studio, 1 snapshot
    fine    pool       34 files
    fine    switches   none is open
    fine    boot       [SIZE] are free on `[SANDBOX]/machine/boot`
    ------- stderr -------
    16 checks: 16 fine
    ");
    let json = scene.on_machine(scene.studio(), "studio --doctor --json").ok();
    let all: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let all = all.as_array().expect("a list");
    assert_eq!(all.len(), 16);
    assert!(all.iter().all(|one| one["state"] == "fine" && one["mend"] == serde_json::json!([])));
    assert_eq!(all[2]["check"], "git");
    // Quick, and on a machine that does other things as well.
    let quickest = (0..5).map(|_| {
        let began = Instant::now();
        scene.on_machine(scene.studio(), "studio --doctor -q").ok();
        began.elapsed()
    });
    let quickest = quickest.min().expect("several");
    assert!(quickest < Duration::from_secs(1), "it takes {quickest:?}");
}

#[test]
fn a_nix_that_is_missing_too_old_or_none_at_all_is_told_as_the_commands_tell_it() {
    let _hidden = hide();
    let mut sandbox = with_tools(TOOLS);
    sandbox.write("old/nix", "#!/bin/sh\necho 'nix (Nix) 2.8.0'\n");
    sandbox.write("other/nix", "#!/bin/sh\necho 'this is not it'\n");
    sandbox.write("alone/nix", "#!/bin/sh\necho 'nix (Nix) 2.30.0'\n");
    sandbox.sh("", "chmod +x old/nix other/nix alone/nix").ok();
    let nix = ["nix", "flakes", "store"];
    sandbox.set("STUDIO_NIX", sandbox.root().join("old/nix"));
    assert_snapshot!(rows(&doctor(&sandbox), 1, &nix), @"
    broken  nix        Nix 2.18 or newer is wanted, but `[SANDBOX]/old/nix` is 2.8.0
                       > upgrade it: `nix upgrade-nix`, or by the package manager that it came from
                       > or set `STUDIO_NIX` to a newer one
    look    flakes     not looked at: there is no Nix that can be used, see `nix`
    look    store      not looked at: there is no Nix that can be used, see `nix`
    ");
    sandbox.set("STUDIO_NIX", sandbox.root().join("other/nix"));
    assert_snapshot!(rows(&doctor(&sandbox), 1, &nix), @"
    broken  nix        `[SANDBOX]/other/nix --version` did not say a version of Nix
                         this is not it
                       > put a Nix on PATH, or set `STUDIO_NIX` to one
    look    flakes     not looked at: there is no Nix that can be used, see `nix`
    look    store      not looked at: there is no Nix that can be used, see `nix`
    ");
    sandbox.set("STUDIO_NIX", sandbox.root().join("alone/nix"));
    assert_snapshot!(rows(&doctor(&sandbox), 1, &["nix"]), @"
    broken  nix        there is no `nix-env` beside `[SANDBOX]/alone/nix`
                       > set `STUDIO_NIX` to the `nix` of a whole installation
    ");
    sandbox.set("STUDIO_NIX", sandbox.root().join("nowhere/nix"));
    assert_snapshot!(rows(&doctor(&sandbox), 1, &nix), @"
    broken  nix        `STUDIO_NIX` names no program: `[SANDBOX]/nowhere/nix`
                       > set it to the `nix` to use, or unset it
    look    flakes     not looked at: there is no Nix that can be used, see `nix`
    look    store      not looked at: there is no Nix that can be used, see `nix`
    ");
}

#[test]
fn flakes_that_are_off_and_a_daemon_that_is_not_there_are_told_apart() {
    let _hidden = hide();
    let nix = RealNix::find();
    let mut sandbox = Sandbox::new().with_nix(&nix);
    sandbox.set("STUDIO_ELEVATE", "none");
    let checks = ["nix", "flakes", "store"];
    assert_snapshot!(rows(&doctor(&sandbox), 0, &checks), @"
    fine    nix        Nix [VERSION], `[NIX]/bin/nix`
    fine    flakes     on
    look    store      there is no `[SANDBOX]/nix/store` yet
                       > make it, with a daemon where others use it, too: https://nixos.org/download
    ");
    assert!(!sandbox.root().join("nix/store").exists(), "the doctor made a store");
    sandbox.sh("", "mkdir -p nix/store").ok();
    for (features, name) in [("", "none"), ("nix-command", "half"), ("nix-command flakes", "all")] {
        let conf = format!("experimental-features = {features}\nbuild-users-group =\n");
        sandbox.set("NIX_CONFIG", &conf);
        sandbox.write("nix/etc/nix/nix.conf", &conf);
        let found = rows(&doctor(&sandbox), 0, &["flakes", "store"]);
        assert_snapshot!(format!("flakes_{name}"), found);
    }
    sandbox.set("NIX_CONFIG", "store = daemon\nexperimental-features = nix-command flakes\n");
    sandbox.set("NIX_DAEMON_SOCKET_PATH", sandbox.root().join("no-socket"));
    assert_snapshot!(rows(&doctor(&sandbox), 1, &checks), @"
    fine    nix        Nix [VERSION], `[NIX]/bin/nix`
    fine    flakes     on
    broken  store      the daemon of Nix does not answer
                         error: cannot connect to socket at '[SANDBOX]/no-socket': No such file or directory
                       > start it: `sudo systemctl start nix-daemon`
    ");
    // A setting that nix itself does not understand.
    sandbox.set("NIX_CONFIG", "this is no setting\n");
    let said = rows(&doctor(&sandbox), 1, &["nix", "store"]);
    assert!(said.contains("broken  "), "{said}");
    assert!(said.contains("this is no setting"), "{said}");
}

#[test]
fn git_that_is_missing_or_cannot_read_its_settings_is_broken_and_one_without_a_name_is_not() {
    let _hidden = hide();
    let sandbox = with_tools("sh cat env");
    assert_snapshot!(rows(&doctor(&sandbox), 1, &["git", "identity"]), @"
    broken  git        `git` was not found
                       > install `git`, or put the folder that has it on PATH
    look    identity   not looked at: there is no git that can be used, see `git`
    ");
    let mut sandbox = with_tools(TOOLS);
    sandbox.write("home/.gitconfig", "[user\n");
    assert_snapshot!(rows(&doctor(&sandbox), 1, &["git", "identity"]), @"
    broken  git        git cannot read its configuration
                         fatal: bad config line 1 in file [SANDBOX]/home/.gitconfig
                       > mend that file; `git config --global --edit` opens your own
    look    identity   not looked at: there is no git that can be used, see `git`
    ");
    // What the commands say of the same: `mutable-snapshot` uses the stand-in exactly where this says so.
    for (config, variables, stand_in) in [
        ("[init]\ndefaultBranch = main\n", None, true),
        ("[user]\nname = Ada\n[init]\ndefaultBranch = main\n", None, true),
        ("[user]\nname = Ada\nemail = a@b\n[init]\ndefaultBranch = main\n", None, false),
        ("[init]\ndefaultBranch = main\n", Some("e@f"), false),
    ] {
        sandbox = Sandbox::new();
        let studio = sandbox.studio("try");
        sandbox.write("home/.gitconfig", config);
        if let Some(email) = variables {
            for name in ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"] {
                sandbox.set(name, "Eve");
            }
            for name in ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"] {
                sandbox.set(name, email);
            }
        }
        let found = sandbox.run(&studio, "studio --doctor --json").stdout;
        let found: serde_json::Value = serde_json::from_str(&found).expect("JSON");
        let identity = &found.as_array().expect("a list")[3];
        sandbox.write(studio.join("x"), "x\n");
        sandbox.run(&studio, "git mutable-snapshot -q").ok();
        let who = sandbox.run(&studio, "git log -1 --format=%cn").ok();
        assert_eq!(identity["state"] == "look", stand_in, "{config}: {identity}");
        assert_eq!(who == "studio", stand_in, "{config}: {who}");
    }
}

#[test]
fn what_is_wrong_with_home_and_settings_is_said_where_it_is() {
    let _hidden = hide();
    let mut sandbox = with_tools(TOOLS);
    sandbox.write("home/.config/studio/config.toml", "upstraem = \"x\"\n");
    assert_snapshot!(rows(&doctor(&sandbox), 1, &["home", "settings", "editor", "upstream"]), @"
    fine    home       `[SANDBOX]/home/.local/share/studio`, which is made when it is needed
    broken  settings   `[SANDBOX]/home/.config/studio/config.toml` has a setting `upstraem` that is not known
                       > did you mean `upstream`?
    look    editor     not looked at: the settings cannot be read, see `settings`
    look    upstream   not looked at: the settings cannot be read, see `settings`
    ");
    sandbox.write("home/.config/studio/config.toml", "confirm-within = \"later\"\n");
    assert_snapshot!(rows(&doctor(&sandbox), 1, &["settings"]), @"
    broken  settings   the setting `confirm-within` has a value that it cannot have
                         `later` is not a length of time such as `60s`, `5m` or `1h 30m`
                         it comes from [SANDBOX]/home/.config/studio/config.toml
    ");
    sandbox.write(
        "home/.config/studio/config.toml",
        "upstream = \"/nowhere\"\neditor = \"no-such-editor --wait\"\n",
    );
    assert_snapshot!(rows(&doctor(&sandbox), 1, &["editor", "upstream"]), @r#"
    look    editor     `no-such-editor` was not found, so `no-such-editor --wait` opens nothing
                       > set one: `editor = "code"` in `config.toml`, or `VISUAL`, or `--editor`
    broken  upstream   the upstream `/nowhere` is not there
                         no such file or directory
                         it comes from [SANDBOX]/home/.config/studio/config.toml
                       > give a URL that `git clone` takes, or the path of a repository
    "#);
    sandbox.set("HOME", sandbox.root().join("nowhere"));
    assert_snapshot!(rows(&doctor(&sandbox), 1, &["home", "pool", "studios"]), @"
    broken  home       your home folder `[SANDBOX]/nowhere` is not there
                       > set `HOME` to the one that is: `export HOME=/home/you`
                       > or keep studios somewhere else: `export STUDIO_HOME=/some/folder`
    fine    studios    0 studios, 0 snapshots
    fine    pool       there is none yet
    ");
    sandbox.set("HOME", "");
    assert_snapshot!(rows(&doctor(&sandbox), 1, &["home", "pool", "studios"]), @"
    broken  home       `HOME` is not set to an absolute path
                       > set it: `export HOME=/home/you`
    look    studios    not looked at: there is no home, see `home`
    look    pool       not looked at: there is no home, see `home`
    ");
    sandbox.write("file", "");
    sandbox.set("STUDIO_HOME", sandbox.root().join("file"));
    assert_snapshot!(rows(&doctor(&sandbox), 1, &["home"]), @"
    broken  home       `[SANDBOX]/file` is no folder
                       > a file stands where a folder is needed; choose another place: `STUDIO_HOME`
    ");
}

#[test]
fn damage_in_mirror_studios_and_pool_is_found_without_mending_it() {
    let _hidden = hide();
    let mut sandbox = Sandbox::new();
    sandbox.set("STUDIO_ELEVATE", "none");
    let upstream = sandbox.upstream();
    sandbox.set("STUDIO_UPSTREAM", &upstream);
    let studio = sandbox.studio("try");
    sandbox.write(studio.join("x"), "x\n");
    sandbox.run(&studio, "git mutable-snapshot -q").ok();
    let checks = ["upstream", "studios", "pool"];
    let found = |sandbox: &Sandbox| {
        // There may be a nix on this machine, or none.
        let outcome = doctor(sandbox);
        rows(&outcome, outcome.code.unwrap_or(99), &checks)
    };
    assert_snapshot!(found(&sandbox), @"
    fine    upstream   `[SANDBOX]/upstream.git`, branch `main`, mirrored here
    fine    studios    1 studio, 1 snapshot
    fine    pool       4 files
    ");
    let home = sandbox.studio_home();
    sandbox.sh(&home, "printf x >>pool/ledger; mkdir studios/strange; git -C studios/try config studio.toolkit /gone").ok();
    let before = sandbox.sh(&home, "find . | LC_ALL=C sort; cat pool/ledger | cksum").ok();
    assert_snapshot!(found(&sandbox), @r#"
    fine    upstream   `[SANDBOX]/upstream.git`, branch `main`, mirrored here
    broken  studios    1 of 2 studios cannot be used
                         `[SANDBOX]/home/.local/share/studio/studios/strange` is not in a git repository
                         the programs that the aliases of `try` name are gone
                       > if nothing in it is needed: `studio --remove strange --force`
                       > go on in a new one: `dir=$(studio try-2) && cd "$dir" && git mutable-hydrate try:scratch/[ID]`
    look    pool       what is known of its files is damaged
                         the next snapshot reads them all again, and knows them then
    "#);
    sandbox.sh(&home, "rmdir studios/strange").ok();
    assert_snapshot!(found(&sandbox), @r#"
    fine    upstream   `[SANDBOX]/upstream.git`, branch `main`, mirrored here
    look    studios    1 studio, 1 snapshot
                         the programs that the aliases of `try` name are gone
                       > go on in a new one: `dir=$(studio try-2) && cd "$dir" && git mutable-hydrate try:scratch/[ID]`
    look    pool       what is known of its files is damaged
                         the next snapshot reads them all again, and knows them then
    "#);
    sandbox
        .sh(
            &home,
            "mkdir studios/strange; for mirror in mirrors/*; do echo broken >$mirror/HEAD; done",
        )
        .ok();
    assert_snapshot!(found(&sandbox), @r#"
    broken  upstream   the mirror `[SANDBOX]/home/.local/share/studio/mirrors/upstream-[COMMIT]` is damaged
                         HEAD cannot be read
                         The reference at "HEAD" could not be decoded
                       > have it made again: `mv [SANDBOX]/home/.local/share/studio/mirrors/upstream-[COMMIT] [SANDBOX]/home/.local/share/studio/mirrors/upstream-[COMMIT].old`, then `studio NAME`; keep the old one, it may have commits of snapshots
    broken  studios    1 of 2 studios cannot be used
                         `[SANDBOX]/home/.local/share/studio/studios/strange` is not in a git repository
                         the programs that the aliases of `try` name are gone
                       > if nothing in it is needed: `studio --remove strange --force`
                       > go on in a new one: `dir=$(studio try-2) && cd "$dir" && git mutable-hydrate try:scratch/[ID]`
    look    pool       what is known of its files is damaged
                         the next snapshot reads them all again, and knows them then
    "#);
    sandbox
        .sh(&home, "for mirror in mirrors/*; do echo 'ref: refs/heads/main' >$mirror/HEAD; done")
        .ok();
    assert_eq!(sandbox.sh(&home, "find . | LC_ALL=C sort; cat pool/ledger | cksum").ok(), before);
    // What it says to type mends it.
    sandbox.sh(&home, "rmdir studios/strange").ok();
    let go_on = told(&doctor(&sandbox), "go on in a new one: ");
    sandbox.sh("", &go_on).ok();
    assert_eq!(sandbox.read(home.join("studios/try-2/x")), "x\n");
    sandbox.sh(&home, "for mirror in mirrors/*; do echo broken >$mirror/HEAD; done").ok();
    sandbox.run("", "studio third").fails(1);
    let again = told(&doctor(&sandbox), "have it made again: ");
    sandbox.sh("", &again).ok();
    sandbox.run("", "studio third").ok();
}

#[test]
fn a_switch_that_was_killed_half_way_and_a_boot_partition_that_is_too_small_are_told() {
    let _hidden = hide();
    let mut scene = Scene::new();
    scene.sandbox.set("STUDIO_ELEVATE", "none");
    let snapshot = scene.snapshot("note", "one\n");
    scene.on_machine(&snapshot, "flake-switch").ok();
    let records = scene.machine().join("var/lib/studio/transactions");
    // The guard of the switch looks once more at what it guarded, and would take over what comes now.
    let gone = format!(
        "guards() {{ for p in /proc/[0-9]*; do case \"$(readlink $p/exe 2>/dev/null)\" in *studio-activate*)
           if tr '\\0' ' ' 2>/dev/null <$p/cmdline | grep -qF {}; then return 0; fi;; esac; done; return 1; }}
         while guards; do sleep 0.02; done",
        scene.machine()
    );
    scene.sandbox.sh("/", &gone).ok();
    // As a loss of power leaves it: the phase before the last one, by a process that is gone.
    let script = "for record in *.json; do sed -i -e 's/\"phase\": \"committed\"/\"phase\": \"testing\"/' \\
        -e 's/\"exit\": 0/\"exit\": null/' -e 's/\"process\": [0-9]*/\"process\": 999999999/' $record; done";
    scene.sandbox.sh(&records, script).ok();
    let found = scene.on_machine(scene.studio(), "studio --doctor");
    assert_snapshot!(rows(&found, 1, &["switches"]), @"
    broken  switches   `git flake-switch` of `nixos-system-demo-26.05.example` was interrupted while the new one was being activated
                       > go back to what ran before: `git flake-rollback --root [SANDBOX]/machine`
    ");
    scene.sandbox.sh(&records, "for record in *.json; do echo '{' >$record; done").ok();
    let found = scene.on_machine(scene.studio(), "studio --doctor");
    let said = rows(&found, 1, &["switches"]);
    assert!(said.contains("cannot be understood"), "{said}");
    scene.sandbox.sh(&records, "rm *").ok();
    // A real file system of 64 kB where the boot partition is, in a mount namespace of its own.
    let script = format!(
        "exec unshare --user --map-root-user --mount sh -eu -c '
           mount -t tmpfs -o size=64k tmpfs boot; mkdir -p boot/EFI/nixos
           cd {}; exec studio --doctor --root {}'",
        scene.studio(),
        scene.machine()
    );
    let found = scene.sandbox.sh(scene.machine(), &script);
    let code = found.code.unwrap_or(99);
    assert_snapshot!(rows(&found, code, &["switches", "boot"]), @"
    fine    switches   none is open
    look    boot       [SIZE] are free on `[SANDBOX]/machine/boot`, and another kernel and initrd take [SIZE]
                       > each generation keeps its own there: `git flake-generations` lists them
                       > remove old ones: `nix-collect-garbage --delete-older-than 30d`, then switch once
    ");
}

#[test]
fn what_may_not_be_looked_at_is_said_to_be_so() {
    let _hidden = hide();
    let mut scene = Scene::new();
    let snapshot = scene.snapshot("note", "one\n");
    scene.on_machine(&snapshot, "flake-switch").ok();
    scene.sandbox.set("STUDIO_ELEVATE", "su");
    // A user who owns the home folder and nothing else; the binaries are put where that user may read them.
    let script = format!(
        "mkdir bin && cp $(command -v studio) $(command -v studio-activate) bin/ && chmod 755 . bin bin/*
         mkdir -p machine/boot/EFI/nixos && chmod 700 machine/boot machine/var/lib/studio/transactions
         chmod a-w machine
         run=
         if [ $(id -u) = 0 ]; then
           chown -R 65534 home
           run='setpriv --reuid=65534 --regid=65534 --clear-groups'
         else
           chmod 0 machine/boot machine/var/lib/studio/transactions
         fi
         cd home && exec $run {}/bin/studio --doctor --root ../machine",
        scene.sandbox.root()
    );
    let found = scene.sandbox.sh("", &script);
    let _ =
        scene.sandbox.sh("machine", "chmod 755 .; chmod 700 boot var/lib/studio/transactions").ok();
    let code = found.code.unwrap_or(99);
    assert_snapshot!(rows(&found, code, &["elevation", "switches", "boot"]), @"
    broken  elevation  `su` cannot give privilege
                       > use `auto`, `sudo`, `doas`, `run0`, `none` or the path of a program
    broken  switches   cannot read `[SANDBOX]/machine/var/lib/studio/transactions`
                         permission denied
                       > look at who may write there: `ls -ld [SANDBOX]/machine/var/lib/studio`
    look    boot       [SIZE] are free on `[SANDBOX]/machine/boot`, which you may not look into
                         so what would be cleared away there is not known
    ");
}

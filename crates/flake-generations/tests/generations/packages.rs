//! Packages, sizes, kernel and users of two systems that a real Nix has built, read from its database and asked of it.

use camino::Utf8PathBuf;
use std::time::Duration;
use testkit::{RealNix, Sandbox};

/// Two systems of a few packages: what is chosen, what that needs, and what the configuration was made into.
const WORLD: &str = r#"
{ second }:
let
  pick = one: two: if second then two else one;
  busybox = builtins.path { path = ./busybox; name = "busybox-1.36"; };
  make = name: outputs: script: derivation {
    inherit name outputs;
    system = builtins.currentSystem;
    builder = "${busybox}/busybox";
    PATH = busybox;
    args = [ "sh" "-euc" script ];
  };
  write = "busybox echo";
  openssl = make (pick "openssl-3.5.2" "openssl-3.5.1") [ "out" "dev" ] "${write} so > $out; ${write} $out > $dev";
  zlib = make "zlib-1.3" [ "out" ] "${write} ${pick "a" "b"} > $out";
  curl = make "curl-8.1${pick "" "7"}" [ "bin" "out" ] "${write} ${openssl.dev} ${zlib} > $out; ${write} $out > $bin";
  hello = make "hello" [ "out" ] "${write} hello > $out";
  tool = make "tool-0.9" [ "out" ] "busybox dd if=/dev/zero of=$out bs=1024 count=100";
  path = make "system-path" [ "out" ] "${write} ${curl.bin} ${pick tool hello} > $out";
  kernel = make (pick "linux-6.12.4" "linux-6.12.5") [ "out" ] "busybox mkdir $out; ${write} > $out/bzImage";
  users = builtins.toFile "users-groups.json" (builtins.toJSON {
    users = [
      { name = "ada"; shell = pick "/bin/sh" "/bin/zsh"; hashedPassword = pick null "$6$secret"; }
    ] ++ pick [ ] [ { name = "bob"; } ];
    groups = [ { name = "wheel"; members = pick [ ] [ "ada" ]; } ];
  });
in
make "nixos-system-demo-26.05" [ "out" ] ''
  busybox mkdir -p $out/etc/systemd/system
  busybox ln -s ${path} $out/sw
  busybox ln -s ${kernel}/bzImage $out/kernel
  ${write} 'perl -w update-users-groups.pl ${users}' > $out/activate
  ${write} ${pick "quiet" "quiet debug"} > $out/kernel-params
  ${write} ${pick "one" "two"} > $out/etc/systemd/system/motd.service
''
"#;

/// A machine whose generations are those two systems; the first one runs.
fn machine() -> Sandbox {
    let nix = RealNix::find();
    let sandbox = Sandbox::new().with_nix(&nix);
    sandbox.write("world.nix", WORLD);
    let script = format!(
        "mkdir busybox && cp {} busybox/busybox
         profiles=machine/nix/var/nix/profiles && mkdir -p $profiles machine/run
         for number in 1 2; do
             second=$([ $number = 2 ] && echo true || echo false)
             system=$(nix-build --no-out-link world.nix --arg second $second)
             ln -s $system $profiles/system-$number-link
         done
         ln -s system-1-link $profiles/system
         ln -s $(readlink $profiles/system-1-link) machine/run/current-system",
        nix.busybox
    );
    sandbox.sh(".", &script).ok();
    sandbox
}

const DIFF: &str = "flake-generations diff 1 2 --root machine --host demo";

/// The warning that these systems have no commit.
const NO_COMMIT: &str =
    "warning: not compared: configuration: the commit of generation 1 is not known\n";

fn database(sandbox: &Sandbox) -> Utf8PathBuf {
    sandbox.root().join("nix/var/nix/db/db.sqlite")
}

#[test]
fn packages_are_told_with_versions_and_by_who_wants_them() {
    let sandbox = machine();
    let told = sandbox.run("", DIFF);
    assert_eq!(told.stderr, NO_COMMIT);
    shows!(told.ok(), @r"
    from generation 1
    to generation 2
      packages: 1 added, 1 removed, 1 up
        added    hello
        removed  tool   0.9  -100.1 KiB
        up       curl   8.1 → 8.17
      their dependencies: 1 up, 1 down
        up    linux    6.12.4 → 6.12.5
        down  openssl  3.5.2 → 3.5.1
      closure size:  [SIZE] in 10 paths →  [SIZE] in 10 paths (-99.9 KiB); 2 packages built anew
      units changed: `motd.service`
      users added: `bob`
      users changed: `ada (password, shell)`
      groups changed: `wheel (members)`
      kernel: 6.12.4 → 6.12.5
      kernel parameters added: `debug`
      used from the next start on: `kernel`
    ");
    let back = sandbox.run("", "flake-generations diff 2 1 --root machine --host demo");
    shows!(back.ok(), @r"
    from generation 2
    to generation 1
      packages: 1 added, 1 removed, 1 down
        added    tool   0.9  +100.1 KiB
        removed  hello
        down     curl   8.17 → 8.1
      their dependencies: 1 up, 1 down
        up    openssl  3.5.1 → 3.5.2
        down  linux    6.12.5 → 6.12.4
      closure size:  [SIZE] in 10 paths →  [SIZE] in 10 paths (+99.9 KiB); 2 packages built anew
      units changed: `motd.service`
      users removed: `bob`
      users changed: `ada (password, shell)`
      groups changed: `wheel (members)`
      kernel: 6.12.5 → 6.12.4
      kernel parameters removed: `debug`
      used from the next start on: `kernel`
    ");
    let same = sandbox.run("", "flake-generations diff 1 1 --root machine --host demo");
    shows!(same.ok(), @r"
    from generation 1
    to generation 1
      the same system
    ");
    shows!(sandbox.run("", &format!("{DIFF} --json")).ok(), @r#"
    {
      "from": {
        "generation": 1,
        "path": "[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05",
        "commit": null,
        "subject": null
      },
      "to": {
        "generation": 2,
        "path": "[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05",
        "commit": null,
        "subject": null
      },
      "packages": {
        "changed": [
          {
            "name": "curl",
            "change": "up",
            "old": [
              "8.1"
            ],
            "new": [
              "8.17"
            ],
            "chosen": true,
            "delta": [NUMBER]
          },
          {
            "name": "hello",
            "change": "added",
            "old": [],
            "new": [
              ""
            ],
            "chosen": true,
            "delta": [NUMBER]
          },
          {
            "name": "linux",
            "change": "up",
            "old": [
              "6.12.4"
            ],
            "new": [
              "6.12.5"
            ],
            "chosen": false,
            "delta": [NUMBER]
          },
          {
            "name": "openssl",
            "change": "down",
            "old": [
              "3.5.2"
            ],
            "new": [
              "3.5.1"
            ],
            "chosen": false,
            "delta": [NUMBER]
          },
          {
            "name": "tool",
            "change": "removed",
            "old": [
              "0.9"
            ],
            "new": [],
            "chosen": true,
            "delta": [NUMBER]
          }
        ],
        "rebuilt": 2,
        "others_added": 2,
        "others_removed": 2,
        "old": {
          "paths": 10,
          "bytes": [NUMBER]
        },
        "new": {
          "paths": 10,
          "bytes": [NUMBER]
        },
        "delta": [NUMBER]
      },
      "changes": {
        "units_added": [],
        "units_removed": [],
        "units_changed": [
          "motd.service"
        ],
        "etc_added": [],
        "etc_removed": [],
        "etc_changed": [],
        "kernel": {
          "old": "6.12.4",
          "new": "6.12.5"
        },
        "parameters_added": [
          "debug"
        ],
        "parameters_removed": [],
        "accounts": {
          "users_added": [
            "bob"
          ],
          "users_removed": [],
          "users_changed": [
            {
              "name": "ada",
              "what": [
                "password",
                "shell"
              ]
            }
          ],
          "groups_added": [],
          "groups_removed": [],
          "groups_changed": [
            {
              "name": "wheel",
              "what": [
                "members"
              ]
            }
          ]
        },
        "at_reboot": [
          "kernel"
        ],
        "inhibitors": []
      },
      "configuration": null,
      "not_compared": [
        "configuration: the commit of generation 1 is not known"
      ]
    }
    "#);
}

#[test]
fn asking_nix_says_the_same_as_reading_its_database() {
    let sandbox = machine();
    let read = sandbox.run("", DIFF).ok();
    // A store whose address is nix's own to read.
    let asked = sandbox.run("", &format!("{DIFF} -v --store local?require-sigs=false"));
    assert_eq!(asked.ok(), read);
    let why = "nix was asked, for its database was not read: it is not on this machine\n";
    assert!(asked.stderr.contains(why), "{asked}");
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test plays a nix that has its database for itself"
)]
fn a_locked_database_is_waited_for_by_nix() {
    let sandbox = machine();
    let read = sandbox.run("", DIFF).ok();
    let writer = rusqlite::Connection::open(database(&sandbox)).expect("the database opens");
    let lock = "pragma locking_mode = exclusive; begin exclusive;
                update ValidPaths set registrationTime = registrationTime + 1; commit; begin exclusive;";
    writer.execute_batch(lock).expect("a lock");
    let asked = std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(Duration::from_secs(1));
            drop(writer);
        });
        sandbox.run("", &format!("{DIFF} -v"))
    });
    assert_eq!(asked.ok(), read);
    let why = "nix was asked, for its database was not read: it is locked\n";
    assert!(asked.stderr.contains(why), "{asked}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test plays a nix that is at work")]
fn who_may_only_read_the_database_reads_it() {
    let sandbox = machine();
    let files = || sandbox.sh("", "ls -s nix/var/nix/db").ok();
    let before = files();
    let read = sandbox.run("", DIFF).ok();
    assert_eq!(files(), before, "something was left behind");
    // Nobody in particular, who gets no further than to read what is root's on a real machine.
    let script = "chmod a+rx . && chmod -R a+rX,a-w nix/var/nix/db
                  [ $(id -u) != 0 ] || echo 'setpriv --reuid=65534 --regid=65534 --clear-groups'";
    let plainly = format!("{} {DIFF} -v --elevate none", sandbox.sh("", script).ok());
    let quiet = sandbox.run("", plainly.trim_start());
    assert_eq!(quiet.ok(), read);
    assert!(!quiet.stderr.contains("nix was asked"), "{quiet}");
    assert_eq!(files(), before, "something was left behind");
    // Now with a log, which is read as others left it.
    sandbox.sh("", "chmod -R u+w nix/var/nix/db").ok();
    let writer = rusqlite::Connection::open(database(&sandbox)).expect("the database opens");
    let update = "update ValidPaths set registrationTime = registrationTime + 1;";
    writer.execute_batch(update).expect("an update");
    let beside = sandbox.run("", plainly.trim_start());
    assert_eq!(beside.ok(), read);
    assert!(!beside.stderr.contains("nix was asked"), "{beside}");
}

#[test]
fn a_database_that_nobody_understands_leaves_the_rest_to_be_told() {
    let sandbox = machine();
    sandbox.write("nix/var/nix/db/schema", "11");
    let told = sandbox.run("", DIFF);
    shows!(told.to_string(), @r"
    from generation 1
    to generation 2
      units changed: `motd.service`
      users added: `bob`
      users changed: `ada (password, shell)`
      groups changed: `wheel (members)`
      kernel: 6.12.4 → 6.12.5
      kernel parameters added: `debug`
      used from the next start on: `kernel`
    ------- stderr -------
    warning: not compared: packages: nix does not know (error: current Nix store schema is version 11, but I only support 10), and its database was not read (its schema is `11`, and 10 is the one that is known)
    warning: not compared: configuration: the commit of generation 1 is not known
    ");
    // Without nix the database alone is enough.
    sandbox.write("nix/var/nix/db/schema", "10");
    let mut sandbox = sandbox;
    sandbox.set("STUDIO_NIX", "no-such-nix");
    assert!(sandbox.run("", DIFF).ok().contains("curl"));
    let file = database(&sandbox);
    sandbox.sh("", &format!("rm {file}")).ok();
    shows!(sandbox.run("", DIFF).stderr, @r"
    warning: not compared: packages: nix does not know (`no-such-nix` was not found on PATH), and its database was not read (there is no `[SANDBOX]/nix/var/nix/db/db.sqlite`)
    warning: not compared: configuration: the commit of generation 1 is not known
    ");
}

//! What `cargo xtask package` makes can be installed, and is the same each time.

#![allow(clippy::disallowed_methods, reason = "the compiler is the one that runs the tests")]

use camino::{Utf8Path, Utf8PathBuf};
use testkit::Sandbox;

/// Makes the packages in `out` of programs that hand over to those of this build, which are too large to be packed often.
fn packed(sandbox: &Sandbox, out: &str, deb: bool) -> Utf8PathBuf {
    let xtask = Utf8Path::new(env!("CARGO_BIN_EXE_xtask"));
    let programs = xtask.parent().expect("a program lies in a folder");
    let script = "mkdir -p from; for program in \"$1\"/*; do
            name=${program##*/}
            case $name in *.*|xtask) continue;; esac
            [ -f \"$program\" ] && [ -x \"$program\" ] || continue
            printf '#!/bin/sh\\nexec \"%s\" \"$@\"\\nGLIBC_2.31\\0' \"$program\" >\"from/$name\"; chmod +x \"from/$name\"
        done";
    sandbox.run_words("", &["sh", "-ec", script, "sh", programs.as_str()]).ok();
    let mut command = sandbox.command(xtask.as_str(), "");
    let rustc = std::process::Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = String::from_utf8(rustc.expect("rustc runs").stdout).expect("a path");
    let path = format!("{}/bin:{}", sysroot.trim(), std::env::var("PATH").unwrap_or_default());
    command.env("CARGO", env!("CARGO")).env("PATH", path);
    command.args(["package", "--from", "from", "--out", out]);
    if !deb {
        command.arg("--no-deb");
    }
    command.assert().success();
    sandbox.root().join(out)
}

/// The only file with this ending.
fn one(folder: &Utf8Path, ending: &str) -> Utf8PathBuf {
    let entries = folder.read_dir_utf8().expect("a folder").flatten();
    let found: Vec<Utf8PathBuf> = entries
        .map(|entry| entry.path().to_owned())
        .filter(|path| path.as_str().ends_with(ending))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn the_archive_installs_itself_where_it_is_told_to() {
    let sandbox = Sandbox::new();
    let out = packed(&sandbox, "out", false);
    let archive = one(&out, ".tar.gz");
    let sums = sandbox.run(&out, "sha256sum --check SHA256SUMS").ok();
    assert!(sums.ends_with(".tar.gz: OK"), "{sums}");
    sandbox.sh("", &format!("mkdir unpacked && tar -xf {archive} -C unpacked")).ok();
    let owners = sandbox.sh("", &format!("tar -tvf {archive} | awk '{{print $2}}' | sort -u")).ok();
    assert_eq!(owners, "0/0");
    // Twice, as an update does; the second time over what is there.
    for _ in 0..2 {
        sandbox.sh("", "unpacked/*/install.sh \"$PWD/a prefix\"").ok();
    }
    let file = sandbox.root().join("a prefix/share/studio/aliases.gitconfig");
    sandbox.run_words("", &["git", "config", "--global", "include.path", file.as_str()]).ok();
    let outcome = sandbox.sh("", "PATH=/usr/bin:/bin; export PATH; git mutable log -h");
    assert!(outcome.ok().contains("Usage: git mutable-log"), "{outcome}");
    let outcome = sandbox.sh("", "unpacked/*/install.sh \"$PWD/it's\"");
    assert_eq!(outcome.code, Some(1), "{outcome}");
    assert!(outcome.stderr.contains("that the aliases cannot name"), "{outcome}");
}

#[test]
fn what_is_made_twice_is_the_same_to_the_byte() {
    let sandbox = Sandbox::new();
    let deb = sandbox.sh("", "command -v dpkg-deb").code == Some(0);
    let first = packed(&sandbox, "one", deb);
    // In another place, under another mask and at another time.
    sandbox.sh("", "sleep 1.1; umask 077; mv from elsewhere; cp -r elsewhere from").ok();
    let second = packed(&sandbox, "two", deb);
    assert_eq!(
        sandbox.sh(&first, "cat SHA256SUMS").ok(),
        sandbox.sh(&second, "cat SHA256SUMS").ok()
    );
}

#[test]
fn debian_takes_the_package() {
    let sandbox = Sandbox::new();
    if sandbox.sh("", "command -v dpkg-deb").code != Some(0) {
        return;
    }
    let deb = one(&packed(&sandbox, "out", true), ".deb");
    let control = sandbox.run_words("", &["dpkg-deb", "--field", deb.as_str()]).ok();
    for line in ["Package: studio-toolkit", "Depends: libc6 (>= 2.31), git (>= 1:2.30)"] {
        assert!(control.lines().any(|found| found == line), "no `{line}`: {control}");
    }
    sandbox.run_words("", &["dpkg-deb", "--extract", deb.as_str(), "root"]).ok();
    let aliases = sandbox.read("root/usr/share/studio/aliases.gitconfig");
    assert!(aliases.contains("mutable-log = \"!'/usr/bin/mutable-log'\""), "{aliases}");
    let page = sandbox.sh("root/usr/share/man/man1", "zcat git-mutable-log.1.gz | head -3").ok();
    assert!(page.contains(".TH"), "{page}");
    sandbox.sh("root/usr", "test -s share/doc/studio-toolkit/copyright && test -x bin/studio").ok();
    let owners = sandbox.run_words("", &["dpkg-deb", "--contents", deb.as_str()]).ok();
    assert!(owners.lines().all(|line| line.contains(" root/root ")), "{owners}");
}

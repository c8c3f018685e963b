//! `git flake-check` of a build that never stops talking: 2 GB of log with `STUDIO_TEST_THOROUGH`, and a smaller one
//! otherwise. It goes into the log file, and no more of it is held than the lines that a failure would show.

use camino::Utf8PathBuf;
use testkit::{RealNix, Sandbox};

const CHECKS: &str = "{ make }: { good = make \"good\" \"echo > $out\"; }\n";

/// A `nix` that says so much before it does what it is asked to, as Nix writes it for machines: a build begins, and speaks.
/// It says so only where it is to check, and is not held to the limit of whoever started it.
const NIX: &str = r#"#!/bin/sh
ulimit -S -v unlimited
case " $* " in
*" flake check "*)
    echo '@nix {"action":"start","fields":["/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-loud-1.0.drv","",1,1],"id":1,"level":3,"parent":0,"text":"building","type":105}' >&2
    yes '@nix {"action":"result","fields":["@TEXT@"],"id":1,"type":101}' | head -n @LINES@ >&2
    echo '@nix {"action":"stop","id":1}' >&2
    ;;
esac
exec @NIX@ "$@"
"#;

/// What one line of the build says.
fn text() -> String {
    "all work and no play ".repeat(48)
}

#[test]
fn it_is_written_to_the_file_and_not_held() {
    let nix = RealNix::find();
    let mut sandbox = Sandbox::new().with_nix(&nix);
    let snapshot = sandbox.small_snapshot(&nix, &[("checks.nix", CHECKS)]);
    let text = text();
    let lines = testkit::rounds(100_000_000, 2_000_000_000) / text.len() as u64;
    let script = NIX.replace("@TEXT@", &text).replace("@LINES@", &lines.to_string());
    let real = sandbox.run("", "which nix").ok();
    sandbox.write("loud/nix", script.replace("@NIX@", &real));
    // Its relatives are looked for beside it.
    let beside = Utf8PathBuf::from(&real).parent().expect("a folder").to_owned();
    sandbox.sh("loud", &format!("chmod +x nix; for f in {beside}/nix-*; do ln -s $f .; done")).ok();
    sandbox.set("STUDIO_NIX", sandbox.root().join("loud/nix"));
    // Less than the quick one says.
    let outcome =
        sandbox.run_words(&snapshot, &["bash", "-c", "ulimit -S -v 90000; exec flake-check"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(outcome.stderr.len() < 10_000, "{}", outcome.stderr.len());
    let logs = sandbox.studio_home().join("logs");
    let all = sandbox.sh(&logs, "cat *-check-* | grep -c '^loud-1.0> all work'").ok();
    assert_eq!(all, lines.to_string());
}

//! `git flake-check` on a real Nix: what passes, what fails, and what is said.

use insta::assert_snapshot;
use testkit::{NOW, RealNix, Sandbox, filters};

const CHECKS: &str = "{ make }: { good = make \"good\" \"echo fine; echo > $out\"; }\n";

/// A sandbox, and a snapshot in it that has these files as well.
fn scene(files: &[(&str, &str)]) -> (Sandbox, camino::Utf8PathBuf) {
    let nix = RealNix::find();
    let sandbox = Sandbox::new().with_nix(&nix);
    let snapshot = sandbox.small_snapshot(&nix, files);
    (sandbox, snapshot)
}

macro_rules! shows {
    ($outcome:expr, @$expected:literal) => {
        insta::with_settings!({ filters => filters() }, {
            assert_snapshot!($outcome.to_string(), @$expected);
        });
    };
}

#[test]
fn what_passed_is_not_checked_again_unless_asked_for() {
    let (mut sandbox, snapshot) = scene(&[]);
    shows!(sandbox.run(&snapshot, "flake-check"), @r"
    ------- stderr -------
    syntax of 2 files: good
    [COMMIT]: all checks passed in [TIME]
    ");
    sandbox.set("STUDIO_NOW", (NOW + 300).to_string());
    shows!(sandbox.run(&snapshot, "flake-check"), @"
    ------- stderr -------
    [COMMIT]: checked 5 minutes ago, passed (`--again` runs it anyway)
    ");
    shows!(sandbox.run(&snapshot, "flake-check --again"), @"
    ------- stderr -------
    syntax of 2 files: good
    [COMMIT]: all checks passed in [TIME]
    ");
    shows!(sandbox.run(&snapshot, "flake-check --json"), @r#"
    {
      "format": 1,
      "kind": "check",
      "system": "[SYSTEM]",
      "outcome": "passed",
      "at": 1767323345,
      "took_ms": [TIME],
      "nix": "[VERSION]",
      "log": "[SANDBOX]/home/.local/share/studio/logs/[COMMIT]-check-[SYSTEM].log"
    }
    ------- stderr -------
    [COMMIT]: checked just now, passed (`--again` runs it anyway)
    "#);
}

#[test]
fn a_check_on_record_starts_no_program() {
    let (mut sandbox, snapshot) = scene(&[]);
    sandbox.run(&snapshot, "flake-check -q").ok();
    sandbox.write("bin/nix", "#!/bin/sh\necho called >> \"$HOME/calls\"\nexit 1\n");
    sandbox.sh(".", "chmod +x bin/nix").ok();
    sandbox.set("STUDIO_NIX", sandbox.root().join("bin/nix"));
    sandbox.run(&snapshot, "flake-check -q").ok();
    assert!(!sandbox.home().join("calls").exists(), "nix was started");
}

#[test]
fn a_damaged_or_newer_record_is_ignored() {
    let (sandbox, snapshot) = scene(&[]);
    sandbox.run(&snapshot, "flake-check -q").ok();
    let record = sandbox.sh(sandbox.studio_home(), "echo verdicts/*/check-*.json").ok();
    let record = sandbox.studio_home().join(record);
    for text in ["{", "{\"format\": 99}"] {
        sandbox.write(&record, text);
        let outcome = sandbox.run(&snapshot, "flake-check -q");
        outcome.ok();
        assert!(outcome.stderr.contains("is ignored: "), "{outcome}");
        assert!(!sandbox.read(&record).contains("99"), "a new record is written");
    }
}

#[test]
fn all_syntax_errors_are_shown_before_nix_is_asked() {
    let (sandbox, snapshot) = scene(&[
        ("hosts/a.nix", "{\n  services.x = 1\n  services.y = 2;\n}\n"),
        ("home/b.nix", "{ pkgs, ... }: {\n\tx = [ pkgs.git ;\n}\n"),
    ]);
    shows!(sandbox.run(&snapshot, "flake-check").fails(1), @"
    ------- stderr -------
    error: 3 syntax errors in 2 files
      home/b.nix:2:17: `;` is unexpected, wanted an expression
        	x = [ pkgs.git ;
        	               ^
      home/b.nix:3:1: `}` is unexpected, wanted an expression
        }
        ^
      hosts/a.nix:3:14: `=` is unexpected, wanted `;`; is one missing at the end of line 2?
          services.y = 2;
                     ^
    hint: correct them in the studio and snapshot again
    [exit status: 1]
    ");
}

#[test]
fn failing_checks_are_shown_by_nix_and_not_explained_again() {
    let checks = "{ make }: { bad = make \"bad\" \"echo the reason; exit 3\"; good = make \"good\" \"echo > $out\"; }\n";
    let (sandbox, snapshot) = scene(&[("checks.nix", checks)]);
    let outcome = sandbox.run(&snapshot, "flake-check");
    outcome.fails(1);
    assert_eq!(outcome.stderr.matches("the reason").count(), 1, "{outcome}");
    let ours = outcome.stderr.split_once("error: `nix flake check`").expect("our error").1;
    shows!(ours, @"
     found faults
    hint: all that nix said: `less [SANDBOX]/home/.local/share/studio/logs/[COMMIT]-check-[SYSTEM].log`
    ");
    // With nothing shown, the error says what nix said at the end.
    let quiet = sandbox.run(&snapshot, "flake-check -q");
    assert!(quiet.fails(1).stderr.contains("exit code 3"), "{quiet}");
    // A failure is not remembered as the answer.
    assert!(sandbox.run(&snapshot, "flake-check").fails(1).stderr.contains("the reason"));
}

#[test]
fn a_lock_that_does_not_fit_is_explained() {
    let (sandbox, snapshot) = scene(&[]);
    sandbox
        .sh(
            ".",
            "git init -q dep && cd dep && echo '{ outputs = _: { }; }' > flake.nix && git add -A && git commit -qm dep",
        )
        .ok();
    let flake = sandbox.read(snapshot.join("flake.nix")).replacen(
        "outputs =\n    { self }:",
        &format!(
            "inputs.dep.url = \"git+file://{}/dep\";\n  outputs =\n    {{ self, dep }}:",
            sandbox.root()
        ),
        1,
    );
    let snapshot = sandbox.small_snapshot(&RealNix::find(), &[("flake.nix", &flake)]);
    let outcome = sandbox.run(&snapshot, "flake-check");
    let ours = outcome.fails(1).stderr.split_once("error: `flake.lock`").expect("our error").1;
    shows!(ours, @"
     does not fit `flake.nix`
    hint: run `nix flake lock` in the studio and snapshot again
    hint: all that nix said: `less [SANDBOX]/home/.local/share/studio/logs/[COMMIT]-check-[SYSTEM].log`
    ");
}

#[test]
fn a_feature_that_is_off_is_explained() {
    let checks = "{ make }: { ca = derivation { name = \"ca\"; system = \"x86_64-linux\"; builder = \"x\"; \
                  __contentAddressed = true; outputHashMode = \"recursive\"; outputHashAlgo = \"sha256\"; }; }\n";
    let (sandbox, snapshot) = scene(&[("checks.nix", checks)]);
    let outcome = sandbox.run(&snapshot, "flake-check");
    let ours = outcome.fails(1).stderr.split_once("error: `nix flake check`").expect("our error").1;
    shows!(ours, @"
     found faults
    hint: the flake needs a feature of Nix that is off; turn it on in your `nix.conf`: `extra-experimental-features = ca-derivations`
    hint: all that nix said: `less [SANDBOX]/home/.local/share/studio/logs/[COMMIT]-check-[SYSTEM].log`
    ");
}

#[test]
fn what_is_known_about_a_failure_is_said_with_its_place() {
    let checks = "{ make }:\n{\n  a = make \"a\" (import ./lib/scripts.nix).helo;\n}\n";
    let files = [("checks.nix", checks), ("lib/scripts.nix", "{ hello = \"echo > $out\"; }\n")];
    let (sandbox, snapshot) = scene(&files);
    let outcome = sandbox.run(&snapshot, "flake-check");
    let ours = outcome.fails(1).stderr.split_once("error: `nix flake check`").expect("our error").1;
    shows!(ours, @"
     found faults
    hint: it is asked for at `checks.nix:3`
    hint: all that nix said: `less [SANDBOX]/home/.local/share/studio/logs/[COMMIT]-check-[SYSTEM].log`
    ");
    // Where nothing was shown, what nix said stands before it.
    let quiet = sandbox.run(&snapshot, "flake-check -q");
    let (nix, ours) = quiet.fails(1).stderr.split_once("\nhint: ").expect("a hint");
    assert!(nix.contains("attribute 'helo' missing"), "{quiet}");
    assert!(ours.starts_with("it is asked for at `checks.nix:3`\n"), "{quiet}");
}

#[test]
fn a_wrong_hash_is_found_in_the_flake() {
    let checks = "{ make }:\n{\n  fetched = derivation ((make \"fetched\" \"echo hi > $out\").drvAttrs // {\n    \
                  outputHashMode = \"flat\";\n    \
                  outputHash = \"sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\";\n  });\n}\n";
    let (sandbox, snapshot) = scene(&[("checks.nix", checks)]);
    let outcome = sandbox.run(&snapshot, "flake-check");
    let ours = outcome.fails(1).stderr.split_once("error: `nix flake check`").expect("our error").1;
    shows!(ours, @"
     found faults
    hint: the hash is at `checks.nix:5`; if what came is right, in the studio: `sed -i 's|sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=|sha256-mOpuTyFvL7S2n/+bOkSELDhobKaF8/VdxIxdP7EQe+Q=|' checks.nix`
    hint: all that nix said: `less [SANDBOX]/home/.local/share/studio/logs/[COMMIT]-check-[SYSTEM].log`
    ");
}

#[test]
fn flakes_need_not_be_turned_on() {
    let (sandbox, snapshot) = scene(&[]);
    sandbox.write("nix/etc/nix/nix.conf", "sandbox = false\nsubstituters =\nbuild-users-group =\n");
    sandbox.run(&snapshot, "flake-check").ok();
}

#[test]
fn a_dead_daemon_is_no_fault_of_the_snapshot() {
    let (mut sandbox, snapshot) = scene(&[]);
    sandbox.set("NIX_REMOTE", "daemon");
    let outcome = sandbox.run(&snapshot, "flake-check");
    let ours = outcome.fails(1).stderr.split_once("error: the daemon").expect("our error").1;
    shows!(ours, @"
     of Nix does not answer
    hint: start it: `sudo systemctl start nix-daemon`
    hint: all that nix said: `less [SANDBOX]/home/.local/share/studio/logs/[COMMIT]-check-[SYSTEM].log`
    ");
    assert!(!sandbox.studio_home().join("verdicts").exists(), "nothing is recorded");
}

#[test]
fn a_nix_that_is_missing_or_too_old_is_named_with_the_remedy() {
    let (mut sandbox, snapshot) = scene(&[("checks.nix", CHECKS)]);
    sandbox.set("STUDIO_NIX", "no-such-nix");
    shows!(sandbox.run(&snapshot, "flake-check").fails(1), @"
    ------- stderr -------
    error: `no-such-nix` was not found on PATH
    hint: install Nix: https://nixos.org/download
    hint: if it is installed, open a new terminal, or set `STUDIO_NIX` to the program
    [exit status: 1]
    ");
    sandbox.write("old/nix", "#!/bin/sh\necho 'nix (Nix) 2.8.0'\n");
    sandbox.sh(".", "chmod +x old/nix").ok();
    sandbox.set("STUDIO_NIX", sandbox.root().join("old/nix"));
    shows!(sandbox.run(&snapshot, "flake-check -q").fails(1), @"
    ------- stderr -------
    error: Nix 2.18 or newer is wanted, but `[SANDBOX]/old/nix` is 2.8.0
    hint: upgrade it: `nix upgrade-nix`, or by the package manager that it came from
    hint: or set `STUDIO_NIX` to a newer one
    [exit status: 1]
    ");
    sandbox.set("STUDIO_NIX", sandbox.root().join("nowhere/nix"));
    shows!(sandbox.run(&snapshot, "flake-check -q").fails(1), @"
    ------- stderr -------
    error: `STUDIO_NIX` names no program: `[SANDBOX]/nowhere/nix`
    hint: set it to the `nix` to use, or unset it
    [exit status: 1]
    ");
    sandbox.write("old/nix", "#!/bin/sh\necho 'BusyBox'\n");
    sandbox.set("STUDIO_NIX", sandbox.root().join("old/nix"));
    shows!(sandbox.run(&snapshot, "flake-check -q").fails(1), @"
    ------- stderr -------
    error: `[SANDBOX]/old/nix --version` did not say a version of Nix
      BusyBox
    hint: put a Nix on PATH, or set `STUDIO_NIX` to one
    [exit status: 1]
    ");
}

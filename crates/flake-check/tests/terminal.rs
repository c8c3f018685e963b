//! `git flake-check` where somebody watches: the screen while checks are built, and what stays on it.

use insta::assert_snapshot;
use testkit::{RealNix, Sandbox, filters};

/// Two that wait for a file, of which one fails then; and one that is there at once.
const CHECKS: &str = r#"{ make }: {
  good = make "good" "echo fine; echo > $out";
  late = make "late-1.2" "echo waiting; until [ -e @GO@ ]; do sleep 0.05; done; echo > $out";
  wrong = make "wrong-0.1" "echo one; printf '\\033[2J\\033]0;a title\\007two\\n'; until [ -e @GO@ ]; do sleep 0.05; done; exit 3";
}
"#;

#[test]
fn what_is_under_way_stands_at_the_foot_and_what_failed_above_it() {
    for size in [(24, 80), (50, 200), (8, 30)] {
        let nix = RealNix::find();
        let mut sandbox = Sandbox::new().with_nix(&nix);
        let conf = "experimental-features = nix-command flakes\nsandbox = false\nsubstituters =\n\
                    build-users-group =\nflake-registry =\nmax-jobs = 3\n";
        sandbox.set("NIX_CONFIG", conf);
        let go = sandbox.root().join("go");
        let checks = CHECKS.replace("@GO@", go.as_str());
        let snapshot = sandbox.small_snapshot(&nix, &[("checks.nix", &checks)]);
        let mut terminal = sandbox.start_on_terminal(&snapshot, "flake-check", size);
        let screen = terminal.until_screen(|screen| {
            screen.contains("built 1 of ")
                && (size.0 < 20
                    || screen.contains("building late") && screen.contains("building wrong"))
        });
        let mut settings = insta::Settings::clone_current();
        let mut all = vec![
            (r"  \d+s(?m:$)", "  [CLOCK]"),
            // Nix 2.34 counts one more than there is.
            (r"built 1 of \d", "built 1 of [SOME]"),
            // Nix 2.26 says of what it checks only at the end that it was built.
            (r"(?m)^  (running|checking|evaluating|building good) .*\n?", ""),
            // Of a low screen the foot takes a third, and how much else there is differs from one Nix to the next.
            (r"and \d more", "and [SOME] more"),
        ];
        all.extend(filters());
        settings.set_filters(all);
        settings.bind(|| assert_snapshot!(format!("under_way_{}x{}", size.1, size.0), screen));
        sandbox.write("go", "");
        let (code, said) = terminal.ends();
        assert_eq!(code, Some(1), "{said}");
        // What a build writes is shown, and does nothing to the terminal.
        assert!(!said.contains("\x1b[2J") && !said.contains("a title"), "{said:?}");
        let at = |text: &str| said.find(text).unwrap_or_else(|| panic!("no `{text}`: {said}"));
        assert!(at("wrong-0.1> one") < at("wrong-0.1> two"));
        assert!(at("wrong-0.1> two") < at("exit code 3"));
        assert!(at("exit code 3") < at("`nix flake check` found faults"));
        let log = sandbox.studio_home().join("logs");
        let log = sandbox.sh(&log, "cat *-check-*").ok();
        assert!(log.contains("late-1.2> waiting"), "{log}");
    }
}

#[test]
fn a_window_that_becomes_narrow_is_followed() {
    let nix = RealNix::find();
    let mut sandbox = Sandbox::new().with_nix(&nix);
    let conf = "experimental-features = nix-command flakes\nsandbox = false\nsubstituters =\n\
                build-users-group =\nflake-registry =\n";
    sandbox.set("NIX_CONFIG", conf);
    let checks = r#"{ make }: {
  long = make "a-derivation-with-a-name-as-long-as-they-are" "until [ -e @GO@ ]; do sleep 0.05; done; echo > $out";
}
"#;
    let checks = checks.replace("@GO@", sandbox.root().join("go").as_str());
    let snapshot = sandbox.small_snapshot(&nix, &[("checks.nix", &checks)]);
    let mut terminal = sandbox.start_on_terminal(&snapshot, "flake-check", (24, 100));
    terminal.until_screen(|screen| {
        screen
            .lines()
            .any(|line| line.contains("building a-derivation-with-a-name-as-long-as-they-are"))
    });
    terminal.resize((24, 40));
    let screen = terminal.until_screen(|screen| screen.lines().any(|line| line.ends_with('…')));
    assert!(screen.contains("building a-derivation-with-"), "{screen}");
    sandbox.write("go", "");
    let (code, said) = terminal.ends();
    assert_eq!(code, Some(0), "{said}");
}

/// A build that ends as nixpkgs' `buildEnv` does, and an evaluation that goes wrong.
const COLLISION: &str = r#"{ make }: {
  env = make "env" ''
    echo 'pkgs.buildEnv error: two given paths contain a conflicting subpath:'
    echo "  \`@STORE@/0lbagnzv9xbd7hpjdpiyh8kvy97haiil-one-1.0/bin/x' and"
    echo "  \`@STORE@/1lbagnzv9xbd7hpjdpiyh8kvy97haiil-two-2.0/bin/x'"
    exit 25
  '';
}
"#;
const MISSING: &str = "{ make }:\n{\n  a = make \"a\" { }.script;\n}\n";

#[test]
fn what_nix_says_for_machines_is_understood_as_well() {
    let nix = RealNix::find();
    let sandbox = Sandbox::new().with_nix(&nix);
    let collision = COLLISION.replace("@STORE@", sandbox.root().join("nix/store").as_str());
    for (checks, hint) in [
        (collision.as_str(), "hint: `one-1.0` and `two-2.0` both have `bin/x`: take one"),
        (MISSING, "hint: it is asked for at `checks.nix:3`"),
    ] {
        let snapshot = sandbox.small_snapshot(&nix, &[("checks.nix", checks)]);
        let line = "flake-check --color never";
        // A wide one, so that no line is broken.
        let (code, said) = sandbox.start_on_terminal(&snapshot, line, (24, 400)).ends();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(hint), "no `{hint}`: {said}");
    }
}

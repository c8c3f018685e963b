//! `git flake-check` where stderr is a pipe or a file, as in a CI: a line for what begins, one piece for what failed, and a
//! word after a long silence.

use testkit::{RealNix, Sandbox};

/// Two that fail and whose lines come in turn, and one that says nothing for long.
const CHECKS: &str = r#"{ make }: {
  one = make "one-1.0" "for n in 1 2 3 4 5 6; do echo line $n of one; sleep 0.1; done; exit 3";
  two = make "two-2.0" "for n in 1 2 3 4 5 6; do echo line $n of two; sleep 0.1; done; printf '\\033[31mred\\033[m\\007\\n'; exit 4";
  calm = make "calm-0.1" "echo calm; sleep 4; echo > $out";
}
"#;

fn scene() -> (Sandbox, camino::Utf8PathBuf) {
    let nix = RealNix::find();
    let mut sandbox = Sandbox::new().with_nix(&nix);
    let conf = "experimental-features = nix-command flakes\nsandbox = false\nsubstituters =\n\
                build-users-group =\nflake-registry =\nmax-jobs = 3\n";
    sandbox.set("NIX_CONFIG", conf);
    sandbox.set("STUDIO_SILENCE", "1");
    let snapshot = sandbox.small_snapshot(&nix, &[("checks.nix", CHECKS)]);
    (sandbox, snapshot)
}

#[test]
fn what_a_failed_build_said_is_one_piece_and_silence_is_broken() {
    let (sandbox, snapshot) = scene();
    let outcome = sandbox.run(&snapshot, "flake-check");
    let said = outcome.fails(1).stderr.clone();
    let lines: Vec<&str> = said.lines().collect();
    for name in ["building one-1.0", "building two-2.0", "building calm-0.1"] {
        assert_eq!(lines.iter().filter(|line| **line == name).count(), 1, "{said}");
    }
    for name in ["one", "two"] {
        let first = format!("{name}> line 1 of {name}").replacen(
            '>',
            if name == "one" { "-1.0>" } else { "-2.0>" },
            1,
        );
        let at = lines.iter().position(|line| *line == first);
        let at = at.unwrap_or_else(|| panic!("no `{first}`: {said}"));
        for (number, line) in lines[at..at + 6].iter().enumerate() {
            assert!(line.ends_with(&format!("> line {} of {name}", number + 1)), "{said}");
        }
    }
    // What a build writes to a terminal is nothing to a file.
    assert!(lines.contains(&"two-2.0> red"), "{said}");
    assert!(!said.contains(['\x1b', '\x07']), "{said:?}");
    // What ends well says nothing of its own.
    assert!(!said.contains("calm-0.1> calm"), "{said}");
    let goes_on = lines.iter().filter(|line| line.contains("; building calm-0.1  "));
    assert!(goes_on.count() >= 2, "{said}");
    let named = said.split(['`', ' ']).find(|word| word.ends_with(".log"));
    let log = sandbox.read(named.unwrap_or_else(|| panic!("no log is named: {said}")));
    assert!(log.contains("calm-0.1> calm\n") && log.contains("one-1.0> line 6 of one\n"), "{log}");
}

#[test]
fn nix_itself_is_heard_if_one_wants_that() {
    let (sandbox, snapshot) = scene();
    let outcome = sandbox.run(&snapshot, "flake-check --log-format raw");
    let said = outcome.fails(1).stderr.clone();
    assert!(
        said.contains("one> line 1 of one") || said.contains("one-1.0> line 1 of one"),
        "{said}"
    );
    assert!(said.contains("calm> calm") || said.contains("calm-0.1> calm"), "{said}");
    assert!(!said.contains("; building"), "{said}");
}

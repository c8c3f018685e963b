//! `git flake-check` and `git flake-build-vm` killed at many points: no verdict that was not reached, and the next run
//! succeeds.

use std::time::Duration;
use testkit::{End, RealNix, Sandbox};

#[test]
fn killed_at_any_moment_there_is_no_false_verdict_and_the_next_run_succeeds() {
    let nix = RealNix::find();
    let sandbox = Sandbox::new().with_nix(&nix);
    let rounds = testkit::rounds(12, 60);
    let mut killed = 0;
    for step in 0..rounds {
        // A check and a VM that were never built, so that there is something to kill.
        let checks = format!(
            "{{ make }}: {{ good = make \"good\" \"busybox sleep 0.1; echo {step} > $out\"; }}\n"
        );
        let snapshot = sandbox.small_snapshot(&nix, &[("checks.nix", &checks)]);
        let command = if step % 2 == 0 {
            "git flake-check"
        } else {
            "git flake-build-vm --no-run --host demo"
        };
        let words: Vec<&str> = command.split(' ').collect();
        let after = Duration::from_millis(step % 12 * 25);
        let end = sandbox.killed(&snapshot, &words, after, step % 3 != 0);
        killed += usize::from(end == End::Killed);
        let outcome = sandbox.run(&snapshot, command);
        assert_eq!(outcome.code, Some(0), "step {step}: {outcome}");
        assert_eq!(
            sandbox.run(&snapshot, "git status --porcelain --ignored").ok(),
            "",
            "step {step}"
        );
    }
    assert!(killed > 3, "only {killed} of {rounds} runs were killed at work");
}

//! `git flake-check` whose user has enough of it: Ctrl-C, a terminal that is closed, and a service that is stopped.

use camino::Utf8PathBuf;
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};
use testkit::{RealNix, Sandbox, Terminal};

/// A check that ends when it is allowed to.
const CHECKS: &str = r#"{ make }: {
  long = make "long-1.0" "echo begun; until [ -e @GO@ ]; do busybox sleep 0.05; done; echo > $out";
}
"#;

fn scene() -> (Sandbox, Utf8PathBuf) {
    let nix = RealNix::find();
    let mut sandbox = Sandbox::new().with_nix(&nix);
    let conf = "experimental-features = nix-command flakes\nsandbox = false\nsubstituters =\n\
                build-users-group =\nflake-registry =\n";
    sandbox.set("NIX_CONFIG", conf);
    let checks = CHECKS.replace("@GO@", sandbox.root().join("go").as_str());
    let snapshot = sandbox.small_snapshot(&nix, &[("checks.nix", &checks)]);
    (sandbox, snapshot)
}

/// A check that builds, seen on a terminal of its own.
fn at_work(sandbox: &Sandbox, snapshot: &Utf8PathBuf) -> Terminal {
    let mut terminal = sandbox.start_in_session(snapshot, "flake-check", (24, 80));
    terminal.until_screen(|screen| screen.contains("building long-1.0"));
    terminal
}

/// What speaks of this sandbox and still runs.
fn running(sandbox: &Sandbox) -> String {
    let all = sandbox.sh("", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; true").ok();
    let name = sandbox.root().file_name().expect("a name").to_owned();
    if all.contains(&name) { all } else { String::new() }
}

fn nothing_runs(sandbox: &Sandbox) {
    let begin = Instant::now();
    while !running(sandbox).is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(20), "left: {}", running(sandbox));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// It ended by the signal, as a shell wants it; nothing of what was drawn is left, and the next one does it all.
fn ended_by(status: ExitStatus, signal: Signal, sandbox: &Sandbox, snapshot: &Utf8PathBuf) {
    assert_eq!(status.signal(), Some(signal.as_raw()), "{status}");
    nothing_runs(sandbox);
    sandbox.write("go", "");
    let outcome = sandbox.run(snapshot, "git flake-check");
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_eq!(sandbox.run(snapshot, "git status --porcelain --ignored").ok(), "");
}

#[test]
fn ctrl_c_ends_it_and_leaves_a_clean_line() {
    let (sandbox, snapshot) = scene();
    let mut terminal = at_work(&sandbox, &snapshot);
    terminal.interrupt();
    let (status, screen) = terminal.end();
    assert_eq!(screen, "syntax of 2 files: good");
    ended_by(status, Signal::INT, &sandbox, &snapshot);
}

#[test]
fn a_terminal_that_is_closed_ends_it() {
    let (sandbox, snapshot) = scene();
    let mut check = at_work(&sandbox, &snapshot).hang_up();
    let status = check.wait().expect("it ends");
    ended_by(status, Signal::HUP, &sandbox, &snapshot);
}

#[test]
fn who_is_asked_to_end_leaves_a_clean_line_too() {
    let (sandbox, snapshot) = scene();
    let terminal = at_work(&sandbox, &snapshot);
    let pid = i32::try_from(terminal.id()).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(pid, Signal::TERM).expect("it is ours");
    let (status, screen) = terminal.end();
    assert_eq!(screen, "syntax of 2 files: good");
    ended_by(status, Signal::TERM, &sandbox, &snapshot);
}

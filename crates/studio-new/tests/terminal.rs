//! `studio` where somebody watches: what takes its time is seen to go on, and leaves nothing behind on the screen.

use insta::assert_snapshot;
use testkit::Sandbox;

/// A server that gives its refs at once, and its objects when it is allowed to.
const SLOW: &str = "#!/bin/sh
if [ -e \"$0.asked\" ]; then until [ -e \"$0.go\" ]; do sleep 0.05; done; fi
: >\"$0.asked\"
exec git upload-pack \"$1\"
";

#[test]
fn getting_an_upstream_is_seen_to_go_on() {
    let sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    sandbox.write("slow", SLOW);
    sandbox.sh("", "chmod +x slow; git config --global protocol.ext.allow always").ok();
    // As one word, because the line of a test is taken apart at its spaces.
    sandbox
        .sh(
            "",
            &format!(
                "git config --global url.'ext::{}/slow {upstream}'.insteadOf slow:it",
                sandbox.root()
            ),
        )
        .ok();
    let mut terminal =
        sandbox.start_on_terminal(sandbox.root(), "studio try --upstream slow:it", (24, 80));
    let screen = terminal.until_screen(|screen| screen.contains("  1s"));
    assert_snapshot!(screen, @r"
    getting `slow:it` ...
    getting `slow:it`  1s
    ");
    sandbox.write("slow.go", "");
    terminal.until("remember");
    terminal.line("n");
    let (code, said) = terminal.ends();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("made the studio `try` of `slow:it`"), "{said}");
}

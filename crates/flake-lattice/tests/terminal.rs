//! `flake-lattice generate` where somebody watches: what cargo compiles is seen to go on, and what is left of it.

mod scene;

use scene::Scene;
use testkit::Sandbox;

/// A cargo that waits with what it says after two of the nodes.
const SLOW: &str = r#"#!/bin/sh
case " $* " in
*" check "*)
    "$REAL" "$@" >"$0.said"
    code=$?
    grep compiler-artifact "$0.said" | head -n 2
    until [ -e "$0.go" ]; do sleep 0.05; done
    grep compiler-artifact "$0.said" | tail -n +3
    exit $code
    ;;
esac
exec "$REAL" "$@"
"#;

#[test]
fn compiling_is_seen_to_go_on() {
    for size in [(24, 80), (50, 200)] {
        let mut scene = Scene::on(Sandbox::new());
        let functions = (0..40).map(|n| format!("pub fn f{n}() -> u32 {{ {n} }}\n"));
        scene.krate("crate", &functions.collect::<String>());
        scene.sandbox.write("slow", SLOW.replace("$REAL", scene.cargo.as_str()));
        scene.sandbox.sh("", "chmod +x slow").ok();
        let slow = scene.sandbox.root().join("slow");
        scene.sandbox.set("CARGO", slow);
        let root = scene.sandbox.root();
        let line = "flake-lattice generate crate --output out";
        let mut terminal = scene.sandbox.start_on_terminal(root, line, size);
        let before = terminal.until_screen(|screen| screen.contains("2 of 41"));
        // The clock goes on while nothing is heard, whatever it showed when that began.
        let after = terminal.until_screen(|screen| screen != before);
        for screen in [before, after] {
            let clock = screen.strip_prefix("compiling the nodes  2 of 41  ").unwrap_or_default();
            assert!(clock.ends_with(|last: char| last == 's' || last.is_ascii_digit()), "{screen}");
        }
        scene.sandbox.write("slow.go", "");
        let (status, screen) = terminal.end();
        assert!(status.success(), "{screen}");
        assert_eq!(
            screen,
            "`small` 1.0.0: 40 items in 40 nodes on 1 level, compiled in 1 round\n136 files written"
        );
    }
}

//! `git mutable-log` where there is nothing to list; what it lists is tested with the commands that write it.

use insta::assert_snapshot;
use testkit::Sandbox;

#[test]
fn an_empty_log_is_said() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    assert_snapshot!(sandbox.run(&studio, "git mutable-log"), @"
    ------- stderr -------
    nothing was done in this studio yet
    ");
}

//! `git mutable-scratch`: a new branch under the feet, everything else where it was.

use insta::assert_snapshot;
use testkit::Sandbox;

#[test]
fn a_new_branch_is_cut_and_uncommitted_work_comes_along() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    sandbox.sh(&studio, "echo s >s; git add s; echo t >s; echo u >u").ok();
    let before =
        (sandbox.picture(&studio), sandbox.sh(&studio, "git status -s; sha1sum .git/index").ok());
    assert_snapshot!(sandbox.run(&studio, "git mutable-scratch"), @"
    scratch/20260102-030405-4875
    ------- stderr -------
    now on the new branch `scratch/20260102-030405-4875`
    ");
    assert_eq!(
        (sandbox.picture(&studio), sandbox.sh(&studio, "git status -s; sha1sum .git/index").ok()),
        before
    );
    assert_snapshot!(sandbox.run(&studio, "git branch --list"), @"
      main
    * scratch/20260102-030405-4875
      scratch/20260102-030405-d674
    ");
}

//! A new commit of a submodule in `flake.lock`, by a real Nix.
//!
//! The environment of a sandbox holds for a process, so each case runs this test program once more, inside of it.

use camino::Utf8PathBuf;
use studio_core::config::Environment;
use studio_core::context::Context;
use studio_core::names::{CommitId, InputName};
use studio_core::nix::{Nix, git_file_ref};
use studio_core::ui::{Color, Ui, Verbosity};
use testkit::{RealNix, Sandbox};

/// Runs in the sandbox: locks the input `dep` of `studio` anew and writes the result to `new.lock`.
#[test]
#[ignore = "it is the inner half of the others"]
fn inside() {
    let env = Environment::capture().expect("environment");
    let at = |path: &str| -> Utf8PathBuf { env.cwd().join(path) };
    let rev = env.get("TEST_REV").and_then(|rev| CommitId::new(rev).ok()).expect("TEST_REV");
    let head = env.get("TEST_HEAD").expect("TEST_HEAD").to_owned();
    let (folder, out) = (at("studio/inputs/dep"), at("new.lock"));
    let lock = String::from_utf8(studio_core::fs::read(&at("studio/flake.lock")).expect("lock"));
    let candidate = git_file_ref(&at("studio"), &format!("ref=HEAD&rev={head}"));
    let cx = Context {
        ui: Ui::new(Verbosity::Normal, Color::Never, true),
        env,
        command: "test".to_owned(),
    };
    let nix = Nix::find(&cx).expect("nix");
    let name = InputName::new("dep").expect("name");
    let new = nix
        .lock_input(&cx, &candidate, &name, &folder, &rev, &lock.expect("utf-8"))
        .expect("lock_input");
    if let Some(new) = new {
        studio_core::fs::write_atomic(&out, new.as_bytes()).expect("write");
    }
}

/// `third`, `dep` that needs it, `up` that needs both and has `dep` as a submodule, and a `studio` of `up`.
const SCENE: &str = r#"
repo() { git init -q $1; cat > $1/flake.nix; git -C $1 add -A; git -C $1 commit -qm $1; }
echo '{ outputs = _: { name = "third"; }; }' | repo third
echo '{ inputs.third.url = "git+file://'$PWD'/third"; outputs = _: { name = "dep"; }; }' | repo dep
echo '{ inputs = { dep.url = "DEP_URL"; third.url = "git+file://'$PWD'/third"; };
        outputs = { self, dep, third }: { x = dep.rev or "none"; }; }' | sed "s|DEP_URL|$DEP_URL|" | repo up
cd up
git submodule --quiet add $PWD/../dep inputs/dep
git add -A
nix flake lock '.?submodules=1' 2> /dev/null
git add -A
git commit -qm lock
cd ..
git clone -q --recurse-submodules up studio
cd studio/inputs/dep
git checkout -q --detach
echo new > new
git add -A
git commit -qm new
cd ../..
git add -A
git commit -qm 'a new commit of the input'
git checkout -q --detach
"#;

/// The scene with this address of `dep`, after `lock_input`.
fn scene(url: &str) -> (Sandbox, String) {
    let mut sandbox = Sandbox::new().with_nix(&RealNix::find());
    sandbox.set("DEP_URL", url.replace("ROOT", sandbox.root().as_str()));
    sandbox.sh(".", SCENE).ok();
    let rev = sandbox.sh("studio/inputs/dep", "git rev-parse HEAD").ok();
    sandbox.set("TEST_REV", &rev);
    sandbox.set("TEST_HEAD", sandbox.sh("studio", "git rev-parse HEAD").ok());
    let me = std::env::current_exe().expect("a test knows its path");
    let me = me.to_str().expect("utf-8");
    sandbox.run_words(".", &[me, "--ignored", "--exact", "inside"]).ok();
    (sandbox, rev)
}

#[test]
fn the_commit_of_the_input_changes_and_nothing_else() {
    let (sandbox, rev) = scene("git+file://ROOT/dep?ref=main");
    let new = sandbox.read("new.lock");
    let changed = sandbox.sh(".", "diff studio/flake.lock new.lock | grep '^>' || true").ok();
    let fields: Vec<&str> = changed.lines().filter_map(|line| line.split('"').nth(1)).collect();
    // Both commits of the fixed clock have the same time.
    assert_eq!(fields, ["narHash", "rev", "revCount"], "{changed}");
    assert!(new.contains(&rev));
    // nix is content with it, before the commit is pushed and after.
    let script = "cp ../new.lock flake.lock && git commit -qam lock
        nix eval --raw --no-update-lock-file \"git+file://$PWD?ref=HEAD&rev=$(git rev-parse HEAD)#x\"";
    assert_eq!(sandbox.sh("studio", script).ok(), rev);
    sandbox.sh("studio/inputs/dep", "git push -q origin HEAD:refs/heads/scratch/x").ok();
    sandbox.sh("studio", "nix flake check --no-update-lock-file .").ok();
    // Locking by nix itself finds nothing to do.
    sandbox.sh("studio", "nix flake lock . && git diff --exit-code").ok();
}

#[test]
fn a_path_in_the_flake_has_no_commit() {
    let (sandbox, _) = scene("path:./inputs/dep");
    assert!(!sandbox.root().join("new.lock").exists());
}

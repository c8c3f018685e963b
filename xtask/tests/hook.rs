//! The hook for commits that the development shell puts into a checkout of this repository, with a real git.

use camino::{Utf8Path, Utf8PathBuf};
use testkit::{Outcome, RealNix, Sandbox};

/// A sandbox with a checkout that has what the shell looks for, and a cargo that says what it was asked and says no.
struct Scene {
    sandbox: Sandbox,
    script: String,
}

fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask has a parent").to_owned()
}

impl Scene {
    fn new() -> Scene {
        let mut sandbox = Sandbox::new().with_nix(&RealNix::find());
        let path = sandbox.sh("", "printf %s \"$PATH\"").ok();
        sandbox.set("PATH", format!("{}/tools:{path}", sandbox.root()));
        sandbox.write(
            "tools/cargo",
            "#!/bin/sh\necho \"cargo $* (GIT_DIR: ${GIT_DIR:-none})\"\nexit 1\n",
        );
        sandbox.write("checkout/xtask/Cargo.toml", "");
        let hook = root().join("nix/pre-commit.sh");
        let script = "chmod +x tools/cargo; mkdir checkout/nix; cp \"$1\" checkout/nix
             git init -q checkout; git init -q elsewhere";
        sandbox.run_words("", &["sh", "-euc", script, "sh", hook.as_str()]).ok();
        let file = root().join("nix/stand-in.nix");
        // The hook has to be in the store, as it is by the time that a shell is entered.
        let words = [
            "nix-instantiate",
            "--eval",
            "--json",
            "--read-write-mode",
            file.as_str(),
            "-A",
            "hook",
        ];
        let script = sandbox.run_words("", &words).ok();
        let script = serde_json::from_str(&script).expect("a text");
        Scene { sandbox, script }
    }

    /// What entering the shell does in a folder.
    fn enter(&self, dir: &str) -> Outcome {
        self.sandbox.run_words(dir, &["bash", "-c", &self.script])
    }

    fn hooks(&self, repository: &str) -> String {
        let list = "find .git/hooks ! -name '*.sample' -type f";
        self.sandbox.sh(repository, list).ok()
    }
}

#[test]
fn a_checkout_gets_it_once_and_commits_are_asked_about() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    insta::assert_snapshot!(scene.enter("checkout/xtask"), @r"
    ------- stderr -------
    commits are checked by [SANDBOX]/checkout/.git/hooks/pre-commit
    ");
    assert_eq!(scene.hooks("checkout"), ".git/hooks/pre-commit");
    insta::assert_snapshot!(scene.enter("checkout"), @"");
    let outcome = sandbox.sh("checkout", "git add . && git commit -m all");
    insta::assert_snapshot!(outcome, @r"
    ------- stderr -------
    cargo xtask ci --only fmt --only tidy --only clippy (GIT_DIR: none)
    [exit status: 1]
    ");
    // One of an older version is replaced; what was begun and left is no obstacle.
    sandbox.sh("checkout/.git/hooks", "echo '# older' >>pre-commit; echo >pre-commit.new").ok();
    scene.enter("checkout").ok();
    sandbox
        .sh("checkout", "cmp nix/pre-commit.sh .git/hooks/pre-commit; ! ls .git/hooks/*.new")
        .ok();
    // So does a work tree beside it, which has the same hooks.
    sandbox.sh("checkout", "git commit -qnm all; git worktree add -q ../beside").ok();
    assert_eq!(scene.enter("beside").stderr, "");
    let outcome = sandbox.sh("beside", "git commit --allow-empty -m more");
    assert!(outcome.fails(1).stderr.contains("(GIT_DIR: none)"), "{outcome}");
    // What it asks for is there.
    let hook = sandbox.read("checkout/nix/pre-commit.sh");
    let line = hook.lines().find_map(|line| line.strip_prefix("exec cargo xtask "));
    let line = format!("{} {} -h", env!("CARGO_BIN_EXE_xtask"), line.expect("a line"));
    let cargo = format!("env CARGO={} {line}", env!("CARGO"));
    assert!(sandbox.run("", &cargo).ok().contains("Usage: "));
}

#[test]
fn nobody_else_gets_it_and_a_hook_of_the_user_stays() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    // Elsewhere the shell is only a shell.
    for place in ["elsewhere", "home"] {
        let outcome = scene.enter(place);
        outcome.ok();
        assert_eq!(outcome.to_string(), "");
    }
    assert_eq!(scene.hooks("elsewhere"), "");
    // The user's own, as a file and as a link, also to nowhere.
    let hook = "checkout/.git/hooks/pre-commit";
    sandbox.write(hook, "#!/bin/sh\n");
    assert_eq!(scene.enter("checkout").to_string(), "");
    assert_eq!(sandbox.read(hook), "#!/bin/sh\n");
    sandbox.sh("", &format!("rm {hook}; ln -s /nowhere {hook}")).ok();
    assert_eq!(scene.enter("checkout").to_string(), "");
    assert_eq!(sandbox.sh("", &format!("readlink {hook}; rm {hook}")).ok(), "/nowhere");
    // And a folder of hooks for all repositories.
    sandbox.run("", "git config --global core.hooksPath /nowhere").ok();
    assert_eq!(scene.enter("checkout").to_string(), "");
    assert_eq!(scene.hooks("checkout"), "");
}

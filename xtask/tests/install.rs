//! `cargo xtask install` and `uninstall`: what one does the other takes back, and nobody else's files are touched.

use camino::Utf8Path;
use std::time::Duration;
use testkit::{Moments, Outcome, Sandbox};

/// The workshop, with programs that are there already.
fn xtask(sandbox: &Sandbox, words: &[&str]) -> Outcome {
    let xtask = Utf8Path::new(env!("CARGO_BIN_EXE_xtask"));
    let cargo = format!("CARGO={}", env!("CARGO"));
    sandbox.run_words("", &[&["env", &cargo, xtask.as_str()], words].concat())
}

fn install(sandbox: &Sandbox) -> Outcome {
    let programs = Utf8Path::new(env!("CARGO_BIN_EXE_xtask")).parent().expect("a folder");
    xtask(sandbox, &["install", "--from", programs.as_str()])
}

/// All that is below the home folder, and what git is told.
fn home(sandbox: &Sandbox) -> String {
    sandbox.sh("home", "find . | LC_ALL=C sort; cat .gitconfig").ok()
}

#[test]
fn what_is_installed_can_be_used_and_is_taken_back_to_the_last_file() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.local/bin/mine", "#!/bin/sh\n");
    let before = home(&sandbox);
    insta::with_settings!({ filters => [(r"installed \d+", "installed [SOME]")] }, {
        insta::assert_snapshot!(install(&sandbox), @r#"
        ------- stderr -------
        installed [SOME] programs in [SANDBOX]/home/.local
        added [SANDBOX]/home/.local/share/studio/aliases.gitconfig to your git configuration, for `git flake-check` and its like
        hint: put the programs on PATH: export PATH="[SANDBOX]/home/.local/bin:$PATH"
        hint: is all there that they need? [SANDBOX]/home/.local/bin/studio --doctor
        "#);
    });
    let installed = home(&sandbox);
    // Again, as after an update: once is enough for git.
    install(&sandbox).ok();
    assert_eq!(home(&sandbox), installed);
    let line = "PATH=$HOME/.local/bin:/usr/bin:/bin; export PATH; studio --version; git flake-check -h | grep Usage; git mutable log -h | grep Usage";
    insta::assert_snapshot!(sandbox.sh("", line), @"
    studio 0.1.0
    Usage: git flake-check [OPTIONS]
    Usage: git mutable-log [OPTIONS]
    ------- stderr -------
    'flake-check' is aliased to '!'[SANDBOX]/home/.local/bin/flake-check''
    ");
    // A file that is of no use any more goes with the next version.
    let list = sandbox.home().join(".local/lib/studio/installed");
    sandbox.write("home/.local/bin/flake-old", "old\n");
    let old =
        sandbox.sh("home/.local/bin", "stat -c 'file %s %.9Y bin/flake-old' flake-old | tr -d .");
    sandbox.write(&list, format!("{}{}\n", sandbox.read(&list), old.ok()));
    install(&sandbox).ok();
    assert_eq!(home(&sandbox), installed);
    // What was changed since is the user's.
    sandbox.write("home/.local/bin/mutable-log", "#!/bin/sh\n# a wrapper\n");
    insta::assert_snapshot!(install(&sandbox).fails(1), @"
    ------- stderr -------
    error: this was not put there by `install`, or was changed since:
    [SANDBOX]/home/.local/bin/mutable-log
    hint: nothing was changed; move it away, or choose another `--prefix`: mv [SANDBOX]/home/.local/bin/mutable-log /tmp
    [exit status: 1]
    ");
    insta::with_settings!({ filters => [(r"removed \d+", "removed [SOME]")] }, {
        insta::assert_snapshot!(xtask(&sandbox, &["uninstall"]), @"
        ------- stderr -------
        [SANDBOX]/home/.local/bin/mutable-log was changed since, and stays
        removed [SOME] files from [SANDBOX]/home/.local
        ");
    });
    sandbox.sh("home", "rm .local/bin/mutable-log").ok();
    assert_eq!(home(&sandbox), before);
    insta::assert_snapshot!(xtask(&sandbox, &["uninstall"]).fails(1), @"
    ------- stderr -------
    error: nothing was installed in [SANDBOX]/home/.local by `install`
    hint: if it was elsewhere: `cargo xtask uninstall --prefix DIR`
    [exit status: 1]
    ");
}

#[test]
fn others_files_are_not_replaced_and_their_words_in_git_stay() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.local/bin/studio", "another studio\n");
    let before = home(&sandbox);
    insta::assert_snapshot!(install(&sandbox).fails(1), @"
    ------- stderr -------
    error: this was not put there by `install`, or was changed since:
    [SANDBOX]/home/.local/bin/studio
    hint: nothing was changed; move it away, or choose another `--prefix`: mv [SANDBOX]/home/.local/bin/studio /tmp
    [exit status: 1]
    ");
    assert_eq!(home(&sandbox), before);
    sandbox.sh("home", "mv .local/bin/studio other-studio").ok();
    // A user who had included the file by hand keeps the line.
    let file = sandbox.home().join(".local/share/studio/aliases.gitconfig");
    let line = format!("git config --global include.path {file}");
    sandbox.sh("", &line).ok();
    let before = sandbox.read("home/.gitconfig");
    install(&sandbox).ok();
    assert_eq!(sandbox.read("home/.gitconfig"), before);
    xtask(&sandbox, &["uninstall"]).ok();
    assert_eq!(sandbox.read("home/.gitconfig"), before);
}

#[test]
fn a_git_configuration_that_cannot_be_written_and_a_home_that_is_not_there_are_said() {
    let mut sandbox = Sandbox::new();
    // As home-manager has it: a link to where nobody can write.
    sandbox.sh("home", "mv .gitconfig real && ln -s /proc/self/status/config .gitconfig").ok();
    let refused = install(&sandbox);
    assert_eq!(refused.code, Some(1), "{refused}");
    let said = refused.to_string();
    assert!(said.contains("your git configuration could not be"), "{said}");
    assert!(said.contains("add this to it by hand:\n[include]\n\tpath = "), "{said}");
    assert!(sandbox.home().join(".local/bin/studio").is_file(), "{said}");
    sandbox.sh("home", "rm .gitconfig && mv real .gitconfig").ok();
    xtask(&sandbox, &["uninstall"]).ok();
    assert!(!sandbox.home().join(".local").exists(), "{}", home(&sandbox));
    let nowhere = sandbox.root().join("nowhere");
    sandbox.set("HOME", &nowhere);
    insta::assert_snapshot!(install(&sandbox).fails(1), @"
    ------- stderr -------
    error: your home folder `[SANDBOX]/nowhere` is not there
    hint: set `HOME`, or say where: `--prefix DIR`
    [exit status: 1]
    ");
    assert!(!nowhere.exists());
}

#[test]
fn killed_at_any_moment_the_next_install_goes_on_and_uninstall_takes_back_both() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.local/bin/mine", "#!/bin/sh\n");
    let before = home(&sandbox);
    let xtask_program = Utf8Path::new(env!("CARGO_BIN_EXE_xtask"));
    let cargo = format!("CARGO={}", env!("CARGO"));
    let programs = xtask_program.parent().expect("a folder").as_str();
    let words = ["env", &cargo, xtask_program.as_str(), "install", "--from", programs];
    let mut moments = Moments::within(Duration::from_secs(2));
    let mut killed = 0;
    for _ in 0..testkit::rounds(6, 40) {
        // Not its children: git would leave a lock, which is git's to say something about.
        let end = sandbox.killed("", &words, moments.draw(), false);
        killed += u32::from(moments.learn(end));
        install(&sandbox).ok();
        xtask(&sandbox, &["uninstall"]).ok();
        assert_eq!(home(&sandbox), before);
    }
    assert!(killed > 0, "none was killed at work");
}

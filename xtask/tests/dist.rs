//! What `cargo xtask dist` lays out can be used from where it lies.

use camino::{Utf8Path, Utf8PathBuf};
use testkit::Sandbox;

/// A sandbox with a release in `prefix`, whose name needs quotes.
fn laid_out() -> (Sandbox, Utf8PathBuf) {
    let sandbox = Sandbox::new();
    let xtask = Utf8Path::new(env!("CARGO_BIN_EXE_xtask"));
    let programs = xtask.parent().expect("a program lies in a folder");
    let prefix = sandbox.root().join("it's a prefix");
    // Twice, as an update does.
    for _ in 0..2 {
        let mut command = sandbox.command(xtask.as_str(), "");
        // Cargo's own path: a toolchain manager would look for itself in the home of the sandbox.
        command.env("CARGO", env!("CARGO"));
        command.args(["dist", "--prefix", prefix.as_str(), "--from", programs.as_str()]);
        command.assert().success();
    }
    (sandbox, prefix)
}

#[test]
fn each_program_has_its_page_and_completions_and_none_beats_the_aliases_of_a_studio() {
    let (_sandbox, prefix) = laid_out();
    for name in ["studio", "mutable-snapshot", "mutable-hydrate"] {
        assert!(prefix.join("bin").join(name).is_file(), "{name}");
        let page = prefix.join("share/man/man1").join(format!("{name}.1"));
        let page = std::fs::read_to_string(page).expect("a man page");
        assert!(page.contains(".TH"), "{page}");
        for completion in [
            format!("bash-completion/completions/{name}"),
            format!("zsh/site-functions/_{name}"),
            format!("fish/vendor_completions.d/{name}.fish"),
            format!("nushell/vendor/autoload/{name}.nu"),
        ] {
            let text = std::fs::read_to_string(prefix.join("share").join(&completion));
            assert!(text.is_ok_and(|text| text.contains(name)), "{completion}");
        }
    }
    let link = std::fs::read_link(prefix.join("share/man/man1/git-mutable-snapshot.1"));
    assert_eq!(link.expect("a link").to_str(), Some("mutable-snapshot.1"), "links are relative");
    // What completes `git NAME` is found where git looks for it, and is the same.
    for (link, file) in [
        (
            "bash-completion/completions/git-mutable-snapshot",
            "bash-completion/completions/mutable-snapshot",
        ),
        ("zsh/site-functions/_git-mutable-snapshot", "zsh/site-functions/_mutable-snapshot"),
        (
            "fish/vendor_conf.d/mutable-snapshot.fish",
            "fish/vendor_completions.d/mutable-snapshot.fish",
        ),
    ] {
        let [link, file] = [link, file].map(|path| std::fs::read(prefix.join("share").join(path)));
        assert_eq!(link.expect("it leads somewhere"), file.expect("a file"));
    }
    assert!(!prefix.join("bin/xtask").exists(), "the workshop does not ship");
    // git runs `git-NAME` on PATH before it looks for an alias, and a studio's tools are its aliases.
    for entry in prefix.join("bin").read_dir_utf8().expect("programs").flatten() {
        assert!(!entry.file_name().starts_with("git-"), "{}", entry.path());
    }
}

#[test]
fn the_aliases_run_the_programs_with_and_without_a_space() {
    let (sandbox, prefix) = laid_out();
    let file = prefix.join("share/studio/aliases.gitconfig");
    sandbox.run_words("", &["git", "config", "--global", "include.path", file.as_str()]).ok();
    // Not the ones on PATH.
    for line in ["git mutable-log -h", "git mutable log -h"] {
        let outcome = sandbox.sh("", &format!("PATH=/usr/bin:/bin; export PATH; {line}"));
        assert!(outcome.ok().contains("Usage: git mutable-log"), "{outcome}");
    }
    // In a studio its own come first, whatever the user includes.
    let studio = sandbox.studio("try");
    let own = sandbox.run(&studio, "git config alias.mutable-log").ok();
    assert!(own.starts_with('!') && !own.contains(prefix.as_str()), "{own}");
    let outcome = sandbox.run("", "git mutable");
    assert_ne!(outcome.code, Some(0));
    assert!(outcome.stderr.contains("which command?"), "{outcome}");
}

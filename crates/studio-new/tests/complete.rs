//! What shells offer: the names that exist on this machine, asked for as bash, zsh and fish ask, and by a real bash for
//! `git NAME`, too.

use camino::{Utf8Path, Utf8PathBuf};
use insta::assert_snapshot;
use testkit::{RealNix, Sandbox};

/// What fish would show where the last word is completed: a line each, the help behind a tab.
fn offered(sandbox: &Sandbox, dir: &Utf8Path, words: &[&str]) -> String {
    let program = words[0];
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let line = format!("STUDIO_COMPLETE=fish {program} -- {}", quoted.join(" "));
    let outcome = sandbox.sh(dir, &line);
    assert_eq!(outcome.stderr, "", "{outcome}");
    outcome.ok()
}

/// The values alone.
fn values(offered: &str) -> Vec<&str> {
    offered.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect()
}

/// A studio called `one` with a snapshot, and another one called `two`.
fn scene(sandbox: &Sandbox) -> (Utf8PathBuf, Utf8PathBuf) {
    sandbox.studio("two");
    let studio = sandbox.studio("one");
    sandbox.write(studio.join("news"), "new\n");
    let snapshot = sandbox.run_words(&studio, &["mutable-snapshot", "-m", "something new"]).ok();
    (studio, snapshot.into())
}

#[test]
fn names_of_this_machine_are_offered() {
    let sandbox = Sandbox::new();
    let (studio, snapshot) = scene(&sandbox);
    let id = &snapshot.file_name().expect("a name")[..12];
    let studios = offered(&sandbox, &studio, &["studio", "--remove", ""]);
    assert_eq!(values(&studios), ["one", "two"], "{studios}");
    for option in ["--pin", "--unpin", "--verify", "--repair"] {
        let snapshots = offered(&sandbox, "".into(), &["studio", option, ""]);
        assert_eq!(snapshots, format!("{id}\tsomething new"), "{option}");
    }
    let revisions = offered(&sandbox, &studio, &["mutable-hydrate", ""]);
    let revisions: Vec<&str> = revisions.lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(revisions[0], format!("{id}\tsomething new"));
    assert!(revisions.iter().any(|line| line.starts_with("main\t")), "{revisions:?}");
    assert!(revisions.iter().any(|line| line.starts_with("two:\t")), "{revisions:?}");
    let begun = offered(&sandbox, &studio, &["mutable-hydrate", &id[..5]]);
    assert_eq!(values(&begun), [id]);
    let kinds = offered(&sandbox, &studio, &["flake-switch", "--target", ""]);
    assert_eq!(values(&kinds), ["nixos", "home", "darwin", "profile"]);
}

#[test]
fn where_nothing_can_be_found_out_nothing_is_said() {
    let mut sandbox = Sandbox::new();
    for words in [
        ["studio", "--remove", ""],
        ["studio", "--pin", ""],
        ["flake-switch", "--host", ""],
        ["flake-build-vm", "--host", ""],
    ] {
        assert_eq!(offered(&sandbox, "".into(), &words), "", "{words:?}");
    }
    let options = offered(&sandbox, "".into(), &["flake-rollback", ""]);
    assert!(values(&options).iter().all(|value| value.starts_with('-')), "{options}");
    sandbox.set("HOME", "nowhere");
    assert_eq!(offered(&sandbox, "".into(), &["studio", "--remove", ""]), "");
}

/// Two machines and a home.
const FLAKE: &str = r#"{
  outputs = _: {
    nixosConfigurations = { tower = throw "not this"; "my laptop" = 1; };
    homeConfigurations.ada = 2;
  };
}
"#;

#[test]
fn hosts_are_those_of_the_flake() {
    let nix = RealNix::find();
    let sandbox = Sandbox::new().with_nix(&nix);
    let studio = sandbox.studio("one");
    sandbox.write(studio.join("flake.nix"), FLAKE);
    sandbox.sh(&studio, "git add -A; git commit -qm hosts").ok();
    let hosts = || offered(&sandbox, &studio, &["flake-switch", "--host", ""]);
    // Of the last commit, for as long as there is no snapshot.
    assert_eq!(values(&hosts()), ["my laptop", "tower"]);
    let homes = offered(&sandbox, &studio, &["flake-switch", "--target", "home", "--host", ""]);
    assert_eq!(homes, "ada\thome");
    sandbox.write(studio.join("flake.nix"), FLAKE.replace("tower", "lighthouse"));
    let snapshot: Utf8PathBuf = sandbox.run(&studio, "mutable-snapshot").ok().into();
    assert_eq!(values(&hosts()), ["lighthouse", "my laptop"]);
    let there = offered(&sandbox, &snapshot, &["flake-build-vm", "--host", "l"]);
    assert_eq!(values(&there), ["lighthouse"]);
    // The second time nobody is asked.
    let line = "STUDIO_NIX=false STUDIO_COMPLETE=fish flake-switch -- flake-switch --host ''";
    let said = sandbox.sh(&snapshot, line).ok();
    assert_eq!(values(&said), ["lighthouse", "my laptop"]);
}

/// What bash has after completing, a line each with its end marked.
const SHOW: &str = r#"printf '%s|\n' "${COMPREPLY[@]}""#;

/// Where git has its completion on Debian and on NixOS.
const OF_GIT: [&str; 2] = [
    "/usr/share/bash-completion/completions/git",
    "/run/current-system/sw/share/bash-completion/completions/git",
];

#[test]
fn bash_completes_the_command_and_what_git_calls_by_it() {
    let sandbox = Sandbox::new();
    let (studio, snapshot) = scene(&sandbox);
    let id = &snapshot.file_name().expect("a name")[..12];
    let direct = format!(
        "source <(studio --generate bash)
         COMP_TYPE=9 COMP_WORDS=(studio --pin '') COMP_CWORD=2
         _clap_complete_studio studio '' --pin
         {SHOW}"
    );
    let by_git = format!(
        "source <(mutable-hydrate --generate bash)
         words=(git -C . mutable-hydrate {}) cword=4 cur={}
         _git_mutable_hydrate
         {SHOW}",
        &id[..4],
        &id[..4]
    );
    let mut scripts = vec![(direct, format!("{id}|")), (by_git, format!("{id} |"))];
    // The whole way, where git's own completion is installed.
    if let Some(of_git) = OF_GIT.into_iter().find(|path| Utf8Path::new(path).is_file()) {
        let script = format!(
            "source {of_git}
             source <(mutable-hydrate --generate bash)
             COMP_TYPE=9 COMP_WORDS=(git mutable-hydrate {0}) COMP_CWORD=2
             COMP_LINE='git mutable-hydrate {0}' COMP_POINT=24
             __git_wrap__git_main
             {SHOW}",
            &id[..4]
        );
        scripts.push((script, format!("{id} |")));
    }
    for (script, wanted) in scripts {
        let outcome = sandbox.run_words(&studio, &["bash", "-c", &script]);
        assert_eq!(outcome.ok(), wanted);
    }
}

#[test]
fn each_shell_is_told_how_to_ask() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.run("", "flake-check --generate fish").ok(), @r#"
    complete --keep-order --exclusive --command flake-check --arguments "(STUDIO_COMPLETE=fish flake-check -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
    complete --command git --condition "__fish_git_using_command flake-check" --keep-order --no-files --arguments "(STUDIO_COMPLETE=fish flake-check -- (commandline --current-process --tokenize --cut-at-cursor)[2..] (commandline --current-token))"
    "#);
    let zsh = sandbox.run("", "flake-check --generate zsh").ok();
    let end = zsh.find("compdef _clap").unwrap_or_else(|| panic!("{zsh}"));
    assert!(zsh.starts_with("#compdef flake-check\n"), "{zsh}");
    assert_snapshot!(&zsh[end..], @r#"
    compdef _clap_dynamic_completer_flake_check flake-check

    if [[ $funcstack[1] == (_flake-check|_git-flake-check) ]]; then
        _clap_dynamic_completer_flake_check "$@"
    fi
    "#);
}

//! `studio` for the first time, on a terminal: the questions, what follows from the answers, and that nothing is half made
//! whenever it ends.

use crate::{TOOLS, hide, with_tools};
use insta::assert_snapshot;
use std::time::Duration;
use testkit::{End, Moments, RealNix, Sandbox, Terminal};

const WHERE: &str = "where is your flake?";
const DO_IT: &str = "do it? [Y/n]";

/// Starts the first `studio` on a wide terminal, so that no line is broken. Its machine is a folder: what this one is
/// must not matter.
fn begin(sandbox: &Sandbox, dir: &str) -> Terminal {
    let dir = sandbox.root().join(dir);
    let line = format!("studio --no-editor --color never --root {}/machine", sandbox.root());
    sandbox.start_on_terminal(dir, &line, (50, 400))
}

/// Waits until this is what is asked now: what is typed before that stands in front of the question.
fn wait(terminal: &mut Terminal, question: &str) {
    terminal.until_screen(|screen| {
        let last = screen.lines().last().unwrap_or_default();
        last.contains(question) && (last.ends_with(':') || last.ends_with("[Y/n]"))
    });
}

/// Types an answer and waits until it stands there, so that the same question is not taken for the next one.
fn answer(terminal: &mut Terminal, text: &str) {
    terminal.line(text);
    terminal.until_screen(|screen| screen.contains(text));
}

/// Answers each question when it comes; gives the exit status and what stands there in the end.
#[track_caller]
fn play(mut terminal: Terminal, answers: &[(&str, &str)]) -> (Option<i32>, String) {
    for (question, text) in answers {
        wait(&mut terminal, question);
        answer(&mut terminal, text);
    }
    let (code, said) = terminal.ends();
    (code, said.replace("\r\n", "\n"))
}

/// Everything below the home folder.
fn home(sandbox: &Sandbox) -> String {
    sandbox.sh("home", "find . | sort; cat .gitconfig").ok()
}

#[test]
fn a_flake_that_is_there_is_asked_for_once_and_remembered() {
    let _hidden = hide();
    let sandbox = with_tools(TOOLS);
    let upstream = sandbox.upstream();
    let answers = [(WHERE, "../nowhere"), (WHERE, upstream.as_str()), (DO_IT, "")];
    let (code, said) = play(begin(&sandbox, "home"), &answers);
    assert_eq!(code, Some(0), "{said}");
    assert_snapshot!(said, @"
    nothing is set up yet. A few questions: Enter takes what stands in brackets, Ctrl-C ends it, and nothing is changed before the last one.
    warning: `nix` was not found on PATH
             a studio can be made without it; to check, build and switch takes it
    hint: install Nix: https://nixos.org/download
    hint: if it is installed, open a new terminal, or set `STUDIO_NIX` to the program
    where is your flake? A URL that git clones, a folder, or `new` for a new one [new]: ../nowhere
    error: the upstream `../nowhere` is not there
      no such file or directory
    hint: give a URL that `git clone` takes, or the path of a repository
    where is your flake? A URL that git clones, a folder, or `new` for a new one [new]: [SANDBOX]/upstream.git
    this is what will be done:
      make the studio `main` of `[SANDBOX]/upstream.git`, in `[SANDBOX]/home/.local/share/studio/studios/main`
      remember where the flake is, in `[SANDBOX]/home/.config/studio/config.toml`
    do it? [Y/n] 
    getting `[SANDBOX]/upstream.git` ...
    made the studio `main` of `[SANDBOX]/upstream.git`, on the new branch `scratch/[ID]`
    remembered `[SANDBOX]/upstream.git` in `[SANDBOX]/home/.config/studio/config.toml`
    hint: work there, then look whether all is well: `git flake-check`
    ");
    assert_eq!(
        sandbox.read("home/.config/studio/config.toml"),
        format!("upstream = \"{upstream}\"\n")
    );
    let studio = sandbox.studio_home().join("studios/main");
    assert_eq!(sandbox.sh(&studio, "git ls-files flake.nix").ok(), "flake.nix");
    // Once it is known nobody is asked.
    let (code, said) = play(begin(&sandbox, "home"), &[]);
    assert_eq!(code, Some(0), "{said}");
}

const TWO_HOSTS: &str = "{
  outputs = _: {
    homeConfigurations.ada.activationPackage = throw \"it is not to be built\";
    homeConfigurations.\"eve@box\".activationPackage = throw \"it is not to be built\";
  };
}
";

#[test]
fn what_is_missing_is_mended_and_a_folder_with_a_flake_becomes_a_repository() {
    let _hidden = hide();
    let nix = RealNix::find();
    let mut sandbox = Sandbox::new().with_nix(&nix);
    let conf = "experimental-features =\nsandbox = false\nbuild-users-group =\n";
    sandbox.set("NIX_CONFIG", "");
    sandbox.write("nix/etc/nix/nix.conf", conf);
    sandbox.write("home/.gitconfig", "[init]\n\tdefaultBranch = main\n");
    sandbox.write("home/.config/nix/nix.conf", "# mine\nmax-jobs = 1");
    sandbox.write("home/mine/flake.nix", TWO_HOSTS);
    sandbox.write("home/mine/.gitignore", "result\n");
    sandbox.write("home/mine/result", "not this\n");
    sandbox.set("USER", "bob");
    let answers = [
        ("your name", "Ada"),
        ("your e-mail address", "ada@example.org"),
        ("turn them on", ""),
        (WHERE, ""),
        (DO_IT, "y"),
        ("ask nix which hosts", ""),
        ("which home is this machine's?", "mallory"),
        ("which home is this machine's?", "ada"),
    ];
    let (code, said) = play(begin(&sandbox, "home/mine"), &answers);
    assert_eq!(code, Some(0), "{said}");
    assert_snapshot!(said, @"
    nothing is set up yet. A few questions: Enter takes what stands in brackets, Ctrl-C ends it, and nothing is changed before the last one.
    warning: there is no `[SANDBOX]/nix/store` yet
    hint: make it, with a daemon where others use it, too: https://nixos.org/download
    git does not know your name. Without one, commits say `studio`.
    your name, or nothing: Ada
    your e-mail address, or nothing: ada@example.org
    flakes are off in Nix. The commands here turn them on for themselves; your own `nix` commands fail.
    turn them on, in `[SANDBOX]/home/.config/nix/nix.conf`? [Y/n] 
    where is your flake? A URL that git clones, a folder, or `new` for a new one [[SANDBOX]/home/mine]: 
    this is what will be done:
      tell git that you are `Ada <ada@example.org>`, in its global settings
      turn flakes on, in `[SANDBOX]/home/.config/nix/nix.conf`
      make `[SANDBOX]/home/mine` a git repository, with all that is in it as the first commit
      make the studio `main` of `[SANDBOX]/home/mine`, in `[SANDBOX]/home/.local/share/studio/studios/main`
      remember where the flake is, in `[SANDBOX]/home/.config/studio/config.toml`
    do it? [Y/n] y
    `[SANDBOX]/home/mine` is a git repository now
    getting `[SANDBOX]/home/mine` ...
    made the studio `main` of `[SANDBOX]/home/mine`, on the new branch `scratch/[ID]`
    remembered `[SANDBOX]/home/mine` in `[SANDBOX]/home/.config/studio/config.toml`
    ask nix which hosts the flake has? It evaluates the flake, and may fetch its inputs [Y/n] 
    the flake has `ada` and `eve@box`
    which home is this machine's? [ada]: mallory
    please answer one of `ada` and `eve@box`
    which home is this machine's? [ada]: ada
    remembered that in `[SANDBOX]/home/.config/studio/config.toml`
    hint: work there, then look whether all is well: `git flake-check`
    ");
    assert_snapshot!(sandbox.read("home/.gitconfig"), @"
    [init]
    	defaultBranch = main
    [user]
    	name = Ada
    	email = ada@example.org
    ");
    assert_snapshot!(sandbox.read("home/.config/nix/nix.conf"), @"
    # mine
    max-jobs = 1
    extra-experimental-features = nix-command flakes
    ");
    assert_snapshot!(sandbox.read("home/.config/studio/config.toml"), @r#"
    upstream = "[SANDBOX]/home/mine"
    target = "home"
    host = "ada"
    "#);
    let log = "git log --format='%an <%ae> %s' --name-only; git status --short; ls -A";
    assert_snapshot!(sandbox.sh("home/mine", log), @"
    Ada <ada@example.org> the flake as it was

    .gitignore
    flake.nix
    .git
    .gitignore
    flake.nix
    result
    ");
    // Flakes are on for the user's own commands, and the doctor sees it.
    sandbox.run("home/mine", "nix flake metadata").ok();
}

#[test]
fn a_new_flake_is_made_of_a_template_with_its_first_commit() {
    let _hidden = hide();
    let sandbox = with_tools(TOOLS);
    sandbox.write("home/taken/x", "");
    let answers = [
        (WHERE, "new"),
        ("what is it for?", "home"),
        ("in which folder?", "~/taken"),
        ("in which folder?", "~/my/flake"),
        ("the name of the user [ada]", ""),
        (DO_IT, ""),
    ];
    let (code, said) = play(begin(&sandbox, "home"), &answers);
    assert_eq!(code, Some(0), "{said}");
    assert_snapshot!(said, @"
    nothing is set up yet. A few questions: Enter takes what stands in brackets, Ctrl-C ends it, and nothing is changed before the last one.
    warning: `nix` was not found on PATH
             a studio can be made without it; to check, build and switch takes it
    hint: install Nix: https://nixos.org/download
    hint: if it is installed, open a new terminal, or set `STUDIO_NIX` to the program
    where is your flake? A URL that git clones, a folder, or `new` for a new one [new]: new
    what is it for? `home`: a home directory, by home-manager; `nixos`: a new NixOS machine [home]: home
    in which folder? It is made [[SANDBOX]/home/flake]: ~/taken
    there is something at `[SANDBOX]/home/taken` already; choose another one
    in which folder? It is made [[SANDBOX]/home/flake]: ~/my/flake
    the name of the user [ada]: 
    this is what will be done:
      make a flake in `[SANDBOX]/home/my/flake` from the template `home`, as a git repository
      make the studio `main` of `[SANDBOX]/home/my/flake`, in `[SANDBOX]/home/.local/share/studio/studios/main`
      remember where the flake is, in `[SANDBOX]/home/.config/studio/config.toml`
    do it? [Y/n] 
    made the flake `[SANDBOX]/home/my/flake`
    getting `[SANDBOX]/home/my/flake` ...
    made the studio `main` of `[SANDBOX]/home/my/flake`, on the new branch `scratch/[ID]`
    remembered `[SANDBOX]/home/my/flake` in `[SANDBOX]/home/.config/studio/config.toml`
    hint: the inputs of the new flake are not locked yet: `nix flake lock` in the studio
    hint: work there, then look whether all is well: `git flake-check`
    ");
    let look = "git log --format='%an %s' --name-only; git status --short; cat studio.toml";
    assert_snapshot!(sandbox.sh("home/my/flake", look), @r#"
    Ada flake: the template `home`

    flake.nix
    home.nix
    studio.toml
    # What `git flake-switch` and its like work on.
    target = "home"
    host = "ada"
    "#);
    assert!(sandbox.read("home/my/flake/home.nix").contains("user = \"ada\";"));
    assert_eq!(sandbox.sh("home/my", "ls -A").ok(), "flake");
    // A host takes a key, and nobody goes on without one.
    let sandbox = with_tools(TOOLS);
    let answers = [
        (WHERE, "new"),
        ("what is it for?", "nixos"),
        ("in which folder?", ""),
        ("the name of the user", ""),
        ("the name of the host", "a b"),
        ("the name of the host", "box"),
        ("the public ssh key", ""),
        ("the public ssh key", "ssh-ed25519 AAAA \"ada\" ${box}"),
        (DO_IT, ""),
    ];
    let (code, said) = play(begin(&sandbox, "home"), &answers);
    assert_eq!(code, Some(0), "{said}");
    let flake = sandbox.read("home/flake/configuration.nix");
    assert!(flake.contains(r#"keys = [ "ssh-ed25519 AAAA \"ada\" \${box}" ];"#), "{flake}");
    let settings = sandbox.read("home/flake/studio.toml");
    assert!(settings.ends_with("\ntarget = \"nixos\"\nhost = \"box\"\n"), "{settings}");
}

#[test]
fn a_machine_whose_configuration_is_in_no_flake_is_taken_over_as_it_is() {
    let _hidden = hide();
    let nix = RealNix::find();
    let sandbox = Sandbox::new().with_nix(&nix);
    sandbox.sh("", "mkdir -p nix/store").ok();
    sandbox.write("machine/etc/NIXOS", "");
    sandbox.write("machine/run/current-system/nixos-version", "25.05.20250601.abcdef0 (Warbler)");
    let configuration = "{ lib, pkgs, ... }:\n{\n  imports = [ ./hardware-configuration.nix ];\n  networking.hostName = \"box\";\n}\n";
    sandbox.write("machine/etc/nixos/configuration.nix", configuration);
    sandbox.write(
        "machine/etc/nixos/hardware-configuration.nix",
        "{ ... }:\n{ boot.loader.x = true; }\n",
    );
    sandbox.write("machine/etc/nixos/scripts/hello", "#!/bin/sh\n");
    sandbox.sh("machine/etc/nixos", "chmod +x scripts/hello; ln -s /nowhere secret").ok();
    let before = sandbox.picture("machine");
    let answers = [
        (WHERE, "new"),
        ("what is it for?", ""),
        ("in which folder?", ""),
        ("the name of the host", "box"),
        ("the flake of its nixpkgs [github:NixOS/nixpkgs/nixos-25.05]", ""),
        (DO_IT, ""),
    ];
    let (code, said) = play(begin(&sandbox, "home"), &answers);
    assert_eq!(code, Some(0), "{said}");
    let (_, done) = said.split_once("this is what will be done:\n  ").expect("the plan");
    assert_snapshot!(done, @"
    make a flake in `[SANDBOX]/home/flake` from what is in `[SANDBOX]/machine/etc/nixos`, as a git repository
      make the studio `main` of `[SANDBOX]/home/flake`, in `[SANDBOX]/home/.local/share/studio/studios/main`
      remember where the flake is, in `[SANDBOX]/home/.config/studio/config.toml`
    do it? [Y/n] 
    warning: `[SANDBOX]/machine/etc/nixos/secret` is not taken over: it is a link, or may not be read by you
    made the flake `[SANDBOX]/home/flake`
    getting `[SANDBOX]/home/flake` ...
    made the studio `main` of `[SANDBOX]/home/flake`, on the new branch `scratch/[ID]`
    remembered `[SANDBOX]/home/flake` in `[SANDBOX]/home/.config/studio/config.toml`
    hint: the inputs of the new flake are not locked yet: `nix flake lock` in the studio
    hint: work there, then look whether all is well: `git flake-check`
    ");
    assert_eq!(sandbox.picture("machine"), before);
    let look =
        "git log --format=%s --name-only; git status --short; test -x scripts/hello; cat flake.nix";
    assert_snapshot!(sandbox.sh("home/flake", look), @r#"
    flake: what is in `[SANDBOX]/machine/etc/nixos`

    configuration.nix
    flake.nix
    hardware-configuration.nix
    scripts/hello
    studio.toml
    {
      description = "the NixOS machine box";

      inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.05";

      outputs =
        { self, nixpkgs }:
        {
          nixosConfigurations.box = nixpkgs.lib.nixosSystem {
            modules = [
              ./configuration.nix
              { nixpkgs.hostPlatform = "[SYSTEM]"; }
            ];
          };
        };
    }
    "#);
    assert_eq!(sandbox.read("home/flake/configuration.nix"), configuration);
    // Nix takes it, with what stands in for nixpkgs in the tests of the generator.
    let nixpkgs =
        concat!("path:", env!("CARGO_MANIFEST_DIR"), "/../flake-template-generator/tests/nixpkgs");
    let attribute = ".#nixosConfigurations.box.config";
    let apply = "c: \"${c.networking.hostName} on ${c.nixpkgs.hostPlatform}, ${builtins.toJSON c.boot.loader}\"";
    let words = ["nix", "eval", "--raw", attribute, "--apply", apply, "--no-write-lock-file"];
    let words = [&words[..], &["--override-input", "nixpkgs", nixpkgs]].concat();
    assert_snapshot!(sandbox.run_words("home/flake", &words).ok(), @r#"box on [SYSTEM], {"x":true}"#);
}

#[test]
fn whoever_ends_it_at_a_question_has_everything_as_it_was() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.gitconfig", "[init]\n\tdefaultBranch = main\n");
    let before = home(&sandbox);
    let answers = [
        ("your name", "Ada"),
        ("your e-mail address", "ada@example.org"),
        (WHERE, "new"),
        ("what is it for?", "home"),
        ("in which folder?", ""),
        ("the name of the user", ""),
        (DO_IT, "n"),
    ];
    for end in 0..answers.len() {
        let mut terminal = begin(&sandbox, "home");
        for (question, text) in &answers[..end] {
            wait(&mut terminal, question);
            answer(&mut terminal, text);
        }
        wait(&mut terminal, answers[end].0);
        // Ctrl-C is this signal; then the terminal is gone, too.
        let mut child = terminal.hang_up();
        let _ = sandbox.sh("", &format!("kill -INT {} || true", child.id()));
        let status = child.wait().expect("it ends");
        assert!(!status.success(), "{}: {status}", answers[end].0);
        assert_eq!(home(&sandbox), before, "{}", answers[end].0);
    }
    let (code, said) = play(begin(&sandbox, "home"), &answers);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.ends_with("error: nothing was changed, as you said\n"), "{said}");
    assert_eq!(home(&sandbox), before);
}

#[test]
fn killed_while_it_makes_a_flake_there_is_a_whole_one_or_none_and_the_next_run_goes_on() {
    let mut moments = Moments::within(Duration::from_millis(400));
    let mut killed = 0;
    for _ in 0..testkit::rounds(8, 60) {
        let sandbox = Sandbox::new();
        let new = [(WHERE, "new"), ("what is it for?", "home"), ("in which folder?", "")];
        let rest = [("the name of the user", ""), (DO_IT, "")];
        let mut terminal = begin(&sandbox, "home");
        for (question, text) in new.iter().chain(&rest) {
            wait(&mut terminal, question);
            answer(&mut terminal, text);
        }
        std::thread::sleep(moments.draw());
        let mut child = terminal.hang_up();
        let ended = child.try_wait().expect("ours").is_some();
        child.kill().expect("killed");
        child.wait().expect("it ends");
        // What it started goes on for a moment.
        let at_work = format!("ls -l /proc/[0-9]*/cwd 2>/dev/null | grep -qF {}", sandbox.root());
        sandbox.sh("/", &format!("while {at_work}; do sleep 0.02; done")).ok();
        killed += u32::from(moments.learn(if ended { End::Done } else { End::Killed }));
        let whole = "git -C flake fsck --strict --no-dangling; git -C flake status --porcelain; ls flake/studio.toml";
        let flake = sandbox.home().join("flake");
        if flake.exists() {
            assert_eq!(sandbox.sh("home", whole).ok(), "flake/studio.toml");
        }
        // The next run: the same answers, or the flake that is there now. With a studio nobody is asked.
        if !sandbox.studio_home().join("studios/main").exists() {
            let there = [(WHERE, flake.as_str()), (DO_IT, "")];
            let answers = if flake.exists() { there.to_vec() } else { [&new[..], &rest].concat() };
            let (code, said) = play(begin(&sandbox, "home"), &answers);
            assert_eq!(code, Some(0), "{said}");
        }
        assert_eq!(sandbox.sh("home", whole).ok(), "flake/studio.toml");
        let studio = sandbox.studio_home().join("studios/main");
        assert_eq!(sandbox.run(&studio, "git fsck --strict --no-dangling").ok(), "");
        assert_eq!(sandbox.sh("home", "ls -d .tmp-* 2>/dev/null || true").ok(), "");
    }
    assert!(killed > 0, "none was killed at work");
}

#[test]
fn a_git_configuration_that_cannot_be_written_is_told_before_anything_else_is_done() {
    let sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    // As home-manager has it: a link to a file on a file system that is read-only.
    sandbox.write(
        "run",
        "mount -t tmpfs tmpfs store; cp config store/config; mount -o remount,ro store
         cd home; exec studio --no-editor --color never --root ../machine",
    );
    let script = "mkdir store; printf '[init]\\n\\tdefaultBranch = main\\n' >config
        rm home/.gitconfig; ln -s $PWD/store/config home/.gitconfig";
    sandbox.sh("", script).ok();
    let line = "/usr/bin/unshare --user --map-root-user --mount sh -eu run";
    let terminal = sandbox.start_on_terminal(sandbox.root(), line, (50, 400));
    let answers = [
        ("your name", "Ada"),
        ("your e-mail address", "ada@example.org"),
        (WHERE, upstream.as_str()),
        (DO_IT, ""),
    ];
    let (code, said) = play(terminal, &answers);
    assert_eq!(code, Some(1), "{said}");
    let (_, error) = said.split_once("error: ").expect("an error");
    insta::with_settings!({ filters => testkit::filters() }, {
        assert_snapshot!(error, @"
        `user.name` could not be set in your git configuration
          error: could not lock config file [SANDBOX]/home/.gitconfig: Read-only file system
        hint: look at which file it is: `git config --global --list --show-origin`
        hint: or leave it: without a name, commits say `studio`
        ");
    });
    assert!(!sandbox.studio_home().join("studios").exists(), "{said}");
    assert!(!sandbox.home().join(".config/studio").exists(), "{said}");
}

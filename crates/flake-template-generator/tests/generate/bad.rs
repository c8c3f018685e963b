//! What is wrong is told, all of it, and nothing is written.

use crate::sandbox_without_nix;
use testkit::Outcome;

const WORDS: [&str; 7] = [
    "flake-template-generator",
    "--config-path",
    "config.toml",
    "--output-dir",
    "out",
    "--template",
    "mine",
];

/// Runs the command on a template of one file, and sees that nothing was written.
fn refused(template: &str, config: &str, more: &[&str]) -> Outcome {
    let sandbox = sandbox_without_nix();
    sandbox.write("work/mine.nix", template);
    sandbox.write("work/config.toml", config);
    let words = [&WORDS[..6], &["mine.nix"], more].concat();
    let outcome = sandbox.run_words("work", &words);
    assert_eq!(sandbox.sh("work", "ls -A").ok(), "config.toml\nmine.nix");
    outcome
}

#[test]
fn all_problems_of_a_template_are_told_at_once() {
    let template = "{\n  description = \"@nix.nixpkgs_pth@\";\n  outputs = _: {\n    a = @nmae@;\n    b = ./@name@;\n    c = \
                    @rust.version@ + \"@system\";\n  };\n}\n";
    let outcome =
        refused(template, "[nix]\nnixpkgs_path = \"x\"\n", &["--set", "sytems=a", "--set", "z=1"]);
    insta::assert_snapshot!(outcome.fails(2), @r#"
    ------- stderr -------
    error: 7 problems with the template `mine.nix`; nothing was written
      mine.nix:2:18: `config.toml` has no `nix.nixpkgs_pth` (did you mean `nix.nixpkgs_path`?); add it there, or give `--set nix.nixpkgs_pth=TEXT`
          description = "@nix.nixpkgs_pth@";
                         ^
      mine.nix:4:9: unknown placeholder `nmae` (did you mean `name`?)
            a = @nmae@;
                ^
      mine.nix:5:11: `@name@` stands in a path, where nothing can be quoted; write `(./. + "/@name@")`
            b = ./@name@;
                  ^
      mine.nix:6:9: `config.toml` has no `rust.version`; add it there, or give `--set rust.version=TEXT`
            c = @rust.version@ + "@system";
                ^
      mine.nix:6:27: the placeholder `@system` has no end; write `@system@`
            c = @rust.version@ + "@system";
                                  ^
      `--set sytems`: no placeholder has this name
      `--set z`: no placeholder has this name
    [exit status: 2]
    "#);
}

#[test]
fn a_config_that_is_not_toml_is_shown_where_it_is_wrong() {
    insta::assert_snapshot!(refused("{ }", "[nix]\na = = 1\n", &[]).fails(1), @r"
    ------- stderr -------
    error: `config.toml` is not TOML
      config.toml:2:5: extra `=`, expected nothing
        a = = 1
            ^
    [exit status: 1]
    ");
    let sandbox = sandbox_without_nix();
    sandbox.write("work/config.toml", b"a = \"\xff\"\n");
    insta::assert_snapshot!(sandbox.run_words("work", &WORDS[..5]).fails(1), @r"
    ------- stderr -------
    error: `config.toml` is not TOML
      it is not UTF-8 from byte 5 on
    [exit status: 1]
    ");
    sandbox.sh("work", "rm config.toml").ok();
    insta::assert_snapshot!(sandbox.run_words("work", &WORDS[..5]).fails(1), @r"
    ------- stderr -------
    error: cannot read `[SANDBOX]/work/config.toml`
      no such file or directory
    [exit status: 1]
    ");
}

#[test]
fn a_template_that_is_no_nix_is_shown_where_it_is_wrong() {
    let outcome = refused("{\n  outputs = _: { a = @name@; b = };\n}\n", "", &[]);
    insta::assert_snapshot!(outcome.fails(2), @r"
    ------- stderr -------
    error: 2 problems with the template `mine.nix`; nothing was written
      mine.nix:2:34: `}` is unexpected, wanted an expression
          outputs = _: { a = @name@; b = };
                                         ^
      mine.nix:3:2: the file ends too early, wanted `;`
        }
         ^
    [exit status: 2]
    ");
}

#[test]
fn a_template_that_is_not_there_is_answered_with_those_that_are() {
    let sandbox = sandbox_without_nix();
    sandbox.write("work/own/x", "");
    let run = |template: &str| {
        sandbox.run("work", &format!("flake-template-generator --output-dir out -t {template}"))
    };
    insta::assert_snapshot!(run("sed").fails(2), @r"
    ------- stderr -------
    error: there is no template `sed`
    hint: did you mean `seed`?
    [exit status: 2]
    ");
    insta::assert_snapshot!(run("own").fails(2), @r"
    ------- stderr -------
    error: there is no template `own`
    hint: see them all: `flake-template-generator --list-templates`
    hint: for the one that lies here, give `./own`
    [exit status: 2]
    ");
    insta::assert_snapshot!(run("./own").fails(1), @r"
    ------- stderr -------
    error: the template `./own` has no `flake.nix`
    hint: give a file that becomes one, or a folder that has one
    [exit status: 1]
    ");
    insta::assert_snapshot!(run("./nowhere").fails(1), @r"
    ------- stderr -------
    error: cannot read the template `./nowhere`
      no such file or directory
    [exit status: 1]
    ");
    sandbox.write("work/own/flake.nix", "{ outputs = _: { }; }");
    sandbox.write("work/own/template.toml", "abuot = \"x\"\n");
    insta::assert_snapshot!(run("./own").fails(1), @r"
    ------- stderr -------
    error: `./own/template.toml` cannot be used
      `abuot` is not known there
    hint: it has `about`, `needs_config` and `[placeholders]`
    [exit status: 1]
    ");
    sandbox.sh("work/own", "rm template.toml && ln -s x y").ok();
    insta::assert_snapshot!(run("./own").fails(1), @r"
    ------- stderr -------
    error: `./own/y` is a symbolic link
    hint: put the file itself into the template
    [exit status: 1]
    ");
    assert_eq!(sandbox.sh("work", "ls").ok(), "config.toml\nown");
}

#[test]
fn wrong_command_lines_are_answered() {
    let sandbox = sandbox_without_nix();
    let run = |words: &str| {
        let line = format!("flake-template-generator --output-dir out {words}");
        sandbox.run("work", line.trim_end())
    };
    insta::assert_snapshot!(run("--set name").fails(2), @r"
    ------- stderr -------
    error: `--set name` has no `=`
    hint: write `--set name=TEXT`
    [exit status: 2]
    ");
    insta::assert_snapshot!(run("--set a=1 --set a=2").fails(2), @r"
    ------- stderr -------
    error: `--set a` is there twice
    hint: a list takes its words together: `--set KEY='ONE TWO'`
    [exit status: 2]
    ");
    insta::assert_snapshot!(run("--integrate flake.nix --input-name in").fails(2), @r"
    ------- stderr -------
    error: `in` cannot be the name of an input
      it is bound in Nix: letters, digits, `_`, `-` and `'`, and no keyword
    [exit status: 2]
    ");
    insta::assert_snapshot!(run("--component a --arch b --phase c --step ../d").fails(2), @r"
    ------- stderr -------
    error: invalid value '../d' for '--step <NAME>': `../d` cannot be the name of a branch: it starts with a dot

    For more information, try '--help'.
    [exit status: 2]
    ");
    insta::assert_snapshot!(run("").fails(2), @r"
    ------- stderr -------
    error: the template `seed` is made of a config
    hint: give it: `--config-path FILE`
    [exit status: 2]
    ");
    assert_eq!(run("--component a").fails(2).code, Some(2));
    // A template that needs more than it was given.
    insta::assert_snapshot!(run("--template nixos --set host_name=box").fails(2), @r"
    ------- stderr -------
    error: 2 problems with the template `nixos`; nothing was written
      nixos/configuration.nix:10:15: `user` has no value (who may log in and become root); give it: `--set user=TEXT`
          users.users.@user@ = {
                      ^
      nixos/configuration.nix:13:37: `ssh_key` has no value (the public key of this user, one line); give it: `--set ssh_key=TEXT`
            openssh.authorizedKeys.keys = [ @ssh_key@ ];
                                            ^
    [exit status: 2]
    ");
    assert_eq!(sandbox.sh("work", "ls").ok(), "config.toml");
}

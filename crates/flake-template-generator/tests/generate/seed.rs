//! The seed: a config becomes a package, and is in it what it was, to the byte.

use crate::{SEED, sandbox};

#[test]
fn the_config_is_in_the_package_byte_for_byte() {
    let sandbox = sandbox();
    let long: String = (0..4000)
        .map(|n| format!("line {n}: \"quoted\" $HOME `id` ${{x}} '' \\\\ \t ä🦀\n"))
        .collect();
    assert!(long.len() > 200_000, "{}", long.len());
    let configs = [
        "",
        "# nothing but a comment, and no line break at the end",
        "a = 1\r\nb = \"x\"\r\n",
        "\u{feff}a = 1\n",
        "path = \"/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x\"\n",
        "a = '''\n$HOME `id` \"$(id)\" ${builtins.abort \"x\"} '' ''' # @name@ @nix.nixpkgs_path@\n",
        "\n\n\n",
        &format!("long = '''{long}'''"),
    ];
    for config in configs {
        sandbox.write("work/config.toml", config);
        let out = sandbox.run("work", SEED).ok();
        assert_eq!(out, sandbox.root().join("work/out").as_str());
        sandbox.sh("work/out", "nix build .#default && cmp result/config.toml config.toml && cmp config.toml ../config.toml").ok();
    }
    // `result` is Nix's, and no reason to refuse; what follows from it is nothing.
    let again = sandbox.run("work", SEED);
    assert_eq!(again.stderr, "`out` is as it should be\n");
    let shown =
        sandbox.run("work/out", "nix eval --json .#packages --apply builtins.attrNames").ok();
    assert_eq!(shown, r#"["aarch64-darwin","aarch64-linux","x86_64-darwin","x86_64-linux"]"#);
    // Another system's package is made here as well.
    sandbox.sh("work/out", "nix build .#packages.aarch64-darwin.default -o other && cmp other/config.toml config.toml").ok();
    sandbox.sh("work/out", "nix flake check --all-systems").ok();
}

#[test]
fn the_config_can_be_read_while_evaluating() {
    let sandbox = sandbox();
    sandbox
        .write("work/config.toml", "[nix]\nnixpkgs_path = \"x\"\n[rust]\nchannel = \"stable\"\n");
    let line = format!("{SEED} --system x86_64-linux --set description=mine");
    sandbox.run("work", &line).ok();
    let config = sandbox.run("work/out", "nix eval --json .#lib.config").ok();
    assert_eq!(config, r#"{"nix":{"nixpkgs_path":"x"},"rust":{"channel":"stable"}}"#);
    let flake = sandbox.run("work/out", "nix flake metadata --json").ok();
    let flake: serde_json::Value = serde_json::from_str(&flake).expect("JSON");
    assert_eq!(flake["description"], "mine");
    let systems =
        sandbox.run("work/out", "nix eval --json .#packages --apply builtins.attrNames").ok();
    assert_eq!(systems, r#"["x86_64-linux"]"#);
}

#[test]
fn names_that_are_no_identifiers_are_quoted() {
    let sandbox = sandbox();
    sandbox.write("work/mine.nix", "{\n  outputs = _: {\n    @name@.@a.in@ = @a@;\n  };\n}\n");
    sandbox.write(
        "work/config.toml",
        "[a]\nin = \"let\"\n\"x y\" = [1, 2.5, true, { b = 1979-05-27 }]\n",
    );
    let words = [
        "flake-template-generator",
        "--config-path",
        "config.toml",
        "--output-dir",
        "if",
        "--template",
        "mine.nix",
    ];
    sandbox.run_words("work", &words).ok();
    insta::assert_snapshot!(sandbox.read("work/if/flake.nix"), @r#"
    {
      outputs = _: {
        "if"."let" = { "in" = "let"; "x y" = [ 1 2.5 true { b = "1979-05-27"; } ]; };
      };
    }
    "#);
    let value = sandbox.run("work/if", "nix eval --json .#if.let").ok();
    assert_eq!(value, r#"{"in":"let","x y":[1,2.5,true,{"b":"1979-05-27"}]}"#);
}

#[test]
fn a_step_of_a_component_has_a_branch() {
    let sandbox = sandbox();
    sandbox.write("work/mine.nix", "{ description = \"@branch@\"; outputs = _: { }; }\n");
    let line = "flake-template-generator --output-dir out --template mine.nix --component solana --arch aarch64 --phase \
                phase0 --step step1";
    let done = sandbox.run("work", line);
    insta::assert_snapshot!(done, @r"
    [SANDBOX]/work/out
    ------- stderr -------
    the branch of this step: `feature/solana/aarch64/phase0/step1`
    wrote `out`: 1 change
    ");
    assert_eq!(
        sandbox.read("work/out/flake.nix"),
        "{ description = \"feature/solana/aarch64/phase0/step1\"; outputs = _: { }; }\n"
    );
}

#[test]
fn as_an_alias_of_git_it_works_where_the_user_stands() {
    let sandbox = sandbox();
    sandbox.sh("work", "git init -q && git config alias.generate '!flake-template-generator' && mkdir sub && mv config.toml sub").ok();
    let out =
        sandbox.run("work/sub", "git generate -q --config-path config.toml --output-dir out").ok();
    assert_eq!(out, sandbox.root().join("work/sub/out").as_str());
    assert_eq!(
        sandbox.sh("work/sub", "ls . out").ok(),
        ".:\nconfig.toml\nout\n\nout:\nconfig.toml\nflake.nix"
    );
}

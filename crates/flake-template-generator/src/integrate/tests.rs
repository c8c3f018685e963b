//! Flakes as people write them, before and after.

use super::*;

fn input() -> Input {
    Input { name: "configFlake".to_owned(), url: "path:./generated/seed".to_owned() }
}

#[track_caller]
fn becomes(before: &str, after: &str) {
    let new = integrate("flake.nix", before, &input()).expect("integrated");
    assert_eq!(new, after);
    assert_eq!(integrate("flake.nix", &new, &input()).expect("integrated"), new, "a second time");
}

#[test]
fn it_stands_beside_other_inputs_and_everything_else_stays() {
    becomes(
        "{\n  inputs = {\n    nixpkgs.url = \"x\"; # the best\n    /* odd */\n  };\n\n  outputs = { self, nixpkgs }: { };\n}\n",
        "{\n  inputs = {\n    nixpkgs.url = \"x\"; # the best\n    configFlake.url = \"path:./generated/seed\";\n    /* odd */\n  };\n\n  \
         outputs = { self, nixpkgs, configFlake }: { };\n}\n",
    );
    becomes(
        "{\n  inputs.a.url = \"x\";\n  inputs.b = {\n    url = \"y\";\n  };\n  outputs = inputs: { };\n}\n",
        "{\n  inputs.a.url = \"x\";\n  inputs.b = {\n    url = \"y\";\n  };\n  inputs.configFlake.url = \"path:./generated/seed\";\n  \
         outputs = inputs: { };\n}\n",
    );
    becomes(
        "# mine\n{\n  description = \"d\";\n\n  outputs = { self }: { };\n}\n",
        "# mine\n{\n  description = \"d\";\n\n  inputs.configFlake.url = \"path:./generated/seed\";\n\n  \
         outputs = { self, configFlake }: { };\n}\n",
    );
    becomes(
        "{\n  description = \"d\"; # short\n\n  # What it gives.\n  outputs = { self }: { };\n}\n",
        "{\n  description = \"d\"; # short\n\n  inputs.configFlake.url = \"path:./generated/seed\";\n\n  # What it gives.\n  \
         outputs = { self, configFlake }: { };\n}\n",
    );
    becomes(
        "{\n  outputs = { self }: { };\n}\n",
        "{\n  inputs.configFlake.url = \"path:./generated/seed\";\n\n  outputs = { self, configFlake }: { };\n}\n",
    );
    becomes(
        "{ outputs = { self, ... }: { }; }",
        "{ inputs.configFlake.url = \"path:./generated/seed\"; outputs = { self, configFlake, ... }: { }; }",
    );
    becomes(
        "{ inputs = { a.url = \"x\"; }; outputs = { self, a }: { }; }",
        "{ inputs = { a.url = \"x\"; configFlake.url = \"path:./generated/seed\"; }; \
         outputs = { self, a, configFlake }: { }; }",
    );
    becomes(
        "{\n  inputs = { };\n  outputs = { ... }@inputs: { };\n}",
        "{\n  inputs = { configFlake.url = \"path:./generated/seed\"; };\n  outputs = { configFlake, ... }@inputs: { };\n}",
    );
    becomes(
        "{\n  inputs = {\n    # none\n  };\n  outputs = {}: { };\n}",
        "{\n  inputs = {\n    # none\n    configFlake.url = \"path:./generated/seed\";\n  };\n  outputs = { configFlake }: { };\n}",
    );
}

#[test]
fn arguments_on_lines_of_their_own_get_one_more_line() {
    let head = "{\n  inputs.configFlake.url = \"path:./generated/seed\";\n";
    becomes(
        &format!(
            "{head}  outputs =\n    {{\n      self,\n      nixpkgs, # pinned\n      ...\n    }}@inputs:\n    {{ }};\n}}"
        ),
        &format!(
            "{head}  outputs =\n    {{\n      self,\n      nixpkgs,\n      configFlake, # pinned\n      ...\n    }}@inputs:\n    {{ }};\n}}"
        ),
    );
    becomes(
        &format!("{head}  outputs =\n    {{\n      self,\n      nixpkgs,\n    }}:\n    {{ }};\n}}"),
        &format!(
            "{head}  outputs =\n    {{\n      self,\n      nixpkgs,\n      configFlake,\n    }}:\n    {{ }};\n}}"
        ),
    );
    becomes(
        &format!("{head}  outputs =\n    {{ self\n    , nixpkgs\n    }}: {{ }};\n}}"),
        &format!(
            "{head}  outputs =\n    {{ self\n    , nixpkgs\n    , configFlake\n    }}: {{ }};\n}}"
        ),
    );
    becomes(
        &format!("{head}  outputs = ({{ self }}: {{ }});\n}}"),
        &format!("{head}  outputs = ({{ self, configFlake }}: {{ }});\n}}"),
    );
}

#[test]
fn a_folder_that_moved_is_followed_and_a_foreign_input_is_left() {
    let flake = |url: &str| {
        format!("{{ inputs.configFlake = {{ url = {url}; }}; outputs = inputs: {{ }}; }}")
    };
    becomes(&flake("\"path:./old\""), &flake("\"path:./generated/seed\""));
    becomes(&flake("\"./old\""), &flake("\"path:./generated/seed\""));
    let error = integrate("flake.nix", &flake("\"github:a/b\""), &input()).expect_err("foreign");
    assert!(
        error.causes()[0].contains("choose another name by `--input-name`"),
        "{:?}",
        error.causes()
    );
}

#[test]
fn what_cannot_be_edited_is_said_with_what_to_type() {
    for (flake, message) in [
        (
            "{ outputs = import ./outputs.nix; }",
            "flake.nix:1:3: `outputs` is not written here as a function",
        ),
        (
            "{ inputs = import ./i.nix; outputs = a: a; }",
            "flake.nix:1:3: the inputs are not written here as `{ … }`",
        ),
        ("{ inputs = { }; }", "flake.nix:1:1: it has no `outputs`"),
        (
            "let a = 1; in { }",
            "flake.nix:1:1: a flake is an attribute set `{ … }`, and this is none",
        ),
        ("{ outputs = ; }", "flake.nix:1:13: `;` is unexpected, wanted an expression"),
    ] {
        let error = integrate("flake.nix", flake, &input()).expect_err(flake);
        assert!(error.causes()[0].starts_with(message), "{:?}", error.causes());
    }
    let error =
        integrate("flake.nix", "{ outputs = import ./x; }", &input()).expect_err("no function");
    assert_eq!(
        error.hints()[0],
        "add it by hand, among the inputs: `inputs.configFlake.url = \"path:./generated/seed\";`"
    );
}

//! Whatever is written means the same in Rust and in Nix: a real one reads it by `builtins.fromTOML`.

use crate::scene::scene;
use serde_json::{Value, json};
use testkit::{Dice, RealNix, Sandbox, rounds};

/// The keys that hold any text, as flags, with where they go.
const TEXTS: [(&str, &str, &str); 8] = [
    ("nixpkgs-path", "nix", "nixpkgs_path"),
    ("rust-src-flake-ref", "nix", "rust_src_flake_ref"),
    ("cargo-path", "rust", "cargo"),
    ("build-dir", "build", "build-dir"),
    ("home-dir", "env", "HOME"),
    ("install-prefix", "install", "prefix"),
    ("dist-sign-folder", "dist", "sign-folder"),
    ("change-id", "change-id", "id"),
];

/// What has broken escapers before.
const HARD: [&str; 24] = [
    "\"",
    "\\",
    "'",
    "''",
    "'''",
    "\"\"\"",
    "${x}",
    "''${x}",
    "\\${x}",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{1}",
    "\u{8}\u{c}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "日本",
    "😀\u{10ffff}",
    "# = [x] {y}",
];

/// What Nix reads in `config.toml`.
fn read_by_nix(sandbox: &Sandbox) -> Value {
    all_read_by_nix(sandbox, &["config.toml".to_owned()]).remove(0)
}

/// What Nix reads in each of these files; it is started once.
fn all_read_by_nix(sandbox: &Sandbox, files: &[String]) -> Vec<Value> {
    let files: Vec<String> = files.iter().map(|file| format!("./{file}")).collect();
    let expression =
        format!("map (file: builtins.fromTOML (builtins.readFile file)) [ {} ]", files.join(" "));
    let words = ["nix-instantiate", "--eval", "--strict", "--json", "--expr", &expression];
    let said = sandbox.run_words("project", &words).ok();
    serde_json::from_str(&said).expect("JSON")
}

/// Writes each of these lists of texts into a file, and reads all by both.
fn same_everywhere(sandbox: &Sandbox, all: &[Vec<String>]) {
    let files: Vec<String> = (0..all.len()).map(|number| format!("{number}.toml")).collect();
    for (file, texts) in files.iter().zip(all) {
        // JSON's escapes are TOML's, but for the one character that it leaves alone.
        let quoted = |text: &String| json!(text).to_string().replace('\u{7f}', "\\u007f");
        let lines = TEXTS.iter().zip(texts);
        let lines = lines.map(|((flag, ..), text)| format!("{flag} = {}\n", quoted(text)));
        sandbox.write("project/in.toml", lines.collect::<String>());
        let line = format!("bootstrap-config-generator -q -c in.toml -o {file}");
        sandbox.run("project", &line).ok();
    }
    for ((file, texts), nix) in files.iter().zip(all).zip(all_read_by_nix(sandbox, &files)) {
        let text = sandbox.read(format!("project/{file}"));
        let document: toml_edit::DocumentMut = text.parse().expect("TOML");
        for ((_, table, key), text) in TEXTS.iter().zip(texts) {
            assert_eq!(document[table][key].as_str(), Some(text.as_str()), "Rust: {table}.{key}");
            assert_eq!(nix[table][key], Value::String(text.clone()), "Nix: {table}.{key}");
        }
        // All else is the same to both as well.
        for (table, content) in document.iter() {
            for (key, value) in content.as_table().expect("a table") {
                let value = match value.as_value().expect("a value") {
                    toml_edit::Value::Boolean(on) => json!(on.value()),
                    toml_edit::Value::Integer(number) => json!(number.value()),
                    toml_edit::Value::String(text) => json!(text.value()),
                    other => panic!("{table}.{key} is {other}"),
                };
                assert_eq!(nix[table][key], value, "{table}.{key}");
            }
        }
    }
}

#[test]
fn any_text_is_the_same_in_rust_and_in_nix() {
    let sandbox = scene().with_nix(&RealNix::find());
    let mut dice = Dice::new();
    // Each hard one by itself first.
    let mut all: Vec<Vec<String>> = HARD
        .chunks(TEXTS.len())
        .map(|texts| texts.iter().map(|text| (*text).to_owned()).collect())
        .collect();
    for _ in 0..rounds(60, 2000) {
        let mut text = || -> String {
            let length = dice.below(12);
            (0..length).map(|_| piece(&mut dice)).collect()
        };
        all.push(TEXTS.iter().map(|_| text()).collect());
    }
    let long: String = HARD.concat().repeat(200_000 / HARD.concat().len() + 1);
    assert!(long.len() >= 200_000);
    all.push(vec![long]);
    same_everywhere(&sandbox, &all);
}

/// A hard piece, or any character but NUL, which Nix has not.
fn piece(dice: &mut Dice) -> String {
    if dice.below(2) == 0 {
        return dice.of(&HARD).to_owned();
    }
    let end = dice.of(&[0x80, 0x800, 0x11_0000]);
    loop {
        let number = u32::try_from(dice.below(end)).expect("small");
        if let Some(c) = char::from_u32(number).filter(|c| *c != '\0') {
            return c.to_string();
        }
    }
}

#[test]
fn a_flag_is_taken_to_the_letter() {
    let sandbox = scene().with_nix(&RealNix::find());
    let files: Vec<String> = (0..HARD.len()).map(|number| format!("{number}.toml")).collect();
    for (file, text) in files.iter().zip(HARD) {
        let words = ["bootstrap-config-generator", "-q", "-o", file, "--install-prefix", text];
        sandbox.run_words("project", &words).ok();
    }
    for (read, text) in all_read_by_nix(&sandbox, &files).iter().zip(HARD) {
        assert_eq!(read["install"]["prefix"], Value::String(text.to_owned()));
    }
}

#[test]
fn a_target_of_any_name_is_one_table() {
    let sandbox = scene().with_nix(&RealNix::find());
    let target = "thumbv8m.main-none-eabihf";
    let words = format!("bootstrap-config-generator -q -t {target} --target-cc /cc");
    sandbox.run("project", &words).ok();
    assert_eq!(read_by_nix(&sandbox)["target"], json!({ target: { "cc": "/cc" } }));
    sandbox.run("project", &format!("{words} --check")).ok();
    sandbox
        .run("project", &format!("bootstrap-config-generator -c config.toml -t {target} --check"))
        .ok();
}

#[test]
fn a_folder_of_any_name_breaks_no_comment() {
    let sandbox = scene().with_nix(&RealNix::find());
    let name = "a\nb = 1 # \u{1b}\"";
    sandbox.write(format!("project/{name}/Cargo.toml"), "");
    let words = ["bootstrap-config-generator", "-q", "--project-root", name];
    sandbox.run_words("project", &words).ok();
    let text = sandbox.read("project/config.toml");
    assert!(text.contains("/a\\nb = 1 # \\u{1b}\"\n"), "{text}");
    assert!(read_by_nix(&sandbox).get("b").is_none());
}

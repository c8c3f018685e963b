//! Random values in templates, in every place where a placeholder can stand: what Nix makes of them is the value.

use serde_json::json;
use testkit::{Dice, RealNix, Sandbox, rounds};

const NASTY: [&str; 22] = [
    "\\",
    "\"",
    "$",
    "{",
    "}",
    "${",
    "''",
    "'",
    "\n",
    "\r",
    "\t",
    "#",
    "*/",
    "/",
    ";",
    "@",
    "@name@",
    "${abort \"x\"}",
    "in",
    "ä",
    "🦀",
    " ",
];

fn text(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..dice.below(8) {
        match dice.below(3) {
            0 => text.push(char::from(b' ' + dice.below(95) as u8)),
            _ => text.push_str(dice.of(&NASTY)),
        }
    }
    text
}

#[test]
fn no_value_becomes_code() {
    let mut dice = Dice::new();
    let texts: Vec<String> = (0..rounds(300, 10_000)).map(|_| text(&mut dice)).collect();
    let sandbox = Sandbox::new().with_nix(&RealNix::find());
    let mut config = String::new();
    let mut template = String::from("{\n  outputs = _: {\n    all = [\n");
    for (number, text) in texts.iter().enumerate() {
        config.push_str(&format!(
            "v{number} = {}\n",
            json!(text).to_string().replace('\u{7f}', "\\u007f")
        ));
        let v = format!("@v{number}@");
        template.push_str(&format!(
            "      # {v}\n      {{ expression = {v}; quotes = \"<{v}>{v}\"; indented = ''\n          a {v}\n            b\n        '';\n        \
             names.{v}.x = 1; /* {v} */ }}\n"
        ));
    }
    template.push_str("    ];\n  };\n}\n");
    sandbox.write("work/config.toml", config);
    sandbox.write("work/mine.nix", template);
    sandbox
        .run(
            "work",
            "flake-template-generator --config-path config.toml --output-dir out -t mine.nix",
        )
        .ok();
    let all = sandbox.run("work/out", "nix eval --json .#all").ok();
    let all: Vec<serde_json::Value> = serde_json::from_str(&all).expect("JSON");
    assert_eq!(all.len(), texts.len());
    for (text, found) in texts.iter().zip(all) {
        let wanted = json!({
            "expression": text,
            "quotes": format!("<{text}>{text}"),
            "indented": format!("a {text}\n  b\n"),
            "names": { text: { "x": 1 } },
        });
        assert_eq!(found, wanted);
    }
}

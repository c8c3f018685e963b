//! A template, what is filled in, and what comes of it.

use super::*;
use std::collections::BTreeMap;
use studio_core::generated::Kind;

fn filled(file: &str, text: &str, pairs: &[(&str, Value)]) -> Result<String, Vec<String>> {
    let known = pairs.iter().map(|(key, value)| {
        let default = Some(value.clone());
        ((*key).to_owned(), crate::values::Declared { about: String::new(), default })
    });
    let values = Values::new(known);
    let file = TemplateFile {
        path: file.to_owned(),
        shown: file.to_owned(),
        bytes: text.as_bytes().to_vec(),
        kind: Kind::Plain,
    };
    let mut filled = Filled::default();
    let text = syntax::with_room(|| filled.file(&file, text, &values)).expect("a thread");
    let problems: Vec<String> = filled
        .problems
        .iter()
        .map(|problem| format!("{}:{}: {}", problem.line, problem.column, problem.message))
        .collect();
    if problems.is_empty() { Ok(text) } else { Err(problems) }
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

#[test]
fn what_surrounds_a_placeholder_decides_how_its_value_is_written() {
    let nasty = text("a\"b ${c} $");
    let pairs = [
        ("x", nasty),
        ("n", Value::Int(-1)),
        ("in", text("in")),
        ("list", Value::List(vec![text("a"), Value::Bool(true)])),
        ("set", Value::Set(BTreeMap::from([("or".to_owned(), text("1"))]))),
    ];
    for (template, wanted) in [
        ("@x@", r#""a\"b \${c} \$""#),
        ("{ a = @x@; }", r#"{ a = "a\"b \${c} \$"; }"#),
        ("\"<@x@{y}>\"", r#""<a\"b \${c} \${y}>""#),
        ("''\n  @x@\n''", "''\n  ${\"a\\\"b \\${c} \\$\"}\n''"),
        ("{ @in@ = a.@in@; inherit (x) y; }", r#"{ "in" = a."in"; inherit (x) y; }"#),
        ("{ @x@.b = 1; }", r#"{ "a\"b \${c} \$".b = 1; }"#),
        ("# @x@\n1 /* @list@ */", "# a\"b ${c} $\n1 /* [ \"a\" true ] */"),
        ("f @n@ [ @n@ ]", "f (-1) [ (-1) ]"),
        ("with @set@; @list@ ++ [ ]", r#"with { "or" = "1"; }; [ "a" true ] ++ [ ]"#),
        ("{ a ? @n@ }: a", "{ a ? (-1) }: a"),
        ("\"n is @n@\"", "\"n is -1\""),
        ("x@{ a }: x", "x@{ a }: x"),
    ] {
        assert_eq!(filled("a.nix", template, &pairs).as_deref(), Ok(wanted), "{template}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let pairs = [("name", text("a b")), ("list", Value::List(vec![])), ("brace", text("{x}"))];
    let template = "{\n  a = @nmae@;\n  b = ./@name@/x;\n  c = \"@list@\";\n  inherit @name@;\n  d = x@name@;\n  \
                    e = \"@name\";\n  f = ''$@brace@'';\n  g = \"\\@name@\";\n  h = http://@name@/;\n  i = 1@name@;\n}\n";
    assert_eq!(
        filled("a.nix", template, &pairs).expect_err("problems"),
        [
            "2:7: unknown placeholder `nmae` (did you mean `name`?)",
            "3:9: `@name@` stands in a path, where nothing can be quoted; write `(./. + \"/@name@\")`",
            "4:8: the value of `list` is a list, and text is wanted here",
            "5:11: the value of `name` is no name that can be bound: `a b`",
            "6:8: `@name@` stands in the middle of a name; put the whole in quotes",
            "7:8: the placeholder `@name` has no end; write `@name@`",
            "8:10: the value of `brace` cannot be written here: it stands right behind a `$`; escape that: `\\$` in \"…\", \
             `''$` in ''…''",
            "9:9: `name` stands behind a `\\`, which would take the first character",
            "10:14: `@name@` stands in an address; put that in quotes",
            "11:8: `@name@` stands in the middle of a name; put the whole in quotes",
        ]
    );
    for (template, problem) in [
        ("{ a = \"@list@\"; }", "1:8: the value of `list` is a list, and text is wanted here"),
        ("{ inherit @name@; }", "1:11: the value of `name` is no name that can be bound: `a b`"),
        ("@name@: 1", "1:1: the value of `name` is no name that can be bound: `a b`"),
        (
            "''$@brace@''",
            "1:4: the value of `brace` cannot be written here: it stands right behind a `$`; escape that: `\\$` in \"…\", \
             `''$` in ''…''",
        ),
        ("\"\\@name@\"", "1:3: `name` stands behind a `\\`, which would take the first character"),
        ("{ a = ; b = @name@; }", "1:7: `;` is unexpected, wanted an expression"),
        ("{ a = @name@ = 1; }", "1:14: `=` is unexpected, wanted `;`"),
    ] {
        assert_eq!(filled("a.nix", template, &pairs), Err(vec![problem.to_owned()]), "{template}");
    }
}

#[test]
fn in_other_files_only_plain_values_stand() {
    let pairs = [("name", text("a-1.0")), ("odd", text("a\"b"))];
    let filled = |text| filled("Cargo.toml", text, &pairs);
    assert_eq!(filled("name = \"@name@\"").as_deref(), Ok("name = \"a-1.0\""));
    let problems = filled("a = \"@odd@\" # @other@").expect_err("problems");
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].starts_with("1:6: the value of `odd` cannot be written here"),
        "{problems:?}"
    );
    assert_eq!(problems[1], "1:15: unknown placeholder `other`");
}

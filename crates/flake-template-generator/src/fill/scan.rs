//! Placeholders in a text: `@key@`, and `NAME_PLACEHOLDER` as older templates have them.

use std::ops::Range;

/// How the placeholders of older templates end.
const LEGACY: &str = "_PLACEHOLDER";

/// Where the text has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// Its bytes, with all that marks it.
    pub range: Range<usize>,
    /// What it stands for.
    pub key: String,
}

/// Something that is nearly a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// Its first byte.
    pub at: usize,
    /// What is wrong.
    pub message: String,
}

/// All of a text, in order. `is_known` tells which keys would be taken for a placeholder whose end is missing.
pub fn scan(text: &str, is_known: &dyn Fn(&str) -> bool) -> (Vec<Placeholder>, Vec<Slip>) {
    let (mut found, mut slips) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(next) = text[at..].find('@').map(|next| at + next) {
        legacy(text, at..next, &mut found);
        at = run(text, next, is_known, &mut found, &mut slips);
    }
    legacy(text, at..text.len(), &mut found);
    (found, slips)
}

/// Takes one run of keys with signs between them, from the sign at `start`; the result is where it ends.
fn run(
    text: &str,
    start: usize,
    is_known: &dyn Fn(&str) -> bool,
    found: &mut Vec<Placeholder>,
    slips: &mut Vec<Slip>,
) -> usize {
    let mut signs = vec![start];
    let mut end = start + 1;
    loop {
        let key = key_at(text, end);
        if key.is_empty() || text.as_bytes().get(end + key.len()) != Some(&b'@') {
            break;
        }
        end += key.len() + 1;
        signs.push(end - 1);
    }
    if signs.len() == 1 {
        let key = key_at(text, end);
        let behind = text[end + key.len()..].trim_start_matches([' ', '\t']);
        // `args@{ … }:`, `{ … }@args:` and addresses have one, too.
        let is_other = text[..start].ends_with(|c: char| c == '}' || c.is_alphanumeric())
            || behind.starts_with(':');
        if is_known(key) && !is_other {
            let message = format!("the placeholder `@{key}` has no end; write `@{key}@`");
            slips.push(Slip { at: start, message });
        }
        return end;
    }
    let whole = &text[start..end];
    if signs.len() % 2 == 1 {
        let message =
            format!("it is not clear which placeholders `{whole}` has: they cannot be nested");
        slips.push(Slip { at: start, message });
        return end;
    }
    for pair in signs.chunks(2) {
        let range = pair[0]..pair[1] + 1;
        let key = &text[pair[0] + 1..pair[1]];
        if key.starts_with(['.', '-']) || key.ends_with('.') || key.contains("..") {
            let message = format!("`@{key}@` is no placeholder: a name is missing beside a `.`");
            slips.push(Slip { at: pair[0], message });
        } else {
            found.push(Placeholder { range, key: key.to_owned() });
        }
    }
    end
}

/// The longest key that begins here; empty if none does.
fn key_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())]
}

/// Takes the placeholders of older templates in a part of the text.
fn legacy(text: &str, part: Range<usize>, found: &mut Vec<Placeholder>) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for (end, _) in text[part.clone()].match_indices(LEGACY) {
        let end = part.start + end;
        let name = &text[part.start..end];
        let name = &name[name
            .rfind(|c| !is_word(c))
            .map_or(0, |last| last + name[last..].chars().next().map_or(0, char::len_utf8))..];
        let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
            && !name.contains(|c: char| c.is_ascii_lowercase());
        let after = end + LEGACY.len();
        if !is_name || text[after..].starts_with(is_word) {
            continue;
        }
        let key = match name {
            "NIXPKGS_URL" => "nixpkgs".to_owned(),
            "SYSTEM_ARCH" => "system".to_owned(),
            other => other.to_lowercase(),
        };
        found.push(Placeholder { range: end - name.len()..after, key });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (Vec<String>, Vec<String>) {
        let (found, slips) = scan(text, &|key| key == "known");
        let keys = found.iter().map(|one| format!("{}={}", &text[one.range.clone()], one.key));
        (
            keys.collect(),
            slips.iter().map(|slip| format!("{}: {}", slip.at, slip.message)).collect(),
        )
    }

    #[test]
    fn placeholders_are_found_and_nothing_else() {
        for (text, keys) in [
            ("", vec![]),
            ("a @name@ b", vec!["@name@=name"]),
            ("@a@@b@", vec!["@a@=a", "@b@=b"]),
            ("@a@-x-@b@", vec!["@a@=a", "@b@=b"]),
            ("@nix.nixpkgs_path@", vec!["@nix.nixpkgs_path@=nix.nixpkgs_path"]),
            ("@user@@@host@", vec!["@user@=user", "@host@=host"]),
            ("inputs@{ self, ... }: { }@known: x@y", vec![]),
            ("NIXPKGS_URL_PLACEHOLDER", vec!["NIXPKGS_URL_PLACEHOLDER=nixpkgs"]),
            ("\"x/SYSTEM_ARCH_PLACEHOLDER\"", vec!["SYSTEM_ARCH_PLACEHOLDER=system"]),
            ("äRUSTC_ENV_VAR_PLACEHOLDER", vec!["RUSTC_ENV_VAR_PLACEHOLDER=rustc_env_var"]),
            ("lower_PLACEHOLDER X_PLACEHOLDERS _PLACEHOLDER", vec![]),
        ] {
            assert_eq!(
                shown(text),
                (keys.into_iter().map(str::to_owned).collect(), vec![]),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_nearly_one_is_told() {
        for (text, slip) in [
            ("\"@known\"", "1: the placeholder `@known` has no end; write `@known@`"),
            ("@a@b@", "0: it is not clear which placeholders `@a@b@` has: they cannot be nested"),
            ("@a.@", "0: `@a.@` is no placeholder: a name is missing beside a `.`"),
            ("@a..b@", "0: `@a..b@` is no placeholder: a name is missing beside a `.`"),
        ] {
            assert_eq!(shown(text), (vec![], vec![slip.to_owned()]), "{text}");
        }
    }
}

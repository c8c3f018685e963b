//! Secrets by their names, in expressions of Nix: `password = "…";`.
//!
//! Read as signs, not as an expression: a binding is a name, `=` and what stands up to the `;`, wherever it is and whatever
//! is wrong elsewhere in the file. Only a literal text is a finding; what is put together, read or named is not in the file.

use super::{Kind, Spot, random};
use rnix::SyntaxKind::{self, *};

/// Ends of names of what opens something whatever it is, written together and in small letters.
const PASSWORDS: [&str; 5] = ["password", "passwd", "passphrase", "psk", "pskraw"];

/// Ends of names of what may also be the name of a secret that lies elsewhere.
const KEYS: [&str; 9] = [
    "secret",
    "token",
    "apikey",
    "secretkey",
    "secretaccesskey",
    "secretkeybase",
    "privatekey",
    "encryptionkey",
    "authkey",
];

/// Without one of these in it, in letters of either size, no file has a name that counts.
pub(super) const WORDS: [&str; 6] = ["passw", "passphrase", "psk", "secret", "token", "key"];

/// One sign of an expression.
struct Sign<'a> {
    kind: SyntaxKind,
    text: &'a str,
    at: usize,
}

/// The literal secrets in the text of a file that has one of [`WORDS`].
pub(super) fn spots(content: &[u8]) -> Vec<Spot> {
    // Places are counted in the bytes of the file, so what is no UTF-8 becomes as many signs as it has bytes.
    let text = match std::str::from_utf8(content) {
        Ok(text) => text.to_owned(),
        Err(_) => content.iter().map(|b| if b.is_ascii() { char::from(*b) } else { '?' }).collect(),
    };
    let mut at = 0;
    let mut signs = vec![];
    for (kind, text) in rnix::tokenize(&text) {
        if !matches!(kind, TOKEN_WHITESPACE | TOKEN_COMMENT) {
            signs.push(Sign { kind, text, at });
        }
        at += text.len();
    }
    let assigned = signs.iter().enumerate().filter(|(_, sign)| sign.kind == TOKEN_ASSIGN);
    assigned
        .filter_map(|(number, _)| {
            let (name, at) = name_before(&signs[..number])?;
            let value = literal(&signs[number + 1..])?;
            let (kind, what) = judge(&name, value)?;
            Some(Spot { at, kind, what: what.to_owned(), by_name: true })
        })
        .collect()
}

/// The last part of the name that a binding gives, and where it stands.
fn name_before(signs: &[Sign<'_>]) -> Option<(String, usize)> {
    match signs {
        [.., name] if name.kind == TOKEN_IDENT => Some((name.text.to_owned(), name.at)),
        [.., start, name, end]
            if start.kind == TOKEN_STRING_START
                && name.kind == TOKEN_STRING_CONTENT
                && end.kind == TOKEN_STRING_END =>
        {
            Some((name.text.to_owned(), name.at))
        }
        _ => None,
    }
}

/// The text that a binding has as its whole value, also by way of what only gives it another priority.
fn literal<'a>(signs: &[Sign<'a>]) -> Option<&'a str> {
    let mut rest = signs;
    while let [sign, more @ ..] = rest
        && matches!(sign.kind, TOKEN_L_PAREN | TOKEN_IDENT | TOKEN_DOT | TOKEN_INTEGER)
    {
        let known = ["lib", "mkDefault", "mkForce", "mkOverride", "mkVMOverride"];
        if sign.kind == TOKEN_IDENT && !known.contains(&sign.text) {
            return None;
        }
        rest = more;
    }
    let [start, content, end, after @ ..] = rest else { return None };
    let closed = after.iter().find(|sign| sign.kind != TOKEN_R_PAREN)?;
    let whole = start.kind == TOKEN_STRING_START
        && content.kind == TOKEN_STRING_CONTENT
        && end.kind == TOKEN_STRING_END
        && closed.kind == TOKEN_SEMICOLON;
    whole.then_some(content.text)
}

fn judge(name: &str, value: &str) -> Option<(Kind, &'static str)> {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let value = value.trim();
    if stands_for_another(value) {
        return None;
    }
    // What was made of a password is known by its form.
    if name.ends_with("hashedpassword") {
        return None;
    }
    if PASSWORDS.iter().any(|end| name.ends_with(end)) {
        return (!is_a_word(value)).then_some((Kind::Password, "a password"));
    }
    if KEYS.iter().any(|end| name.ends_with(end)) {
        let signs = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-.~:!@#%&*".contains(&byte);
        let yes = value.len() >= 16 && value.bytes().all(signs) && random(value.as_bytes());
        let a_name =
            value.contains('/') && !value.ends_with('=') || is_uuid(value) || in_words(value);
        return (yes && !a_name).then_some((Kind::Token, "a secret"));
    }
    None
}

/// Whether a value says where the secret is, and is not it.
fn stands_for_another(value: &str) -> bool {
    let begins = [
        "/", "./", "../", "~/", "$", "%", "<", "file:", "env:", "ext:", "op://", "vault:", "ENC[",
        "age1", "ssh-",
    ];
    let has = ["${", "$(", "{{", "://", "/run/", "/etc/", "/var/"];
    let quoted = |mark: char| value.len() > 2 && value.starts_with(mark) && value.ends_with(mark);
    value.is_empty()
        || begins.iter().any(|begin| value.starts_with(begin))
        || has.iter().any(|part| value.contains(part))
        || quoted('@')
        || quoted('_')
        || value.bytes().all(|byte| b"*!x.-_ ".contains(&byte))
}

/// Whether a value is a choice that programs offer for something called a password.
fn is_a_word(value: &str) -> bool {
    let words = [
        "yes",
        "no",
        "true",
        "false",
        "on",
        "off",
        "none",
        "null",
        "ask",
        "prompt",
        "auto",
        "required",
        "requisite",
        "optional",
        "sufficient",
        "disabled",
        "enabled",
        "never",
        "always",
    ];
    let lower = value.to_ascii_lowercase();
    // As pam.conf and others have it: `sufficient pam_unix.so`.
    words.iter().any(|word| lower == *word) || lower.contains("pam_")
}

/// 8-4-4-4-12 hex digits.
fn is_uuid(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether it is made of words, as the name of something is: `my-service-token-2024`, `GITHUB_TOKEN_1`.
fn in_words(value: &str) -> bool {
    let parts: Vec<&str> = value.split(['-', '_', '.', ':']).collect();
    parts.len() > 1
        && parts.iter().all(|part| {
            let alike = |of: fn(&u8) -> bool| part.bytes().all(|byte| of(&byte));
            // One case each, and digits not among letters.
            let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
            alike(u8::is_ascii_digit)
                || letters.bytes().all(|byte| byte.is_ascii_lowercase())
                || letters.bytes().all(|byte| byte.is_ascii_uppercase())
        })
}

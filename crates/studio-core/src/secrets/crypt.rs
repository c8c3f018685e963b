//! Hashes of passwords in the forms of crypt(5), and of Argon2.

use super::random;

/// Whether what begins at `at` with a `$` is a whole hash.
pub(super) fn is_hash(content: &[u8], at: usize) -> bool {
    let usual = |byte: &u8| byte.is_ascii_alphanumeric() || b"./$=,+".contains(byte);
    let end = content[at..].iter().position(|byte| !usual(byte)).map_or(content.len(), |n| at + n);
    let Ok(text) = std::str::from_utf8(&content[at..end]) else { return false };
    let mut fields: Vec<&str> = text.split('$').skip(1).collect();
    let Some(method) = fields.first().copied() else { return false };
    fields.remove(0);
    if matches!(method, "5" | "6") && fields.first().is_some_and(|f| f.starts_with("rounds=")) {
        fields.remove(0);
    }
    // The number of signs of a hash is that of its bits by six: crypt(5).
    let (salts, length) = match method {
        "1" => (1, 22),
        "5" => (1, 43),
        "6" => (1, 86),
        "y" | "gy" => (2, 43),
        // Cost, then salt and hash in one.
        "2a" | "2b" | "2y" => (1, 53),
        "argon2i" | "argon2id" => {
            return fields.len() >= 4
                && fields[0].starts_with("v=")
                && fields[3].len() >= 20
                && random(fields[3].as_bytes());
        }
        _ => return false,
    };
    let Some(hash) = fields.get(salts) else { return false };
    // What follows a hash may be of its alphabet only if it is no part of it: `$` begins something else.
    hash.len() == length
        && fields[..salts].iter().all(|salt| (1..=32).contains(&salt.len()))
        && random(hash.as_bytes())
}

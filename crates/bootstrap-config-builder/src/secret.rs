//! Whether a text gives a secret away: what is written here is committed, copied to a world-readable store, and shown.
//!
//! Not here: files full of secrets; `studio_core::guard` looks for those.

/// Beginnings of tokens that say themselves what they are, of GitHub, GitLab and AWS.
const TOKENS: [&str; 7] = ["ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "AKIA"];

/// Parameters of an URL that are secrets.
const PARAMETERS: [&str; 6] =
    ["access_token", "private_token", "token", "password", "api_key", "client_secret"];

/// What kind of secret is in it, if there is one.
pub fn inside(text: &str) -> Option<&'static str> {
    if text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    let token = |token: &str| {
        text.match_indices(token).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let after = text[at + token.len()..].chars().take_while(|c| word(*c)).count();
            !before.is_some_and(word) && after >= 16
        })
    };
    if TOKENS.into_iter().any(token) {
        return Some("an access token");
    }
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if let Some((user, _)) = rest[..end].rsplit_once('@') {
        // What `https` has there is a password or a token; `ssh` has the name of a user.
        let http = scheme.ends_with("http") || scheme.ends_with("https");
        if http || user.contains(':') {
            return Some("a password");
        }
    }
    let (_, query) = rest.split_once('?')?;
    let mut given = query.split(['&', ';', '#']).filter_map(|pair| pair.split_once('='));
    given
        .any(|(name, value)| PARAMETERS.contains(&name) && !value.is_empty())
        .then_some("an access token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_what_looks_like_them() {
        let token = format!("ghp_{}", "a1".repeat(18));
        for (text, what) in [
            ("https://ada:sesame@example.org/x".to_owned(), "a password"),
            ("git+https://sesame@example.org".to_owned(), "a password"),
            ("git+ssh://git:sesame@example.org/x".to_owned(), "a password"),
            ("https://example.org/x?ref=a&access_token=sesame".to_owned(), "an access token"),
            (format!("x {token}"), "an access token"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nx".to_owned(), "a private key"),
        ] {
            assert_eq!(inside(&text), Some(what), "{text}");
        }
        for text in [
            "github:NixOS/nixpkgs/abc?narHash=sha256-AKIA%3D",
            "git+ssh://git@example.org/x?ref=main",
            "https://example.org/a@b?token=",
            "/home/ada@example.org",
            "ghp_short",
            "",
        ] {
            assert_eq!(inside(text), None, "{text}");
        }
    }
}

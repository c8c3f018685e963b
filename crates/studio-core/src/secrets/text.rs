//! Secrets by what they look like, in files of any kind: one pass for all that they can begin with, and a closer look where
//! something does.

use super::tokens::{FORMS, Form, Signs, is_githubs, run};
use super::{Kind, Spot, crypt, named, random, varied};
use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// What has to be looked at where an anchor was found.
#[derive(Clone, Copy, Debug)]
enum Check {
    /// The end of the first line of a private key.
    Pem,
    PuttyKey,
    AgeKey,
    /// The end of 64 bytes in base 64: the secret half of a key that signs store paths.
    SigningKey,
    /// An option or a line of a file of WireGuard's.
    WireGuard,
    Crypt,
    Token(&'static Form),
    GitHub,
    Aws,
    OpenAi,
    Jwt,
    Telegram,
    SlackHook,
    DiscordHook,
    DiscordBot,
    /// A word of a name, in letters of either size.
    Name,
}

/// What is searched for in one pass, and what is looked at then.
fn anchors() -> Vec<(&'static str, Check)> {
    let mut all = vec![
        ("PRIVATE KEY", Check::Pem),
        ("PuTTY-User-Key-File-", Check::PuttyKey),
        ("AGE-SECRET-KEY-1", Check::AgeKey),
        ("==", Check::SigningKey),
        ("rivateKey", Check::WireGuard),
        ("resharedKey", Check::WireGuard),
        ("T3BlbkFJ", Check::OpenAi),
        (":AA", Check::Telegram),
        ("hooks.slack.com/services/T", Check::SlackHook),
        ("/api/webhooks/", Check::DiscordHook),
        ("discord", Check::DiscordBot),
        ("Discord", Check::DiscordBot),
        ("DISCORD", Check::DiscordBot),
    ];
    all.extend(["ghp_", "gho_", "ghu_", "ghs_", "ghr_"].map(|start| (start, Check::GitHub)));
    all.extend(["AKIA", "ASIA"].map(|start| (start, Check::Aws)));
    // `{"alg":`, `{"typ":` and `{"kid":` in base 64.
    all.extend(["eyJhbGciOi", "eyJ0eXAiOi", "eyJraWQiOi"].map(|start| (start, Check::Jwt)));
    let methods =
        ["$1$", "$5$", "$6$", "$y$", "$gy$", "$2a$", "$2b$", "$2y$", "$argon2i$", "$argon2id$"];
    all.extend(methods.map(|start| (start, Check::Crypt)));
    all.extend(named::WORDS.map(|word| (word, Check::Name)));
    all.extend(FORMS.iter().map(|form| (form.prefix, Check::Token(form))));
    all
}

struct Search {
    automaton: Option<AhoCorasick>,
    anchors: Vec<(&'static str, Check)>,
}

static SEARCH: LazyLock<Search> = LazyLock::new(|| {
    let anchors = anchors();
    let texts = anchors.iter().map(|(text, _)| text);
    // It is a few hundred states; there is no text of ours that it could refuse.
    let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(texts).ok();
    Search { automaton, anchors }
});

/// What one pass over a text tells.
pub(super) struct Seen {
    /// The secrets by what they look like.
    pub(super) spots: Vec<Spot>,
    /// Whether it has a word of a name that may be that of a secret.
    pub(super) named: bool,
}

/// Goes over a text once. Small and large letters lead to one state, so that both sorts of words are found by one pass.
pub(super) fn look(content: &[u8]) -> Seen {
    let mut seen = Seen { spots: vec![], named: false };
    let Some(automaton) = &SEARCH.automaton else { return seen };
    for hit in automaton.find_overlapping_iter(content) {
        let (text, check) = SEARCH.anchors[hit.pattern().as_usize()];
        if matches!(check, Check::Name) {
            seen.named = true;
        } else if content[hit.span()] == *text.as_bytes()
            && let Some((at, kind, what)) = closer(check, content, hit.start(), hit.end())
        {
            seen.spots.push(Spot { at, kind, what: what.to_owned(), by_name: false });
        }
    }
    seen
}

/// Whether nothing that could belong to it stands before what begins at `at`.
fn begins(content: &[u8], at: usize) -> bool {
    // After an escape such as `\n`, the letter before is none of its own.
    let before = |back: usize| at.checked_sub(back).map(|at| content[at]);
    match before(1) {
        Some(b'n' | b't' | b'r') => before(2) == Some(b'\\'),
        Some(byte) => !(byte.is_ascii_alphanumeric() || byte == b'_'),
        None => true,
    }
}

fn closer(
    check: Check,
    content: &[u8],
    start: usize,
    end: usize,
) -> Option<(usize, Kind, &'static str)> {
    let token =
        |yes: bool, what| (yes && begins(content, start)).then_some((start, Kind::Token, what));
    match check {
        Check::Pem => pem(content, start, end),
        Check::PuttyKey => {
            let whole = &content[start..content.len().min(start + 400)];
            let plain = holds(whole, b"Encryption: none");
            plain.then_some((start, Kind::PrivateKey, "a private key of PuTTY"))
        }
        Check::AgeKey => {
            // 32 bytes in Bech32, without its sum: 52 signs and six.
            let rest = run(content, end, Signs::Alnum);
            let yes = rest.len() == 58 && random(rest);
            yes.then_some((start, Kind::PrivateKey, "an age secret key"))
        }
        Check::SigningKey => signing_key(content, start),
        Check::WireGuard => wire_guard(content, start, end),
        Check::Crypt => {
            let what = "a hash of a password";
            crypt::is_hash(content, start).then_some((start, Kind::Hash, what))
        }
        Check::Token(form) => token(form.fits(content, end), form.what),
        Check::GitHub => {
            let rest = run(content, end, Signs::Alnum);
            token(rest.len() == 36 && is_githubs(rest), "a GitHub token")
        }
        Check::Aws => token(aws(content, start, end), "an AWS key"),
        Check::OpenAi => {
            let signs = content[..start].iter().rev().take_while(|byte| Signs::Url.has(**byte));
            let first = start - signs.count();
            let heads = content[first..start].windows(3).enumerate();
            let mut heads = heads.filter(|(_, head)| *head == b"sk-").map(|(at, _)| first + at);
            let at = heads.find(|at| begins(content, *at) && start - at >= 20)?;
            let yes = run(content, end, Signs::Url).len() >= 20;
            yes.then_some((at, Kind::Token, "an OpenAI key"))
        }
        Check::Jwt => token(jwt(content, start), "a JSON Web Token"),
        Check::Telegram => {
            let digits = content[..start].iter().rev().take_while(|byte| byte.is_ascii_digit());
            let from = start - digits.count();
            let rest = run(content, start + 1, Signs::Url);
            let yes = (8..=10).contains(&(start - from)) && rest.len() == 35 && random(rest);
            (yes && begins(content, from)).then_some((from, Kind::Token, "a Telegram bot token"))
        }
        Check::SlackHook => {
            let rest = run(content, end, Signs::Alnum);
            let more = content.get(end + rest.len()..)?.strip_prefix(b"/B")?;
            let channel = run(more, 0, Signs::Alnum).len();
            let secret = run(more.get(channel..)?.strip_prefix(b"/")?, 0, Signs::Alnum);
            let yes = rest.len() >= 7 && secret.len() >= 20 && random(secret);
            yes.then_some((start, Kind::Token, "a Slack webhook"))
        }
        Check::DiscordHook => {
            let digits = content[end..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let secret = run(content.get(end + digits..)?.strip_prefix(b"/")?, 0, Signs::Url);
            let yes = digits >= 17 && secret.len() >= 60 && random(secret);
            yes.then_some((start, Kind::Token, "a Discord webhook"))
        }
        Check::DiscordBot => discord_bot(content, end),
        Check::Name => None,
    }
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// A private key in lines of base 64 (RFC 7468, and what OpenSSH and PGP make of it), as they stand in a file or, with
/// `\n` between them, in a string. What is behind a passphrase is none that lies open, but PGP does not say which is.
fn pem(content: &[u8], start: usize, end: usize) -> Option<(usize, Kind, &'static str)> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let line = &content[start.saturating_sub(40)..start];
    let begin = line.windows(BEGIN.len()).rposition(|window| window == BEGIN)?;
    let label = &line[begin + BEGIN.len()..];
    if !label.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ')
    {
        return None;
    }
    let at = start - line.len() + begin;
    let rest = &content[end..];
    let rest = rest.strip_prefix(b" BLOCK").unwrap_or(rest).strip_prefix(b"-----")?;
    let rest = &rest[..rest.len().min(1000)];
    if label.starts_with(b"ENCRYPTED") || holds(rest, b"Proc-Type: 4,ENCRYPTED") {
        return None;
    }
    // Headers and the marks of a string may stand before it.
    let rest = match label.starts_with(b"PGP") {
        true => {
            let blank = |gap: &&[u8]| holds(rest, gap);
            let gap = [&b"\n\n"[..], b"\r\n\r\n", b"\\n\\n"].into_iter().find(blank)?;
            let at = rest.windows(gap.len()).position(|window| window == gap)?;
            &rest[at + gap.len()..]
        }
        false => rest,
    };
    let skip = rest
        .iter()
        .enumerate()
        .take_while(|(n, byte)| {
            byte.is_ascii_whitespace()
                || b"\\\"'+>|".contains(byte)
                || (b"nr".contains(byte) && *n > 0 && rest[n - 1] == b'\\')
        })
        .count();
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let body = &rest[skip..];
    let body = &body[..body.iter().position(|byte| !base64(byte)).unwrap_or(body.len())];
    // The words of OpenSSH's form are full of zeros.
    if body.len() < 40 || !varied(body) {
        return None;
    }
    let what = match label {
        b"OPENSSH " => {
            // The name of the cipher follows the first words; `none` is that of a key without a passphrase.
            const OPEN: &[u8] = b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
            return body.starts_with(OPEN).then_some((
                at,
                Kind::PrivateKey,
                "a private key of SSH",
            ));
        }
        b"PGP " => "a private key of PGP",
        _ => "a private key",
    };
    Some((at, Kind::PrivateKey, what))
}

/// `NAME:` and 64 bytes in base 64, as `nix-store --generate-binary-cache-key` writes it; `at` is where its `==` stands.
fn signing_key(content: &[u8], at: usize) -> Option<(usize, Kind, &'static str)> {
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'+' || *byte == b'/';
    let from = at.checked_sub(86)?;
    let colon = from.checked_sub(1)?;
    if content[colon] != b':'
        || !content[from..at].iter().all(base64)
        || !random(&content[from..at])
    {
        return None;
    }
    let named = |byte: &&u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
    let name = colon - content[..colon].iter().rev().take_while(named).count();
    // Hashes of npm and of others stand after the name of their method.
    if name == colon || content[name..colon].starts_with(b"sha") {
        return None;
    }
    Some((name, Kind::PrivateKey, "a secret key that signs store paths"))
}

/// `privateKey = "…"` of 32 bytes in base 64, in a Nix file or in WireGuard's own.
fn wire_guard(content: &[u8], start: usize, end: usize) -> Option<(usize, Kind, &'static str)> {
    let mut rest = content[end..].trim_ascii_start();
    rest = rest.strip_prefix(b"\"").unwrap_or(rest).trim_ascii_start();
    rest = rest.strip_prefix(b"=")?.trim_ascii_start();
    rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'+' || *byte == b'/';
    let length = rest.iter().take_while(|byte| base64(byte)).count();
    let yes = length == 43 && rest.get(43) == Some(&b'=') && random(&rest[..43]);
    let what = match content[start..].starts_with(b"rivate") {
        true => "a private key of WireGuard",
        false => "a preshared key of WireGuard",
    };
    yes.then_some((start, Kind::WireGuardKey, what))
}

/// The id of an access key with its secret nearby: the id alone opens nothing.
fn aws(content: &[u8], start: usize, end: usize) -> bool {
    let id = run(content, end, Signs::Alnum);
    let is_id = id.len() == 16
        && id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && !id.ends_with(b"EXAMPLE");
    if !is_id {
        return false;
    }
    let around = &content[start.saturating_sub(200)..content.len().min(end + 300)];
    let secret = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'/' || *byte == b'+';
    around.split(|byte| !secret(byte)).any(|word| {
        word.len() == 40
            && word.iter().any(u8::is_ascii_uppercase)
            && word.iter().any(u8::is_ascii_lowercase)
            && random(word)
    })
}

/// Three parts in base 64, of which the second is JSON as well and the last no empty signature.
fn jwt(content: &[u8], start: usize) -> bool {
    // `{"sub":"1234567890`: the one of every manual.
    const SAMPLE: &[u8] = b"eyJzdWIiOiIxMjM0NTY3ODkw";
    let head = run(content, start, Signs::Url);
    let Some(rest) = content[start + head.len()..].strip_prefix(b".") else { return false };
    let body = run(rest, 0, Signs::Url);
    let Some(rest) = rest[body.len()..].strip_prefix(b".") else { return false };
    body.starts_with(b"eyJ")
        && !body.starts_with(SAMPLE)
        && run(rest, 0, Signs::Url).len() >= 20
        && random(body)
}

/// A token of a bot shortly after the name: its number, the time and a sum in base 64.
fn discord_bot(content: &[u8], end: usize) -> Option<(usize, Kind, &'static str)> {
    let window = &content[end..content.len().min(end + 200)];
    let mut at = 0;
    for word in window.split(|byte| !(Signs::Url.has(*byte) || *byte == b'.')) {
        let parts: Vec<&[u8]> = word.split(|byte| *byte == b'.').collect();
        if let [number, time, sum] = parts.as_slice()
            && (23..=28).contains(&number.len())
            && matches!(number[0], b'M' | b'N' | b'O')
            && time.len() == 6
            && (27..=38).contains(&sum.len())
            && random(word)
        {
            return Some((end + at, Kind::Token, "a Discord bot token"));
        }
        at += word.len() + 1;
    }
    None
}

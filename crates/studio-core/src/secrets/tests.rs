//! What is found and what is not. Secrets are put together here, so that no scanner takes this file for one that has some.

use super::*;

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HEX: &str = "0123456789abcdef";

/// So many signs, as chance has them; the same each time.
fn signs(of: &str, many: usize) -> String {
    let of = of.as_bytes();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..many).map(|_| char::from(of[(next() >> 33) as usize % of.len()])).collect()
}

/// What is found in a text, each as `LINE: WHAT`.
fn found(role: Role, text: &str) -> Vec<String> {
    let findings = findings(role, text.as_bytes());
    findings.iter().map(|finding| format!("{}: {}", finding.line, finding.what)).collect()
}

fn pem(label: &str, body: &str) -> String {
    let (begin, end) = ("-----BEGIN", "-----END");
    format!("{begin} {label}-----\n{body}\n{end} {label}-----\n")
}

#[test]
fn keys_are_known_by_their_content() {
    let body = signs(BASE64, 64);
    let open = format!("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ{}", signs(BASE64, 22));
    let closed = format!("b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAG{}", signs(BASE64, 20));
    let age = ["AGE-SECRET-", "KEY-1"].concat() + &signs("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58);
    for (text, what) in [
        (pem("RSA PRIVATE KEY", &body), "1: a private key"),
        (pem("EC PRIVATE KEY", &body), "1: a private key"),
        (pem("PRIVATE KEY", &body), "1: a private key"),
        (pem("OPENSSH PRIVATE KEY", &open), "1: a private key of SSH"),
        (pem("PGP PRIVATE KEY BLOCK", &format!("Version: 2\n\n{body}")), "1: a private key of PGP"),
        (format!("# public key: age1x\n{age}\n"), "2: an age secret key"),
        // As JSON has it, and indented as in a string of Nix.
        (pem("PRIVATE KEY", &body).replace('\n', "\\n"), "1: a private key"),
        (
            format!("x = ''\n  {}", pem("PRIVATE KEY", &body).replace('\n', "\n  ")),
            "2: a private key",
        ),
        (
            format!("cache.example.org-1:{}==\n", signs(BASE64, 86)),
            "1: a secret key that signs store paths",
        ),
        (
            format!("[Interface]\nPrivateKey = {}=\n", signs(BASE64, 43)),
            "2: a private key of WireGuard",
        ),
        (
            format!("{{ presharedKey = \"{}=\"; }}", signs(BASE64, 43)),
            "1: a preshared key of WireGuard",
        ),
        (
            format!("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n{body}\n"),
            "1: a private key of PuTTY",
        ),
    ] {
        assert_eq!(found(Role::Any, &text), [what], "{text}");
    }
    for text in [
        pem("OPENSSH PRIVATE KEY", &closed),
        pem("ENCRYPTED PRIVATE KEY", &body),
        pem("RSA PRIVATE KEY", &format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\n{body}")),
        pem("PUBLIC KEY", &body),
        pem("CERTIFICATE", &body),
        pem("PGP PUBLIC KEY BLOCK", &format!("\n{body}")),
        pem("AGE ENCRYPTED FILE", &body),
        pem("PRIVATE KEY", "..."),
        "a key begins with `-----BEGIN OPENSSH PRIVATE KEY-----` and goes on from there".to_owned(),
        format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} ada@box\n", signs(BASE64, 43)),
        format!("cache.example.org-1:{}=\n", signs(BASE64, 43)),
        format!("integrity sha512-{}==\n", signs(BASE64, 86)),
        format!("sha512:{}==\n", signs(BASE64, 86)),
        format!("[Peer]\nPublicKey = {}=\n", signs(BASE64, 43)),
        format!("{{ publicKey = \"{}=\"; }}", signs(BASE64, 43)),
        "{ privateKey = config.age.secrets.wg.path; privateKeyFile = \"/run/wg\"; }".to_owned(),
    ] {
        assert_eq!(found(Role::Nix, &text), [""; 0], "{text}");
    }
}

#[test]
fn binary_keys_are_known_by_their_structure() {
    let rsa = [0x30, 0x82, 4, 0xa4, 2, 1, 0, 2, 0x82, 1, 1, 0, 0xc1];
    let mut pkcs8 = vec![0x30, 0x82, 4, 0xbe, 2, 1, 0, 0x30, 13, 6, 9];
    pkcs8.extend([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0]);
    let mut pkcs12 = vec![0x30, 0x82, 9, 0xb1, 2, 1, 3, 0x30, 0x82, 9, 0x77, 6, 9];
    pkcs12.extend([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1, 0]);
    let certificate = [0x30, 0x82, 3, 0x3b, 0x30, 0x82, 2, 0x23, 0xa0, 3, 2, 1, 2, 0];
    let what = |bytes: &[u8]| findings(Role::Any, bytes).pop().map(|finding| finding.what);
    assert_eq!(what(&rsa).as_deref(), Some("a private key"));
    assert_eq!(what(&pkcs8).as_deref(), Some("a private key"));
    assert_eq!(what(&pkcs12).as_deref(), Some("a PKCS #12 key store"));
    assert_eq!(what(&[0xfe, 0xed, 0xfe, 0xed, 0, 0]).as_deref(), Some("a Java keystore"));
    assert_eq!(what(&certificate), None);
    // Whatever else is binary is not read on.
    let hidden = format!("\0{}", pem("PRIVATE KEY", &signs(BASE64, 64)));
    assert_eq!(what(hidden.as_bytes()), None);
}

/// 36 signs as GitHub makes them; the sum is that of the example in its announcement.
fn githubs() -> String {
    ["zQWBuTSOoRi4A9sp", "HcVY5ncnsDkxkJ", "0mLq17"].concat()
}

#[test]
fn tokens_are_known_by_their_form() {
    let url = |many| signs("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-_", many);
    let alnum = |many| signs(ALNUM, many);
    let jwt = ["eyJhbGciOi", "JIUzI1NiJ9.eyJpc3MiOiJz", &alnum(40), ".", &url(43)].concat();
    for (text, what) in [
        (["ghp", "_", &githubs()].concat(), "a GitHub token"),
        (["github", "_pat_", &alnum(22), "_", &alnum(59)].concat(), "a GitHub token"),
        (["glpat", "-", &url(20)].concat(), "a GitLab token"),
        (["xoxb", "-23456789012-23456789013-", &alnum(24)].concat(), "a Slack token"),
        (["sk", "_live_", &alnum(24)].concat(), "a Stripe key"),
        (["npm", "_", &alnum(36)].concat(), "an npm token"),
        (["pypi", "-AgEIcHlwaS5vcmc", &url(70)].concat(), "a PyPI token"),
        (["sk", "-ant-api03-", &url(93)].concat(), "an Anthropic key"),
        (["sk", "-", &alnum(20), "T3Blbk", "FJ", &alnum(20)].concat(), "an OpenAI key"),
        (["AI", "za", &url(35)].concat(), "a Google API key"),
        (["tskey", "-auth-", &alnum(16), "-", &alnum(32)].concat(), "a Tailscale key"),
        (["234567891:", "AA", &url(33)].concat(), "a Telegram bot token"),
        (["hf", "_", &alnum(34)].concat(), "a Hugging Face token"),
        (["DISCORD_TOKEN=MTA", &alnum(21), ".GabcDe.", &url(38)].concat(), "a Discord bot token"),
        (
            ["https://discord.com", "/api/webhooks/", "223456789012345678/", &url(68)].concat(),
            "a Discord webhook",
        ),
        (
            ["https://hooks.slack", ".com/services/", "T01234567/B01234567/", &alnum(24)].concat(),
            "a Slack webhook",
        ),
        (jwt, "a JSON Web Token"),
        (["id=AK", "IAQ3EGSDUXZPLMKN2W key=", &signs(BASE64, 40)].concat(), "an AWS key"),
    ] {
        assert_eq!(found(Role::Any, &format!("\nx = {text}\n")), [format!("2: {what}")], "{text}");
        // In a word of something else it is none.
        assert_eq!(found(Role::Any, &format!("\\n{text}\\n")), [format!("1: {what}")], "{text}");
    }
    for text in [
        // Stand-ins, sums that are wrong, words that begin alike.
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".to_owned(),
        ["ghp", "_", &alnum(36)].concat(),
        ["glpat", "-your-token-goes-here-0"].concat(),
        ["sk", "_test_", &alnum(24)].concat(),
        ["AK", "IAIOSFODNN7EXAMPLE ", &signs(BASE64, 40)].concat(),
        ["AK", "IAQ3EGSDUXZPLMKN2W rev = ", &signs(HEX, 40)].concat(),
        [
            "eyJhbGciOi",
            "JIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4.",
            &url(43),
        ]
        .concat(),
        format!("https://host.example/{}/npm_config_cache", alnum(8)),
        format!("a{}", ["hf", "_", &alnum(34)].concat()),
        "a discord.nix with programs.discord.enable = true; and MTA.in.it".to_owned(),
        "12:AAAAB3NzaC1yc2EAAAADAQABAAABgQC7".to_owned(),
    ] {
        assert_eq!(found(Role::Nix, &text), [""; 0], "{text}");
    }
}

#[test]
fn hashes_of_passwords_are_known_by_their_method() {
    let hash =
        |many| signs("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", many);
    for text in [
        format!("$6$saltsalt${}", hash(86)),
        format!("$6$rounds=5000$salt${}", hash(86)),
        format!("$5$salt${}", hash(43)),
        format!("$1$salt${}", hash(22)),
        format!("$y$j9T$ZsalT0salt1${}", hash(43)),
        format!("$2b$12${}", hash(53)),
        format!("$argon2id$v=19$m=65540,t=3,p=4$bXlzYWx0${}", hash(43)),
    ] {
        let line = format!("{{ users.users.ada.hashedPassword = \"{text}\"; }}");
        assert_eq!(found(Role::Nix, &line), ["1: a hash of a password"], "{text}");
    }
    for text in ["$6$", "$6$salt$", "awk '{print $1$2}'", "$y$j9T$...$...", "cut $5$6", "echo $1$"]
    {
        assert_eq!(found(Role::Any, text), [""; 0], "{text}");
    }
}

#[test]
fn names_count_in_nix_files_only_with_a_literal_text() {
    let random = signs(ALNUM, 32);
    for (text, what) in [
        ("password = \"hunter2\";".to_owned(), "a password"),
        ("initialPassword = \"changeme\";".to_owned(), "a password"),
        ("users.users.ada.password = lib.mkForce \"hunter2\";".to_owned(), "a password"),
        ("networks.home.psk = \"correct horse\";".to_owned(), "a password"),
        ("environment.DB_PASSWORD = (mkDefault (\"hunter2\"));".to_owned(), "a password"),
        ("\"db.password\" = ''hunter2'';".to_owned(), "a password"),
        ("password /* of the */ = # door\n \"hunter2\";".to_owned(), "a password"),
        (format!("apiKey = \"{random}\";"), "a secret"),
        (format!("client-secret = \"{random}\";"), "a secret"),
        (format!("API_TOKEN = \"{random}\";"), "a secret"),
    ] {
        assert_eq!(found(Role::Nix, &format!("{{\n{text}\n}}")), [format!("2: {what}")], "{text}");
        assert_eq!(found(Role::Any, &text), [""; 0], "{text}");
        // Also where the rest of the file is no Nix, and where it is no UTF-8.
        assert_eq!(found(Role::Nix, &format!("]}}\n{text}")), [format!("2: {what}")], "{text}");
        let bytes = [b"# \xff\xfe\n", text.as_bytes()].concat();
        assert_eq!(findings(Role::Nix, &bytes).first().map(|found| found.line), Some(2), "{text}");
    }
    // A line is told once, by what is most sure about it.
    let token = ["ghp", "_", &githubs()].concat();
    assert_eq!(found(Role::Nix, &format!("{{ token = \"{token}\"; }}")), ["1: a GitHub token"]);
}

#[test]
fn a_comment_says_that_it_is_none() {
    for text in [
        "{ password = \"hunter2\"; # studio: allow-secret\n}",
        "{\n  # studio: allow-secret (the VM of the test has no network)\n  password = \"hunter2\";\n}",
    ] {
        assert_eq!(found(Role::Nix, text), [""; 0], "{text}");
    }
    let text = "{ password = \"one\"; # studio: allow-secret\n\n  password = \"two\"; }";
    assert_eq!(found(Role::Nix, text), ["3: a password"]);
}

#[test]
fn what_nix_files_are_full_of_is_no_secret() {
    let text = include_str!("fixtures/plain.nix");
    assert_eq!(found(Role::Nix, text), [""; 0]);
}

#[test]
fn whatever_the_bytes_are_it_ends_well() {
    let mut dice = testkit::Dice::new();
    let pieces: Vec<Vec<u8>> = [
        "PRIVATE KEY",
        "-----BEGIN ",
        "-----",
        "AGE-SECRET-KEY-1",
        "==",
        "privateKey = \"",
        ":AA",
        "AKIA",
        "ghp_",
        "$6$",
        "$6$rounds=",
        "$",
        "eyJhbGciOi",
        ".",
        "eyJ",
        "discord",
        "T3BlbkFJ",
        "sk-",
        "\"",
        "''",
        "${",
        "}",
        "password",
        " = ",
        ";",
        "\n",
        "mkForce ",
        "(",
        ")",
        "token",
        "\u{fffd}",
        "ü",
        "/*",
        "#",
        "hooks.slack.com/services/T",
        "/B",
        "/api/webhooks/",
        "1234567890",
        " BLOCK-----\n\n",
        "PGP ",
        "PuTTY-User-Key-File-",
        "$argon2id$",
        "v=",
        "studio: allow-secret",
    ]
    .iter()
    .map(|piece| piece.as_bytes().to_vec())
    .chain([signs(BASE64, 90).into_bytes(), vec![0xff, 0xc3], vec![0x30, 0x82], vec![0]])
    .collect();
    for _ in 0..testkit::rounds(4_000, 400_000) {
        let mut bytes: Vec<u8> = vec![];
        for _ in 0..dice.below(12) {
            let piece = pieces[dice.below(pieces.len() as u64) as usize].as_slice();
            let cut = dice.below(piece.len() as u64 + 1) as usize;
            bytes.extend(&piece[..if dice.below(4) == 0 { cut } else { piece.len() }]);
        }
        for role in [Role::Nix, Role::Any] {
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
            let findings = findings(role, &bytes);
            assert!(findings.iter().all(|found| (1..=lines).contains(&found.line)), "{bytes:?}");
        }
    }
}

//! Tokens that say by their first letters who gave them out, as the services document them or put them into secret
//! scanners.

use super::random;

/// The signs that a token may go on with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Signs {
    /// Letters and digits.
    Alnum,
    /// `0`-`9`, `a`-`f`.
    Hex,
    /// Letters, digits, `-` and `_`.
    Url,
}

impl Signs {
    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Signs::Alnum => byte.is_ascii_alphanumeric(),
            Signs::Hex => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            Signs::Url => byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_',
        }
    }
}

/// The form of a token after its first letters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// What it begins with.
    pub(super) prefix: &'static str,
    /// What it is, with an article.
    pub(super) what: &'static str,
    signs: Signs,
    /// How many signs follow at least, and at most.
    length: (usize, usize),
}

const fn form(
    prefix: &'static str,
    what: &'static str,
    signs: Signs,
    length: (usize, usize),
) -> Form {
    Form { prefix, what, signs, length }
}

const MANY: usize = 1000;

/// The forms that need no look of their own.
pub(super) const FORMS: [Form; 36] = {
    use Signs::{Alnum, Hex, Url};
    [
        form("github_pat_", "a GitHub token", Url, (60, 100)),
        form("glpat-", "a GitLab token", Url, (20, MANY)),
        form("glrt-", "a GitLab runner token", Url, (20, MANY)),
        form("gldt-", "a GitLab deploy token", Url, (20, MANY)),
        form("glptt-", "a GitLab trigger token", Hex, (40, 40)),
        form("xoxb-", "a Slack token", Url, (24, MANY)),
        form("xoxp-", "a Slack token", Url, (24, MANY)),
        form("xoxa-", "a Slack token", Url, (24, MANY)),
        form("xoxr-", "a Slack token", Url, (24, MANY)),
        form("xoxs-", "a Slack token", Url, (24, MANY)),
        form("xapp-1-", "a Slack token", Url, (40, MANY)),
        form("sk_live_", "a Stripe key", Alnum, (24, MANY)),
        form("rk_live_", "a Stripe key", Alnum, (24, MANY)),
        form("whsec_", "a secret of a webhook", Alnum, (32, 64)),
        form("npm_", "an npm token", Alnum, (36, 36)),
        form("pypi-AgEIcHlwaS5vcmc", "a PyPI token", Url, (50, MANY)),
        form("sk-ant-", "an Anthropic key", Url, (80, 200)),
        form("sk-or-v1-", "an OpenRouter key", Hex, (64, 64)),
        form("gsk_", "a Groq key", Alnum, (52, 52)),
        form("hf_", "a Hugging Face token", Alnum, (34, 34)),
        form("AIza", "a Google API key", Url, (35, 35)),
        form("GOCSPX-", "a Google client secret", Url, (28, 28)),
        form("tskey-auth-", "a Tailscale key", Url, (20, 100)),
        form("tskey-api-", "a Tailscale key", Url, (20, 100)),
        form("tskey-client-", "a Tailscale key", Url, (20, 100)),
        form("dop_v1_", "a DigitalOcean token", Hex, (64, 64)),
        form("SG.", "a SendGrid key", Url, (22, 22)),
        form("hvs.", "a Vault token", Url, (90, MANY)),
        form("shpat_", "a Shopify token", Hex, (32, 32)),
        form("lin_api_", "a Linear key", Alnum, (40, 40)),
        form("dckr_pat_", "a Docker Hub token", Url, (27, 27)),
        form("nfp_", "a Netlify token", Alnum, (36, 36)),
        form("pul-", "a Pulumi token", Hex, (40, 40)),
        form("glsa_", "a Grafana token", Url, (41, 41)),
        form("syt_", "a Matrix token", Url, (28, 120)),
        form("ops_eyJ", "a 1Password token", Url, (250, 2000)),
    ]
};

impl Form {
    /// Whether the form goes on right from `end`, where its first letters ended.
    pub(super) fn fits(&self, content: &[u8], end: usize) -> bool {
        let rest = run(content, end, self.signs);
        (self.length.0..=self.length.1).contains(&rest.len()) && random(rest)
    }
}

/// The longest run of these signs from `at` on.
pub(super) fn run(content: &[u8], at: usize, signs: Signs) -> &[u8] {
    let rest = &content[at.min(content.len())..];
    &rest[..rest.iter().position(|byte| !signs.has(*byte)).unwrap_or(rest.len())]
}

/// Whether these are the 36 signs of a token of GitHub's: the last six are the CRC-32 of those before, in base 62, as
/// <https://github.blog/engineering/behind-githubs-new-authentication-token-formats/> has it.
pub(super) fn is_githubs(signs: &[u8]) -> bool {
    let Some((random, sum)) = signs.split_at_checked(30) else { return false };
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut left = crc32fast::hash(random);
    let mut right = [b'0'; 6];
    for digit in right.iter_mut().rev() {
        *digit = DIGITS[(left % 62) as usize];
        left /= 62;
    }
    sum == right
}

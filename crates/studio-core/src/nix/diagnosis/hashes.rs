//! Hashes that are not those of what came: where the wrong one stands, and the right one in its place.

use super::complaint::Complaint;
use super::{Diagnosis, Place, Source, shell_word};
use crate::git;
use data_encoding::{BASE64, BitOrder, Encoding, HEXLOWER, Specification};

/// Nix's own letters of base 32, without `e`, `o`, `t` and `u`.
const NIX_LETTERS: &str = "0123456789abcdfghijklmnpqrsvwxyz";

/// What stands for a hash that is not known yet.
const PLACEHOLDERS: [&str; 5] =
    ["lib.fakeHash", "lib.fakeSha256", "lib.fakeSha512", "hash = \"\"", "sha256 = \"\""];

/// A derivation whose output is known beforehand came out otherwise.
pub fn of_derivation(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    complaint.message.strip_prefix("hash mismatch in fixed-output derivation '")?;
    answer(complaint, source)
}

/// A file that was fetched during the evaluation is another one.
pub fn of_download(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    complaint.message.strip_prefix("hash mismatch in file downloaded from '")?;
    answer(complaint, source)
}

/// An input is not what was locked.
pub fn of_input(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let message = &complaint.message;
    // Until 2.18 and since 2.30; between them.
    let known = message.starts_with("NAR hash mismatch in input '")
        || message.starts_with("mismatch in field 'narHash' of input '");
    let wanted = message.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=-".contains(c));
    let hashes: Vec<&str> = wanted.filter(|word| word.starts_with("sha256-")).collect();
    let lock = source?.text("flake.lock")?;
    let lock: serde_json::Value = serde_json::from_str(&lock).ok()?;
    let (name, _) = lock.get("nodes")?.as_object()?.iter().find(|(_, node)| {
        let locked = node.pointer("/locked/narHash").and_then(serde_json::Value::as_str);
        locked.is_some_and(|locked| hashes.contains(&locked))
    })?;
    known.then(|| {
        Diagnosis::of_flake([format!(
            "`{name}` in `flake.lock` is not what its address gives now; if that is right, lock it anew in \
             the studio: `nix flake update {name}`"
        )])
    })
}

fn answer(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let value = |name: &str| {
        complaint.own_words().find_map(|line| line.trim_start().strip_prefix(name)).map(str::trim)
    };
    let (old, new) = (Hash::parse(value("specified:")?)?, Hash::parse(value("got:")?)?);
    let source = source?;
    let spellings = old.spellings();
    let texts: Vec<&str> = spellings.iter().map(String::as_str).collect();
    let found = git::lines_with(source.folder(), &texts);
    let hint = match found.as_slice() {
        [(file, line, text), ..] => {
            let place = Place { file: file.clone(), line: Some(*line) };
            let spelt = spellings.iter().find(|spelt| text.contains(spelt.as_str()))?;
            let new = new.sri();
            format!(
                "the hash is at {place}; if what came is right, in the studio: `sed -i 's|{spelt}|{new}|' {}`",
                shell_word(file)
            )
        }
        [] if old.bytes.iter().all(|byte| *byte == 0) => {
            match git::lines_with(source.folder(), &PLACEHOLDERS).as_slice() {
                [(file, line, _)] => format!(
                    "{} has a placeholder; put the hash that nix got there",
                    Place { file: file.clone(), line: Some(*line) }
                ),
                _ => return None,
            }
        }
        [] => "no file of your flake has this hash, so an input has it: update that one, `nix flake update \
               INPUT`"
            .to_owned(),
    };
    Some(Diagnosis::of_flake([hint]))
}

/// A hash, however it is spelt.
#[derive(Debug, PartialEq, Eq)]
struct Hash {
    kind: String,
    bytes: Vec<u8>,
}

impl Hash {
    /// `sha256-BASE64` or `sha256:BASE32`, as Nix writes them.
    fn parse(text: &str) -> Option<Hash> {
        let (kind, digits) = text.split_once(['-', ':'])?;
        let length = match kind {
            "md5" => 16,
            "sha1" => 20,
            "sha256" => 32,
            "sha512" => 64,
            _ => return None,
        };
        let spelt = [
            BASE64.decode(digits.as_bytes()).ok(),
            HEXLOWER.decode(digits.as_bytes()).ok(),
            base32()?.decode(digits.chars().rev().collect::<String>().as_bytes()).ok(),
        ];
        let bytes = spelt.into_iter().flatten().find(|bytes| bytes.len() == length)?;
        Some(Hash { kind: kind.to_owned(), bytes })
    }

    /// As Nix prefers it today.
    fn sri(&self) -> String {
        format!("{}-{}", self.kind, BASE64.encode(&self.bytes))
    }

    /// All spellings in which it may stand in a file.
    fn spellings(&self) -> Vec<String> {
        let base32 = base32().map(|code| code.encode(&self.bytes));
        let base32 = base32.map(|digits| digits.chars().rev().collect());
        [Some(self.sri()), base32, Some(HEXLOWER.encode(&self.bytes))]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Nix's base 32, which is that of everybody else with other letters, the lowest bits first, read from the end.
fn base32() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str(NIX_LETTERS);
    specification.bit_order = BitOrder::LeastSignificantFirst;
    specification.encoding().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_the_same_in_all_spellings() {
        // Of `printf hello | sha256sum`, and by `nix hash convert`.
        let hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let sri = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
        let base32 = "094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic";
        let hash = Hash::parse(sri).expect("a hash");
        assert_eq!(hash.spellings(), [sri, base32, hex]);
        assert_eq!(Hash::parse(&format!("sha256:{base32}")).as_ref(), Some(&hash));
        assert_eq!(Hash::parse(&format!("sha256:{hex}")), Some(hash));
        assert_eq!(Hash::parse("sha256-short"), None);
        assert_eq!(Hash::parse("blake3-LPJN"), None);
    }
}

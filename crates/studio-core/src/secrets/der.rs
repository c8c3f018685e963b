//! Private keys in binary form, by how their first bytes must be.
//!
//! DER as ITU-T X.690 has it; the structures are those of RFC 7292 (PKCS #12), RFC 5208 (PKCS #8) and RFC 8017 (PKCS #1).

use super::{Finding, Kind};

/// The identifier of the data of a PKCS #12 file: 1.2.840.113549.1.7.1, as an object.
const PKCS7_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];

/// The identifier of RSA keys: 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// The identifier of keys on elliptic curves: 1.2.840.10045.2.1.
const EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// The key that a binary file is, if it is one.
pub(super) fn finding(content: &[u8]) -> Option<Finding> {
    let what = if content.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) {
        "a Java keystore"
    } else {
        let inner = inside(content, 0x30)?;
        if let Some(rest) = inner.strip_prefix(&[0x02, 0x01, 0x03]) {
            inside(rest, 0x30)?.starts_with(PKCS7_DATA).then_some("a PKCS #12 key store")?
        } else {
            let rest = inner.strip_prefix(&[0x02, 0x01, 0x00])?;
            let algorithm = inside(rest, 0x30).unwrap_or_default();
            let pkcs8 = algorithm.starts_with(RSA) || algorithm.starts_with(EC);
            // Eight numbers follow the version of an RSA key; the first has 64 bytes or more.
            let pkcs1 = rest.starts_with(&[0x02, 0x82]) || rest.starts_with(&[0x02, 0x81]);
            (pkcs8 || pkcs1).then_some("a private key")?
        }
    };
    Some(Finding { kind: Kind::PrivateKey, what: what.to_owned(), line: 1 })
}

/// What comes after the tag and the length of an element that begins here.
fn inside(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(&[tag])?;
    let (length, rest) = rest.split_first()?;
    match length {
        0..=0x80 => Some(rest),
        more => rest.get(usize::from(more & 0x7f)..),
    }
}

//! SHA-256 in hexadecimal, as it stands in every record here.

use sha2::{Digest, Sha256};

/// The digest of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_what_sha256sum_says() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::hex(b"abc"), known);
    }
}

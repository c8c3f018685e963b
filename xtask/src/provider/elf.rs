//! One question about an elf file: does it need a dynamic linker? Not a reader of elf in general.

use std::io::{Read, Seek, SeekFrom};

const PT_INTERP: u32 = 3;

/// Whether `file` is a 64-bit little-endian elf program that asks for no interpreter.
/// Anything that is cut short or something else is simply not static.
pub fn is_static(file: &mut (impl Read + Seek)) -> bool {
    check(file).unwrap_or(false)
}

fn check(file: &mut (impl Read + Seek)) -> Option<bool> {
    let mut header = [0_u8; 64];
    file.read_exact(&mut header).ok()?;
    // Magic, 64 bit, little endian: all that debian's amd64 and arm64 have.
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let offset = u64::from_le_bytes(header[32..40].try_into().ok()?);
    let size = u16::from_le_bytes([header[54], header[55]]);
    let count = u16::from_le_bytes([header[56], header[57]]);
    if count == 0 || size < 4 {
        return None;
    }
    for index in 0..u64::from(count) {
        let at = offset.checked_add(index * u64::from(size))?;
        file.seek(SeekFrom::Start(at)).ok()?;
        let mut kind = [0_u8; 4];
        file.read_exact(&mut kind).ok()?;
        if u32::from_le_bytes(kind) == PT_INTERP {
            return Some(false);
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn elf(kinds: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0_u8; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = u8::try_from(kinds.len()).expect("few");
        for kind in kinds {
            bytes.extend(kind.to_le_bytes());
            bytes.extend([0_u8; 52]);
        }
        bytes
    }

    #[test]
    fn static_has_no_interpreter() {
        assert!(is_static(&mut Cursor::new(elf(&[1, 1, 2]))));
        assert!(!is_static(&mut Cursor::new(elf(&[6, PT_INTERP, 1]))));
    }

    #[test]
    fn junk_is_not_static() {
        assert!(!is_static(&mut Cursor::new(b"#!/bin/sh\n".to_vec())));
        assert!(!is_static(&mut Cursor::new(Vec::new())));
        let mut cut = elf(&[1, 2]);
        cut.truncate(70);
        assert!(!is_static(&mut Cursor::new(cut)));
        assert!(!is_static(&mut Cursor::new(elf(&[]))));
        let mut far = elf(&[1]);
        far[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(!is_static(&mut Cursor::new(far)));
    }

    #[test]
    fn this_test_is_told_apart_from_text() {
        let mut me = std::fs::File::open("/proc/self/exe").expect("linux");
        // The default target of rust is dynamic.
        assert_eq!(is_static(&mut me), cfg!(target_feature = "crt-static"));
    }
}

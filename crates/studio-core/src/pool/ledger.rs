//! What each file of the pool looked like when we last touched it.
//!
//! A hard link has one inode for all its names, and whenever a snapshot links or drops it the kernel changes its ctime:
//! so ctime alone would make every snapshot look tampered with as soon as another is taken. Whoever links or unlinks
//! files of the pool writes down, under the pool's lock, what they look like afterwards. A file that looks otherwise was
//! touched by somebody else, or by one of ours that was killed, and is read and hashed before it is believed.
//!
//! It is only a cache: a ledger that is gone, cut short or older than the files costs time and nothing else.

use crate::fs::Stamp;

/// The first bytes of the file; another format gets another number.
const MAGIC: &[u8; 16] = b"studio ledger 1\n";
/// The length of a row: inode, ctime (seconds, nanoseconds), size.
const ROW: usize = 8 + 8 + 4 + 8;
/// Magic and device before the rows, a checksum after them.
const HEAD: usize = 16 + 8;
const TAIL: usize = 4;

/// Rows sorted by inode, as they lie in the file.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    dev: u64,
    rows: Vec<u8>,
}

impl Ledger {
    /// What the bytes of a file say; empty if they are damaged.
    pub fn parse(bytes: &[u8]) -> Ledger {
        let whole = || {
            let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(TAIL)?)?;
            let rest = body.strip_prefix(MAGIC)?;
            let (dev, rows) = rest.split_first_chunk::<8>()?;
            (crc32fast::hash(body).to_le_bytes() == *sum && rows.len().is_multiple_of(ROW))
                .then(|| Ledger { dev: u64::from_le_bytes(*dev), rows: rows.to_vec() })
        };
        whole().unwrap_or_default()
    }

    /// As it lies in the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + self.rows.len() + TAIL);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.dev.to_le_bytes());
        bytes.extend_from_slice(&self.rows);
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Whether the file looks as we left it.
    pub fn knows(&self, stamp: &Stamp) -> bool {
        self.dev == stamp.dev && self.find(stamp.ino).is_some_and(|row| row[..] == row_of(stamp))
    }

    fn find(&self, ino: u64) -> Option<&[u8; ROW]> {
        let (rows, _) = self.rows.as_chunks::<ROW>();
        rows.binary_search_by_key(&ino, ino_of).ok().map(|at| &rows[at])
    }

    /// Takes what these files look like now, in the place of what was known of them.
    pub fn learn(&mut self, stamps: impl IntoIterator<Item = Stamp>) {
        let mut new: Vec<[u8; ROW]> = Vec::new();
        for stamp in stamps {
            // Numbers of another device would be taken for those of this one.
            if stamp.dev != self.dev {
                self.dev = stamp.dev;
                self.rows.clear();
                new.clear();
            }
            new.push(row_of(&stamp));
        }
        // Of one inode the last row counts, so the order among equals must stay.
        new.sort_by_key(ino_of);
        let mut merged: Vec<u8> = Vec::with_capacity(self.rows.len() + new.len() * ROW);
        let (old, _) = self.rows.as_chunks::<ROW>();
        let mut old = old.iter().peekable();
        for (at, row) in new.iter().enumerate() {
            if new.get(at + 1).is_some_and(|next| ino_of(next) == ino_of(row)) {
                continue;
            }
            while let Some(before) = old.next_if(|before| ino_of(before) < ino_of(row)) {
                merged.extend_from_slice(before);
            }
            old.next_if(|same| ino_of(same) == ino_of(row));
            merged.extend_from_slice(row);
        }
        old.for_each(|row| merged.extend_from_slice(row));
        self.rows = merged;
    }

    /// Keeps only what `stays` says yes to, by inode.
    pub fn retain(&mut self, stays: impl Fn(u64) -> bool) {
        let (rows, _) = self.rows.as_chunks::<ROW>();
        self.rows = rows.iter().filter(|row| stays(ino_of(row))).flatten().copied().collect();
    }

    /// How many files it knows.
    pub(super) fn len(&self) -> usize {
        self.rows.len() / ROW
    }
}

fn ino_of(row: &[u8; ROW]) -> u64 {
    u64::from_le_bytes(row[..8].try_into().expect("eight bytes"))
}

fn row_of(stamp: &Stamp) -> [u8; ROW] {
    let mut row = [0; ROW];
    row[..8].copy_from_slice(&stamp.ino.to_le_bytes());
    row[8..16].copy_from_slice(&stamp.ctime.0.to_le_bytes());
    row[16..20].copy_from_slice(&stamp.ctime.1.to_le_bytes());
    row[20..].copy_from_slice(&stamp.size.to_le_bytes());
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(ino: u64, ctime: i64) -> Stamp {
        Stamp {
            dev: 7,
            ino,
            size: 3,
            mode: 0,
            mtime: (1, 0),
            ctime: (ctime, 5),
            links: 1,
            blocks: 8,
            uid: 0,
            gid: 0,
        }
    }

    #[test]
    fn what_was_learnt_last_counts_and_survives_the_file() {
        let mut ledger = Ledger::default();
        ledger.learn([stamp(5, 1), stamp(2, 1), stamp(9, 1)]);
        ledger.learn([stamp(5, 2), stamp(1, 1), stamp(5, 3)]);
        let read = Ledger::parse(&ledger.to_bytes());
        assert_eq!(read.len(), 4);
        for (ino, ctime) in [(1, 1), (2, 1), (5, 3), (9, 1)] {
            assert!(read.knows(&stamp(ino, ctime)), "{ino}");
        }
        assert!(!read.knows(&stamp(5, 2)));
        assert!(!read.knows(&stamp(3, 1)));
        let other = Stamp { dev: 8, ..stamp(2, 1) };
        assert!(!read.knows(&other));
        assert!(!read.knows(&Stamp { size: 4, ..stamp(2, 1) }));
    }

    #[test]
    fn a_damaged_ledger_knows_nothing() {
        let mut ledger = Ledger::default();
        ledger.learn([stamp(5, 1), stamp(2, 1)]);
        let bytes = ledger.to_bytes();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert_eq!(Ledger::parse(&bad).len(), 0, "byte {at}");
            assert_eq!(Ledger::parse(&bytes[..at]).len(), 0, "cut at {at}");
        }
        ledger.retain(|ino| ino == 5);
        assert_eq!(ledger.len(), 1);
        assert!(ledger.knows(&stamp(5, 1)));
    }
}

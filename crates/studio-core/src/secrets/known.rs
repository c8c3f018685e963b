//! What is known of files and folders of git that were looked at: that nothing is in them, or what is.
//!
//! By the id that git gives a content, with the way in which a file was read; so it holds for every studio of this
//! `STUDIO_HOME` and for ever, as long as the rules are the same. It is only a cache: one that is gone, damaged or of other
//! rules costs a look at everything, and nothing else. No secret is in it.

use super::{Finding, RULES, Role};
use crate::fs;
use crate::git::Tree;
use crate::home::Home;
use crate::pool::BlobId;
use std::collections::BTreeMap;

/// The first bytes of the file; another format gets another number.
const MAGIC: &[u8; 17] = b"studio secrets 1\n";

/// How something was looked at, and the id of what it is.
type Row = [u8; 21];

/// With more rows than this, it begins anew with those that are in use: 21 MB.
const MOST: usize = 1_000_000;

/// What was looked at before, and since it was read.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What holds nothing, sorted, as it lies in the file.
    clean: Vec<u8>,
    /// What files hold that hold something.
    found: BTreeMap<String, Vec<Finding>>,
    /// What was found clean since, in any order.
    new: Vec<Row>,
    changed: bool,
}

fn row(way: u8, id: &BlobId) -> Row {
    let mut row = [way; 21];
    row[1..].copy_from_slice(id);
    row
}

fn of_file(role: Role, id: &BlobId) -> Row {
    row(if role == Role::Nix { b'n' } else { b'f' }, id)
}

fn of_tree(tree: Tree) -> Row {
    row(b't', &tree.bytes())
}

fn text(row: &Row) -> String {
    use std::fmt::Write;
    row.iter().fold(String::with_capacity(42), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Known {
    /// What the file of this `STUDIO_HOME` says.
    pub(super) fn load(home: &Home) -> Known {
        fs::read(&home.secrets()).ok().and_then(|bytes| Known::parse(&bytes)).unwrap_or_default()
    }

    fn parse(bytes: &[u8]) -> Option<Known> {
        let (body, sum) = bytes.split_last_chunk::<4>()?;
        let rest = body.strip_prefix(MAGIC)?;
        let (rules, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (found, clean) = rest.split_at_checked(length)?;
        let fits = u32::from_le_bytes(*rules) == RULES
            && clean.len().is_multiple_of(size_of::<Row>())
            && crc32fast::hash(body) == u32::from_le_bytes(*sum);
        let found = fits.then(|| serde_json::from_slice(found).ok())??;
        Some(Known { clean: clean.to_vec(), found, new: vec![], changed: false })
    }

    /// Writes what was learnt. A cache that cannot be written is none.
    pub(super) fn keep(self, home: &Home) {
        if self.changed {
            let _ = fs::write_cache(&home.secrets(), &self.into_bytes());
        }
    }

    fn into_bytes(mut self) -> Vec<u8> {
        self.new.sort_unstable();
        self.new.dedup();
        let (old, _) = self.clean.as_chunks::<21>();
        if old.len() + self.new.len() > MOST {
            self.clean.clear();
        }
        let found = serde_json::to_vec(&self.found).unwrap_or_else(|_| b"{}".to_vec());
        let length = u32::try_from(found.len()).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&RULES.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&found);
        let (old, _) = self.clean.as_chunks::<21>();
        let mut old = old.iter().peekable();
        for row in &self.new {
            while let Some(before) = old.next_if(|before| *before < row) {
                bytes.extend_from_slice(before);
            }
            old.next_if_eq(&row);
            bytes.extend_from_slice(row);
        }
        old.for_each(|row| bytes.extend_from_slice(row));
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn has(&self, row: &Row) -> bool {
        self.clean.as_chunks::<21>().0.binary_search(row).is_ok()
    }

    /// Whether nothing is anywhere below a folder.
    pub(super) fn is_clean(&self, tree: Tree) -> bool {
        self.has(&of_tree(tree))
    }

    /// What is in a file; `None` if nobody has looked.
    pub(super) fn of(&self, role: Role, id: &BlobId) -> Option<&[Finding]> {
        let row = of_file(role, id);
        if self.has(&row) {
            return Some(&[]);
        }
        // Most have nothing, and this is only a few.
        self.found.get(&text(&row)).map(Vec::as_slice)
    }

    /// Learns what is in a file.
    pub(super) fn learn(&mut self, role: Role, id: &BlobId, found: Vec<Finding>) {
        let row = of_file(role, id);
        match found.is_empty() {
            true => self.new.push(row),
            false => _ = self.found.insert(text(&row), found),
        }
        self.changed = true;
    }

    /// Learns that nothing is anywhere below a folder.
    pub(super) fn learn_clean(&mut self, tree: Tree) {
        self.new.push(of_tree(tree));
        self.changed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Kind;

    fn finding() -> Finding {
        Finding { kind: Kind::Password, what: "a password".to_owned(), line: 3 }
    }

    #[test]
    fn what_was_learnt_is_known_by_content_and_by_the_way_of_reading() {
        let mut known = Known::default();
        for n in [7, 3, 9, 3] {
            known.learn(Role::Any, &[n; 20], vec![]);
        }
        known.learn(Role::Nix, &[5; 20], vec![finding()]);
        let again = Known::parse(&known.into_bytes()).expect("whole");
        assert_eq!(again.of(Role::Any, &[3; 20]), Some(&[][..]));
        assert_eq!(again.of(Role::Nix, &[3; 20]), None);
        assert_eq!(again.of(Role::Nix, &[5; 20]), Some(&[finding()][..]));
        let mut again = again;
        again.learn(Role::Any, &[5; 20], vec![]);
        again.learn(Role::Any, &[9; 20], vec![]);
        let last = Known::parse(&again.into_bytes()).expect("whole");
        assert_eq!(last.clean.len(), 4 * 21);
        assert!([3, 5, 7, 9].iter().all(|n| last.of(Role::Any, &[*n; 20]).is_some()));
    }

    #[test]
    fn a_damaged_one_is_none() {
        let mut known = Known::default();
        known.learn(Role::Any, &[7; 20], vec![]);
        let bytes = known.into_bytes();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(Known::parse(&damaged).is_none(), "byte {at}");
            assert!(Known::parse(&bytes[..at]).is_none(), "cut at {at}");
        }
    }
}

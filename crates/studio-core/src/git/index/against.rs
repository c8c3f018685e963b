//! Where an index is not as a tree, by ids: a folder whose tree the index remembers is not looked into.
//!
//! Not here: the work tree, which is not looked at either.

use crate::git::Any;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::extension::Tree as Remembered;
use gix::index::{Entry, State};
use gix::objs::tree::EntryKind;
use std::collections::HashMap;
use std::ops::Range;

/// One step along an index and a tree, in the order of an index.
pub(in crate::git) enum Step {
    /// These entries are as the tree has them.
    Same(Range<usize>),
    /// The tree has something else here, or the index has nothing.
    Other {
        /// From the top.
        path: BString,
        /// What the tree has.
        id: gix::ObjectId,
        /// Its kind.
        kind: EntryKind,
        /// What the index has, if it has a file there.
        entry: Option<usize>,
    },
    /// The tree has nothing here.
    Gone(usize),
}

/// Takes all steps, and returns what an index that is made as the tree says can remember of its folders.
pub(in crate::git) fn against(
    repo: &gix::Repository,
    index: &State,
    tree: gix::ObjectId,
    step: &mut dyn FnMut(Step),
) -> Any<Remembered> {
    let mut way = Way { repo, index, step, path: BString::default() };
    way.folder(b"", tree, index.tree(), 0..index.entries().len())
}

struct Way<'a> {
    repo: &'a gix::Repository,
    index: &'a State,
    step: &'a mut dyn FnMut(Step),
    /// The folder that is being compared, with a slash behind it.
    path: BString,
}

impl Way<'_> {
    fn folder(
        &mut self,
        name: &[u8],
        id: gix::ObjectId,
        remembered: Option<&Remembered>,
        entries: Range<usize>,
    ) -> Any<Remembered> {
        if let Some(remembered) = remembered
            && remembered.id == id
            && remembered.num_entries == u32::try_from(entries.len()).ok()
        {
            (self.step)(Step::Same(entries));
            return Ok(remembered.clone());
        }
        let below: HashMap<&[u8], &Remembered> = remembered
            .iter()
            .flat_map(|remembered| &remembered.children)
            .map(|child| (child.name.as_slice(), child))
            .collect();
        let depth = self.path.len();
        let mut at = entries.start;
        let mut children = Vec::new();
        let mut number = 0;
        let tree = self.repo.find_tree(id)?;
        let mut last = BString::default();
        for entry in tree.iter() {
            let entry = entry?;
            let folder = entry.mode().is_tree();
            self.path.truncate(depth);
            self.path.extend_from_slice(entry.filename());
            if folder {
                self.path.push(b'/');
            }
            if last >= self.path {
                return Err("a tree is not sorted".into());
            }
            last.clone_from(&self.path);
            while at < entries.end && self.entry(at) < self.path.as_bstr() {
                (self.step)(Step::Gone(at));
                at += 1;
            }
            if folder {
                let rest = &self.index.entries()[at..entries.end];
                let inside = |entry: &Entry| entry.path(self.index).starts_with(&self.path);
                let end = at + rest.partition_point(inside);
                let name = entry.filename();
                let child = self.folder(
                    name,
                    entry.object_id(),
                    below.get(name.as_bytes()).copied(),
                    at..end,
                )?;
                number += child.num_entries.unwrap_or_default();
                children.push(child);
                at = end;
                continue;
            }
            number += 1;
            let (id, kind) = (entry.object_id(), entry.mode().kind());
            let here = (at < entries.end && self.entry(at) == self.path).then_some(at);
            let next = match here {
                Some(at) if self.is(at, id, kind) => Step::Same(at..at + 1),
                entry => Step::Other { path: self.path.clone(), id, kind, entry },
            };
            (self.step)(next);
            at += usize::from(here.is_some());
        }
        self.path.truncate(depth);
        (at..entries.end).for_each(|at| (self.step)(Step::Gone(at)));
        // The order that git keeps them in.
        children.sort_by(|a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
        let name = name.iter().copied().collect();
        Ok(Remembered { name, id, num_entries: Some(number), children })
    }

    fn entry(&self, at: usize) -> &BStr {
        self.index.entries()[at].path(self.index)
    }

    fn is(&self, at: usize, id: gix::ObjectId, kind: EntryKind) -> bool {
        let entry = &self.index.entries()[at];
        entry.id == id && entry.mode.to_tree_entry_mode().is_some_and(|mode| mode.kind() == kind)
    }
}

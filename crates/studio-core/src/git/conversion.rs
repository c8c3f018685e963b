//! Whether git, on the way from a tree to a file, writes something else than what lies in the tree.
//!
//! Only whether it may; the conversion itself is git's. gix converts too, but has its own mind about UTF-16 and `$Id$`.

use super::Repo;
use crate::error::{OrSay, Result};
use gix::attrs::{StateRef, search::Outcome};
use gix::bstr::BStr;
use gix::filter::plumbing::Driver;
use gix::filter::plumbing::eol::{AutoCrlf, Mode as Eol};
use gix::index::entry::Mode;
use gix::worktree::stack::state::attributes::Source;

/// The attributes that say something of it, in the order in which they are asked for.
const ASKED: [&str; 6] = ["text", "crlf", "eol", "ident", "filter", "working-tree-encoding"];

/// What the attributes and settings of a repository say of files.
pub(super) struct Conversion<'repo> {
    /// None where nothing says anything of any file.
    attributes: Option<(gix::AttributeStack<'repo>, Outcome)>,
    drivers: Vec<Driver>,
    /// Whether what git takes for lines of text is written with CRLF, unless an attribute says otherwise.
    crlf: bool,
}

impl Repo {
    /// What is said of the files of this index.
    pub(super) fn conversion(&self, index: &gix::index::State) -> Result<Conversion<'_>> {
        let failed = || "git's attributes cannot be read";
        let options = gix::filter::Pipeline::options(&self.gix).or_say(failed)?;
        let crlf = match options.eol_config.auto_crlf {
            AutoCrlf::Enabled => true,
            AutoCrlf::Input => false,
            AutoCrlf::Disabled => options.eol_config.eol == Some(Eol::CrLf),
        };
        let attributes = if self.has_attributes(index)? {
            let stack = self.gix.attributes_only(index, Source::IdMapping).or_say(failed)?;
            let found = stack.selected_attribute_matches(ASKED);
            Some((stack, found))
        } else {
            None
        };
        Ok(Conversion { attributes, drivers: options.drivers, crlf })
    }

    /// Whether anything can say something about attributes, so that each path must be asked for.
    fn has_attributes(&self, index: &gix::index::State) -> Result<bool> {
        let in_tree = index.entries().iter().any(|entry| {
            let path: &[u8] = entry.path(index);
            path == b".gitattributes" || path.ends_with(b"/.gitattributes")
        });
        let global =
            self.gix.attribute_global_paths().or_say(|| "git's attributes cannot be read")?;
        Ok(in_tree
            || self.common_dir().join("info/attributes").exists()
            || global.iter().any(|path| path.exists()))
    }
}

impl Conversion<'_> {
    /// Whether the file at this path may be written otherwise.
    pub(super) fn may_change(&mut self, path: &BStr, mode: Mode) -> Result<bool> {
        let Some((stack, found)) = &mut self.attributes else { return Ok(self.crlf) };
        let at = stack.at_entry(path, Some(mode)).or_say(|| "git's attributes cannot be read")?;
        at.matching_attributes(found);
        let said: Vec<StateRef<'_>> =
            found.iter_selected().map(|one| one.assignment.state).collect();
        let drivers = &self.drivers;
        let driver = |name: &BStr| {
            let known = drivers.iter().find(|driver| driver.name == name);
            known.is_some_and(|one| one.smudge.is_some() || one.process.is_some())
        };
        Ok(converts(&said, self.crlf, &driver))
    }
}

/// Whether what was said makes git write something else; `driver` is whether a filter of that name would.
fn converts(said: &[StateRef<'_>], crlf: bool, driver: &dyn Fn(&BStr) -> bool) -> bool {
    let [text, old_text, eol, ident, filter, encoding] = said else { return true };
    let value = |state: &StateRef<'_>, wanted: &str| match state {
        StateRef::Value(value) => value.as_bstr() == wanted,
        _ => false,
    };
    let filtered = matches!(filter, StateRef::Value(name) if driver(name.as_bstr()));
    let binary = matches!(old_text, StateRef::Unset)
        || (matches!(text, StateRef::Unset) && matches!(old_text, StateRef::Unspecified));
    let lf = value(eol, "lf") || value(old_text, "input");
    filtered
        || matches!(ident, StateRef::Set)
        || matches!(encoding, StateRef::Value(_) | StateRef::Set | StateRef::Unset)
        || (!binary && (value(eol, "crlf") || (crlf && !lf)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_git_may_change_is_converted() {
        use StateRef::{Set, Unset, Unspecified as No};
        let value = |text: &'static str| StateRef::from_bytes(text.as_bytes());
        let none = [No, No, No, No, No, No];
        let asked = |change: &dyn Fn(&mut [StateRef<'_>; 6]), crlf: bool| {
            let mut said = none;
            change(&mut said);
            converts(&said, crlf, &|name| name == "lfs")
        };
        assert!(!asked(&|_| {}, false));
        assert!(asked(&|_| {}, true));
        assert!(!asked(&|said| said[0] = Set, false));
        assert!(!asked(&|said| said[0] = value("auto"), false));
        assert!(!asked(&|said| said[0] = Unset, true));
        assert!(!asked(&|said| said[2] = value("lf"), true));
        assert!(asked(&|said| said[2] = value("crlf"), false));
        assert!(asked(&|said| said[3] = Set, false));
        assert!(asked(&|said| said[4] = value("lfs"), false));
        assert!(!asked(&|said| said[4] = value("nobody"), false));
        assert!(asked(&|said| said[5] = value("UTF-16"), false));
    }
}

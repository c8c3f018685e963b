//! What a failure of Nix comes down to, where that is known: the place in the user's flake, and what to type.
//!
//! Nix's messages are matched only to add to them; what nix said is not said again. A table of plain functions, a file
//! for each family, from one complaint of Nix's to a [`Diagnosis`]; the words are those of Nix 2.18 to 2.34, of Lix and
//! of nixpkgs. Whatever is not recognised for sure gets no answer but its place. Not here: how that becomes an error
//! (`failure`).

mod builds;
mod complaint;
mod files;
mod hashes;
mod machine;
mod modules;
mod packages;
mod scope;
mod source;

pub(super) use machine::disabled_feature;
pub use source::{Place, Source};

use super::Blame;
use complaint::Complaint;

/// How many lines are added at most to what Nix said.
const MOST: usize = 3;

/// What is known about a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What is at fault.
    pub blame: Blame,
    /// What is wrong, where that can be said better than by what was being done.
    pub message: Option<String>,
    /// Where it is and what to type, a line each.
    pub hints: Vec<String>,
}

impl Diagnosis {
    /// The flake is at fault.
    fn of_flake(hints: impl IntoIterator<Item = String>) -> Diagnosis {
        Diagnosis { blame: Blame::Flake, message: None, hints: hints.into_iter().collect() }
    }

    /// The machine is at fault, and this is what is wrong with it.
    fn of_machine(message: &str, hint: impl Into<String>) -> Diagnosis {
        Diagnosis {
            blame: Blame::Machine,
            message: Some(message.to_owned()),
            hints: vec![hint.into()],
        }
    }
}

/// How many complaints are looked at; after the first few, one mostly follows from another.
const LOOKED_AT: usize = 20;

/// What one complaint comes down to, if it is of the kind that this knows.
type Recogniser = fn(&Complaint, Option<Source<'_>>) -> Option<Diagnosis>;

/// All that is recognised in a complaint; the first that answers has it.
const RECOGNISERS: [Recogniser; 21] = [
    scope::missing_argument,
    scope::missing_attribute,
    scope::undefined_variable,
    scope::infinite_recursion,
    modules::unknown_option,
    modules::wrong_type,
    modules::conflict,
    packages::unfree,
    packages::insecure,
    packages::refused,
    hashes::of_derivation,
    hashes::of_download,
    hashes::of_input,
    files::missing,
    files::outside,
    files::unlocked,
    files::denied,
    builds::collision,
    builds::other_system,
    builds::import_from_derivation,
    somewhere,
];

/// What is known about a failure from all that Nix said; `source` is the flake that it was about, if it was about one.
pub fn diagnose(said: &str, source: Option<Source<'_>>) -> Option<Diagnosis> {
    if let Some(machine) = machine::diagnose(said) {
        return Some(machine);
    }
    let complaints = Complaint::all(said);
    let mut found = complaints.iter().take(LOOKED_AT).filter_map(|complaint| {
        RECOGNISERS.iter().find_map(|recognise| recognise(complaint, source))
    });
    let mut diagnosis = found.next()?;
    for more in found {
        let new = more.hints.into_iter().filter(|hint| !diagnosis.hints.contains(hint));
        let new: Vec<String> = new.collect();
        // Half an answer is none.
        if diagnosis.hints.len() + new.len() <= MOST {
            diagnosis.hints.extend(new);
        }
    }
    Some(diagnosis)
}

/// Whatever it is, it comes from somewhere in the flake.
fn somewhere(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let (place, _) = source?.nearest_place(complaint)?;
    Some(Diagnosis::of_flake([format!("in your flake it comes from {place}")]))
}

/// ` at `hosts/demo.nix:3``, or nothing where the place is not known.
fn at(source: Option<Source<'_>>, complaint: &Complaint) -> String {
    let place = source.and_then(|source| source.nearest_place(complaint));
    place.map(|(place, _)| format!(" at {place}")).unwrap_or_default()
}

/// A hint that says only who asks, where that is known.
fn asked_for(source: Option<Source<'_>>, complaint: &Complaint) -> Option<String> {
    let (place, _) = source?.nearest_place(complaint)?;
    Some(format!("it is asked for at {place}"))
}

/// A path or a name as a word for the shell.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+@".contains(c);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

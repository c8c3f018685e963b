//! The name of one step on the way of a component: `COMPONENT/ARCH/PHASE/STEP`, and what is called after it.
//!
//! Values only; [`crate::commands::step`] makes them real.

use std::fmt;
use std::str::FromStr;
use studio_core::names::{BadName, BranchPart, StudioName};

/// What the branches of all steps begin with.
const BELOW: &str = "feature/";

/// One step: `solana-rust-1.83/aarch64/phase0/step1`, as the branch `feature/solana-rust-1.83/aarch64/phase0/step1` and
/// the studio `solana-rust-1.83+aarch64+phase0+step1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// What is built.
    pub component: BranchPart,
    /// The machine that it is for.
    pub arch: BranchPart,
    /// The phase of the component.
    pub phase: BranchPart,
    /// The step of the phase.
    pub step: BranchPart,
}

/// Why a text does not name a step.
#[derive(Debug, thiserror::Error)]
pub enum BadStep {
    /// There are too few or too many parts.
    #[error("a step has four parts, COMPONENT/ARCH/PHASE/STEP, and this has {0}")]
    Parts(usize),
    /// A part cannot be one.
    #[error(transparent)]
    Name(#[from] BadName),
    /// A part has a `+`, by which the parts are told from each other in the name of a studio.
    #[error("`{0}` has a `+`, which stands between the parts in the name of the step's studio")]
    Plus(String),
}

impl Step {
    /// The branch that holds it.
    pub fn branch(&self) -> String {
        format!("{BELOW}{self}")
    }

    /// The studio in which it is made.
    ///
    /// # Errors
    ///
    /// The parts together may be longer than a name can be.
    pub fn studio(&self) -> Result<StudioName, BadName> {
        StudioName::new(&self.parts().map(BranchPart::as_str).join("+"))
    }

    /// Each part, after the variable that tells a generator of it.
    pub fn variables(&self) -> [(&'static str, &str); 4] {
        let names = ["LATTICE_COMPONENT", "LATTICE_ARCH", "LATTICE_PHASE", "LATTICE_STEP"];
        let mut parts = self.parts().into_iter().map(BranchPart::as_str);
        names.map(|name| (name, parts.next().unwrap_or_default()))
    }

    /// The step that a branch holds, if it holds one.
    pub fn of_branch(branch: &str) -> Option<Step> {
        branch.strip_prefix(BELOW)?.parse().ok()
    }

    fn parts(&self) -> [&BranchPart; 4] {
        [&self.component, &self.arch, &self.phase, &self.step]
    }
}

impl FromStr for Step {
    type Err = BadStep;

    /// Takes the four parts, also with `feature/` before them.
    fn from_str(text: &str) -> Result<Step, BadStep> {
        let parts: Vec<&str> = text.strip_prefix(BELOW).unwrap_or(text).split('/').collect();
        let &[component, arch, phase, step] = parts.as_slice() else {
            return Err(BadStep::Parts(parts.len()));
        };
        if let Some(part) = parts.iter().find(|part| part.contains('+')) {
            return Err(BadStep::Plus((*part).to_owned()));
        }
        Ok(Step {
            component: BranchPart::new(component)?,
            arch: BranchPart::new(arch)?,
            phase: BranchPart::new(phase)?,
            step: BranchPart::new(step)?,
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts().map(BranchPart::as_str).join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_the_same_by_its_parts_and_by_its_branch() {
        let step: Step = "rust-1.83/aarch64/phase0/step1".parse().expect("a step");
        assert_eq!(step.branch(), "feature/rust-1.83/aarch64/phase0/step1");
        assert_eq!(step.studio().expect("short").as_str(), "rust-1.83+aarch64+phase0+step1");
        assert_eq!(Step::of_branch(&step.branch()), Some(step.clone()));
        assert_eq!(step.branch().parse::<Step>().expect("a step"), step);
        assert_eq!(Step::of_branch("scratch/20260102-030405-1f0c"), None);
    }

    #[test]
    fn what_is_no_step_is_told_why() {
        let why = |text: &str| text.parse::<Step>().expect_err(text).to_string();
        assert_eq!(
            why("a/b/c"),
            "a step has four parts, COMPONENT/ARCH/PHASE/STEP, and this has 3"
        );
        assert_eq!(
            why("a/b/c/d/e"),
            "a step has four parts, COMPONENT/ARCH/PHASE/STEP, and this has 5"
        );
        assert_eq!(why("a/../c/d"), "`..` cannot be the name of a branch: it starts with a dot");
        assert_eq!(why("a//c/d"), "`` cannot be the name of a branch: it is empty");
        assert!(why("a+b/x/c/d").contains("has a `+`"));
    }
}

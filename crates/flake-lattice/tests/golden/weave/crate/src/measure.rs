//! Lengths.

/// Something with a length.
pub trait Measure {
    /// What it is counted in.
    const UNIT: &'static str = "m";
    /// The length.
    fn length(&self) -> u32;
    /// The length in words.
    fn words(&self) -> String {
        format!("{} {}", self.length(), Self::UNIT)
    }
}

impl Measure for str {
    fn length(&self) -> u32 {
        self.len() as u32
    }
}

impl<T: Measure, const N: usize> Measure for crate::Bundle<T, N> {
    fn length(&self) -> u32 {
        self.all.iter().map(Measure::length).sum()
    }
}

/// For a glob.
pub mod prelude {
    pub use super::Measure as Measurable;
    pub use crate::thread::{knot, Thread};
}

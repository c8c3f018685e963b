//! Impls across modules, generics, re-exports by name, by glob and under another name.

pub mod measure;
pub mod thread;

pub use measure::{Measure, prelude::*};
pub use thread::Thread as Yarn;

/// The function `measure`, beside the module of that name.
pub fn measure<T: Measure>(of: &T) -> u32 {
    of.length()
}

/// All of some.
pub struct Bundle<T, const N: usize> {
    pub(crate) all: [T; N],
    secret: u8,
}

impl<T: Clone, const N: usize> Bundle<T, N> {
    /// So many of one.
    pub fn of(one: T) -> Self {
        Bundle { all: std::array::from_fn(|_| one.clone()), secret: 7 }
    }

    fn unseen(&self) -> u8 {
        self.secret
    }
}

/// What only this crate may ask.
pub fn ask<T: Clone>(bundle: &Bundle<T, 2>) -> u8 {
    bundle.unseen()
}

/// Colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Colour {
    /// Red.
    Red,
    /// Blue.
    Blue,
}

use self::Colour::*;

/// The other one.
pub fn other(colour: Colour) -> Colour {
    match colour {
        Red => Blue,
        Blue => Red,
    }
}

use crate::measure::*;
use std::fmt::{self, Display, Write as _};

/// A thread.
#[derive(Clone, Default)]
pub struct Thread {
    length: u32,
}

impl Measure for Thread {
    fn length(&self) -> u32 {
        self.length
    }
}

impl Display for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words())
    }
}

/// Two threads as one.
pub fn knot(a: &Thread, b: &Thread) -> Thread {
    Thread { length: a.length + b.length }
}

/// A thread of a length.
pub fn cut(length: u32) -> Thread {
    Thread { length }
}

/// In words, with a mark.
pub fn marked(thread: &Thread) -> String {
    let mut text = String::new();
    let _ = write!(text, "<{thread}>");
    text
}

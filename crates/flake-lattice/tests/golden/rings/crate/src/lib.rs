//! Circles, statics, and paths of the edition of 2015.

extern crate core;

use std::sync::atomic::{AtomicUsize, Ordering};

mod count;
pub mod parity {
    //! Two functions that call each other.

    use ::count::note;
    use LIMIT;

    /// Whether a number is even.
    pub fn even(n: u32) -> bool {
        note();
        if n == 0 { true } else { odd(n - 1) }
    }

    /// Whether a number is odd, below the limit.
    pub fn odd(n: u32) -> bool {
        if n == 0 || n > LIMIT { false } else { even(n - 1) }
    }
}

/// The highest number that is looked at.
pub const LIMIT: u32 = 1000;

static CALLS: AtomicUsize = AtomicUsize::new(0);

/// How often something was noted.
pub fn calls() -> usize {
    CALLS.load(Ordering::SeqCst)
}

/// A list that holds itself.
pub struct List {
    next: Option<Box<List>>,
    value: ::core::num::Wrapping<u8>,
}

impl List {
    /// An empty one.
    pub fn new() -> List {
        List { next: None, value: ::std::num::Wrapping(0) }
    }

    /// One more.
    pub fn push(self, value: u8) -> List {
        List { next: Some(Box::new(self)), value: ::std::num::Wrapping(value) }
    }
}

/// The sum of all.
pub fn sum(list: &List) -> u8 {
    let rest = list.next.as_ref().map(|next| sum(next)).unwrap_or(0);
    (list.value + ::std::num::Wrapping(rest)).0
}

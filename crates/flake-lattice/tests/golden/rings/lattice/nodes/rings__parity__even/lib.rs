#![allow(warnings)]
extern crate core;
extern crate rings__LIMIT;
extern crate rings__count__note;
pub mod parity {
    pub(crate) use ::rings__LIMIT::LIMIT;
    pub(crate) use ::rings__count__note::count::note;
    pub fn even(n: u32) -> bool {
        note();
        if n == 0 { true } else { odd(n - 1) }
    }
    pub fn odd(n: u32) -> bool {
        if n == 0 || n > LIMIT { false } else { even(n - 1) }
    }
}

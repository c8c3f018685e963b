#![allow(warnings)]
extern crate core;
pub(crate) use ::std::sync::atomic::AtomicUsize;
pub static CALLS: AtomicUsize = AtomicUsize::new(0);

#![allow(warnings)]
#![no_std]
extern crate alloc;
#[macro_export]
macro_rules! which {
    () => {
        if cfg!(feature = "loud") { "loud" } else { "quiet" }
    };
}

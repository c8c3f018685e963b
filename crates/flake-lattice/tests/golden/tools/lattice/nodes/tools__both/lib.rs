#![allow(warnings)]
pub(crate) use ::tools__Sized2::Sized2;
pub fn both(a: u8, b: u16) -> usize {
    a.bytes() + b.bytes()
}

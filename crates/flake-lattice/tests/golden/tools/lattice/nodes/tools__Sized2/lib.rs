#![allow(warnings)]
pub(crate) use ::tools__macros__sized::sized;
pub trait Sized2 {
    fn bytes(&self) -> usize;
}
sized! {
    u8, u16, [char; 2]
}

#![allow(warnings)]
#![no_std]
extern crate alloc;
mod __by_name_0 {
    pub(crate) use ::choice__which_bbee8356::which;
}
pub(crate) use self::__by_name_0::*;
pub fn which() -> &'static str {
    which!()
}

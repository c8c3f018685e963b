#![allow(warnings)]
extern crate core;
pub const LIMIT: u32 = 1000;

#![allow(warnings)]
#![no_std]
extern crate alloc;
pub const TEXT: &str = include_str!("assets/14f3cba7-text.txt");

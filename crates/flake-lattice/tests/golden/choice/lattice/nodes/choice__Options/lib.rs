#![allow(warnings)]
#![no_std]
extern crate alloc;
#[derive(Default)]
#[derive(Debug, Clone)]
pub struct Options {
    pub level: u8,
    pub r#type: u8,
}

#![allow(warnings)]
#![no_std]
extern crate alloc;
pub(crate) use ::choice__Options::Options;
pub fn r#type(options: &Options) -> u8 {
    let level = match options {
        Options { level, .. } => *level,
    };
    level + options.r#type
}

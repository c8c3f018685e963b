#![allow(warnings)]
#![no_std]
extern crate alloc;
pub mod voice {
    pub mod deep {
        pub const MARK: char = '!';
    }
}

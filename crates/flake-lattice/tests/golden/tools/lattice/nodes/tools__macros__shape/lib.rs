#![allow(warnings)]
#[macro_use]
pub mod macros {
    #[macro_export]
    macro_rules! shape {
        ($(#[$meta:meta])* $name:ident, $corners:expr) => {
            $(#[$meta])* #[derive(Clone, Debug, PartialEq)] pub struct $name (pub u32);
            impl $name { pub fn corners(& self) -> u32 { $corners } }
        };
    }
}

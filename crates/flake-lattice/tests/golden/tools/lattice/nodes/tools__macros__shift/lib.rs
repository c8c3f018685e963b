#![allow(warnings)]
#[macro_use]
pub mod macros {
    #[macro_export]
    macro_rules! shift {
        ($value:expr, $by:expr) => {
            $value << $by
        };
    }
}

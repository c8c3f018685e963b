#![allow(warnings)]
#[macro_export]
macro_rules! double {
    ($value:expr) => {
        $crate::detail::twice($value)
    };
}
pub mod detail {
    pub use ::tools__detail__twice::detail::twice;
}

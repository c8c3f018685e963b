#![allow(warnings)]
pub use ::tools__Sized2::Sized2;
pub use ::tools__both::both;
pub use ::tools__deeper::deeper;
pub use ::tools__double::double;
pub use ::tools__first::first;
pub use ::tools__first::second;
pub mod detail {
    pub use ::tools__detail__twice::detail::twice;
}
pub mod shapes {
    pub use ::tools__shapes__corners::shapes::*;
    pub use ::tools__shapes__corners::shapes::corners;
    pub use ::tools__shapes__more__count_1bcec629::shapes::more::*;
}

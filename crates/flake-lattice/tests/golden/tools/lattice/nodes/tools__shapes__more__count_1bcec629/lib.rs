#![allow(warnings)]
pub mod shapes {
    pub mod more {
        pub(crate) use ::tools__shapes__more__count::count;
        count!(ONE = 1, TWO = 2);
    }
}

#![allow(warnings)]
#[macro_use]
pub mod macros {
    #[macro_export]
    macro_rules! sized {
        ($($of:ty),*) => {
            $(impl Sized2 for $of { fn bytes(& self) -> usize { std::mem::size_of::<$of >
            () } })*
        };
    }
}

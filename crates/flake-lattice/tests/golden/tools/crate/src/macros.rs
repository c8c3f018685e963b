macro_rules! shift {
    ($value:expr, $by:expr) => {
        $value << $by
    };
}

macro_rules! sized {
    ($($of:ty),*) => {
        $(impl Sized2 for $of {
            fn bytes(&self) -> usize {
                std::mem::size_of::<$of>()
            }
        })*
    };
}

macro_rules! shape {
    ($(#[$meta:meta])* $name:ident, $corners:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(pub u32);

        impl $name {
            /// How many corners it has.
            pub fn corners(&self) -> u32 {
                $corners
            }
        }
    };
}

shape! {
    /// Three.
    Triangle, 3
}
shape!(Square, 4);

/// The corners of one of each.
pub fn corners() -> u32 {
    Triangle(1).corners() + Square(1).corners()
}

mod more {
    macro_rules! count {
        ($($name:ident = $value:expr),*) => {
            $(count!(@one $name $value);)*
        };
        (@one $name:ident $value:expr) => {
            /// So many.
            pub const $name: u32 = $value;
        };
    }

    count!(ONE = 1, TWO = 2);
}

pub use self::more::*;

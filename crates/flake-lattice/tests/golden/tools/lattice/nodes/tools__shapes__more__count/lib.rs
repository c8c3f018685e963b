#![allow(warnings)]
pub mod shapes {
    pub mod more {
        #[macro_export]
        macro_rules! count {
            ($($name:ident = $value:expr),*) => {
                $(count!(@ one $name $value);)*
            };
            (@ one $name:ident $value:expr) => {
                pub const $name : u32 = $value;
            };
        }
    }
}

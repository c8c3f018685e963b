//! Macros: by where they stand, exported, redefined, and those that make items.

#[macro_use]
mod macros;
pub mod shapes;

/// Doubles, by a helper that is reached through `$crate`.
#[macro_export]
macro_rules! double {
    ($value:expr) => {
        $crate::detail::twice($value)
    };
}

#[doc(hidden)]
pub mod detail {
    pub fn twice(value: i64) -> i64 {
        shift!(value, 1)
    }
}

macro_rules! name {
    () => {
        "first"
    };
}

/// By the first of two macros of one name.
pub fn first() -> &'static str {
    name!()
}

macro_rules! name {
    () => {
        "second"
    };
}

/// By the second.
pub fn second() -> &'static str {
    name!()
}

/// Something with a size.
pub trait Sized2 {
    /// How many bytes.
    fn bytes(&self) -> usize;
}

sized! { u8, u16, [char; 2] }

thread_local! {
    static DEPTH: std::cell::Cell<u32> = std::cell::Cell::new(0);
}

/// Goes one deeper.
pub fn deeper() -> u32 {
    DEPTH.with(|depth| {
        depth.set(depth.get() + 1);
        depth.get()
    })
}

/// Asks for the size of two.
pub fn both(a: u8, b: u16) -> usize {
    a.bytes() + b.bytes()
}

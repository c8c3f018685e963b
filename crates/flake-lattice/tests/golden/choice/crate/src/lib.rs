#![cfg_attr(not(feature = "quiet"), no_std)]
//! `cfg` in all places, modules in files, and a file that is included.

extern crate alloc;

#[path = "spoken.rs"]
pub mod voice;

#[cfg(feature = "quiet")]
pub mod missing;

/// What is said.
#[cfg(feature = "loud")]
pub fn say() -> alloc::string::String {
    voice::deep::shout(TEXT.trim_end())
}

/// What is not said.
#[cfg(not(feature = "loud"))]
pub fn say() -> alloc::string::String {
    alloc::string::String::new()
}

const TEXT: &str = include_str!("text.txt");

/// Which of both, as the compiler sees it.
#[macro_export]
macro_rules! which {
    () => {
        if cfg!(feature = "loud") { "loud" } else { "quiet" }
    };
}

/// The same, from within.
pub fn which() -> &'static str {
    which!()
}

/// Options.
#[derive(Default)]
#[cfg_attr(feature = "loud", derive(Debug, Clone))]
pub struct Options {
    /// How loud.
    #[cfg(feature = "loud")]
    pub level: u8,
    /// How quiet.
    #[cfg(feature = "quiet")]
    pub hush: u8,
    r#type: u8,
}

/// The type, whose name is a keyword.
pub fn r#type(options: &Options) -> u8 {
    let level = match options {
        #[cfg(feature = "loud")]
        Options { level, .. } => *level,
        #[cfg(not(feature = "loud"))]
        Options { .. } => 0,
    };
    #[cfg(feature = "quiet")]
    let level = 0;
    level + options.r#type
}

#[cfg(test)]
mod tests {
    #[test]
    fn never_part_of_a_node() {}
}

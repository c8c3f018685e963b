//! In a file of another name.

pub mod deep;

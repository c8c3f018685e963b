//! `studio-activate` on machines that are folders: every way that an attempt can end or be ended.

mod kills;
mod machine;
mod outcomes;

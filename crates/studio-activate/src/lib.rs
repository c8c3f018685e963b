//! `studio-activate`: the only program of this toolkit that runs as root.
//!
//! It is told everything by its arguments, checks all of it, and then activates, proves and makes permanent, writing the
//! record of the attempt before each step. It never evaluates, never builds and never reads a file of the user's to
//! decide something. Its own voice is stderr; what came of the attempt is in the record and in the exit status.
//!
//! Not here: what the user wants and which store path that is (`studio_core::switch`), and how a kind of target is
//! activated (`studio_core::activation`).

mod activating;
mod attempt;
mod confirmation;
mod engine;
mod going_back;
mod grammar;
mod keeper;
mod order;
mod permanence;
mod pruning;
mod recovery;
mod remains;
mod roots;
mod trust;
mod voice;

pub use grammar::Args;

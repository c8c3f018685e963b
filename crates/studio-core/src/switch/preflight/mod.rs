//! What is asked before anything is activated, without privilege: is it this machine's, is there room, can it be activated
//! while the machine runs, are files in the way. One file a question; each answers with a value or with a refusal.
//!
//! Not here: the order of the questions (`forward`), and what holds only once it is activated (`studio-activate`).

mod boot_room;
mod collisions;
mod confirmation;
mod course;
mod identity;
mod specialisation;

pub(super) use boot_room::room_on_boot;
pub use boot_room::{BootRoom, boot_room};
pub(super) use collisions::files_in_the_way;
pub(super) use confirmation::{Confirmation, confirm_within};
pub(super) use course::{Course, course};
pub(super) use identity::{Identity, identity};
pub(super) use specialisation::what_runs;

//! The switching commands on the example flake, on a machine that is a folder.

mod damage;
mod faults;
mod homes;
mod preconditions;
mod privilege;
mod proof;
mod question;
mod way;

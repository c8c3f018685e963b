//! Where everything is done: studios, snapshots and switching for a personal flake.
//!
//! Modules are ordered as their arrows point, top to bottom: the domain decides with plain values and asks the doors
//! below it (`git`, `nix`, `process`, `fs`, `config`) to act. A command only says what it wants. Start reading at
//! [`snapshot`]. Not here: the arguments of any command.

pub mod cli;

pub mod build;
pub mod check;
pub mod doctor;
pub mod snapshot;
pub mod studio;
pub mod switch;
pub mod target;
pub mod vm;

pub mod transaction;
pub mod verdict;

pub mod alias;
pub mod closure;
pub mod complete;
pub mod editor;
pub mod generated;
pub mod guard;
pub mod lockfile;
pub mod oplog;
pub mod secrets;
pub mod toolkit;

pub mod git;

pub mod activation;
pub mod context;
pub mod nix;
pub mod process;

pub mod config;
pub mod fs;
pub mod pool;

pub mod clock;
pub mod error;
pub mod health;
pub mod home;
mod interrupt;
pub mod names;
pub mod store_path;
pub mod ui;

pub use error::{Error, Exit, OrSay, Result};

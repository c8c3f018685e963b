//! Closures beside a real Nix: what its database says, and how it takes names and versions apart.

mod database;
mod names;

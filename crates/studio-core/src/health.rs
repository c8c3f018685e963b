//! Health checks: commands that say whether a machine does what it is there for. They come from `studio.toml`, travel in
//! the order for the engine, and are run by it on the machine, between activation and permanence.
//!
//! Not here: reading `studio.toml` (`config`), or what follows from a failure (`studio-activate`).

use serde::{Deserialize, Serialize};

/// One health check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// What people call it.
    pub name: String,
    /// The program and its arguments; at least the program.
    pub command: Vec<String>,
    /// How many seconds one run may take.
    pub timeout: u64,
    /// How many more times it is run if it fails.
    pub retries: u32,
    /// How many seconds lie between two runs.
    pub pause: u64,
}

//! Health checks: commands that say whether a machine does what it is there for. They come from `studio.toml`, travel in
//! the order for the engine, and are run by it on the machine, between activation and permanence.
//!
//! Not here: reading `studio.toml` (`config`), or what follows from a failure (`studio-activate`).

use crate::process::{Ended, Failure};
use serde::{Deserialize, Serialize};
use std::time::Duration;

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

impl HealthCheck {
    /// How long one run may take.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// Runs all checks; gives a text for each that says no. `run` runs the command of one once.
pub fn failures(
    checks: &[HealthCheck],
    run: impl Fn(&HealthCheck) -> Result<Ended, Failure>,
) -> Vec<String> {
    let fault = |check: &HealthCheck| {
        let mut left = check.retries;
        loop {
            let why = match run(check) {
                Ok(Ended::Code(0)) => return None,
                Ok(ended) => ended.to_string(),
                Err(failure) => format!("could not be run: {failure}"),
            };
            if left == 0 {
                return Some(format!("the health check `{}` {why}", check.name));
            }
            left -= 1;
            std::thread::sleep(Duration::from_secs(check.pause));
        }
    };
    checks.iter().filter_map(fault).collect()
}

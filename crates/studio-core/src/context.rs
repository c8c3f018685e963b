//! What every piece of work is given: where it talks, what it was started with, and its own name.

use crate::config::Environment;
use crate::error::Result;
use crate::home::Home;
use crate::ui::Ui;

/// What a command has besides its arguments.
#[derive(Debug)]
pub struct Context {
    /// Where it talks.
    pub ui: Ui,
    /// What it was started with.
    pub env: Environment,
    /// Its name as the user types it, for locks and logs.
    pub command: String,
}

impl Context {
    /// The `STUDIO_HOME` of the environment.
    pub fn home(&self) -> Result<Home> {
        Ok(Home::at(self.env.studio_home()?))
    }
}

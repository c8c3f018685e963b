//! What the user says about an attempt itself: the options that `git flake-switch` and `git flake-test` share.
//!
//! Not here: what is switched, and where (`site`).

use crate::config::{Key, Settings};
use crate::names::ConfigName;
use crate::snapshot::Verification;

/// Options of the switching commands that say how an attempt is made.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AttemptArgs {
    /// Activate this specialisation of what is built
    #[arg(long, value_name = "NAME", help_heading = "Activation", hide_short_help = true)]
    pub specialisation: Option<ConfigName>,
    /// Put it back unless confirmed within 60s, 5m …
    ///
    /// With `none` or `0` nobody is asked. That is the default, but for a session over ssh, which has 60s. A setting of
    /// `studio.toml` and of `config.toml` too.
    #[arg(long, value_name = "TIME")]
    pub confirm_within: Option<String>,
    /// Give up an activation that takes longer; by default 10m
    ///
    /// A setting of `studio.toml` and of `config.toml` too.
    #[arg(long, value_name = "TIME", help_heading = "Activation", hide_short_help = true)]
    pub activation_limit: Option<String>,
    /// Rename files that are in the way of a home
    ///
    /// Files of your own are kept with the suffix `.before-DATE-TIME`. Without this, a home that would put its links over them
    /// is refused.
    #[arg(long, help_heading = "Activation", hide_short_help = true)]
    pub backup: bool,
    /// Make this machine another one: take a configuration that is not its own
    ///
    /// Its own is one that has the name of the machine, that gives it the name which it has, or to which it was switched
    /// before.
    #[arg(long, help_heading = "Activation", hide_short_help = true)]
    pub other_host: bool,
    /// How the snapshot is verified: `quick` by its looks, `full` by reading it
    ///
    /// By its looks: what the file system says of each file and folder is what it said when the snapshot was sealed. Where it
    /// is not, all of it is read.
    #[arg(long, value_name = "HOW", default_value = "quick", hide_possible_values = true)]
    #[arg(hide_default_value = true, help_heading = "Activation", hide_short_help = true)]
    pub verify: Verification,
}

impl AttemptArgs {
    /// Adds what these options say about settings.
    pub(super) fn on_top_of(&self, settings: Settings) -> Settings {
        settings
            .with_flag(Key::ConfirmWithin, self.confirm_within.as_deref())
            .with_flag(Key::ActivationLimit, self.activation_limit.as_deref())
    }
}

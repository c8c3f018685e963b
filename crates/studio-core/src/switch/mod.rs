//! What the switching commands want: try a snapshot, switch to it, go back, list what there is.
//!
//! Everything up to the activation is done as the user: the snapshot is verified, checked and built, what could be in its
//! way is looked for (`preflight`), and what it changes is shown (`show`). Then `studio-activate` is given its order once
//! (`engine`), by root where the target needs it, and is watched (`watch`, `question`, `attend`). Where things lie is
//! [`crate::activation`]'s to know.

mod attend;
mod changes;
mod configuration;
mod elevation;
mod engine;
mod forward;
mod generations;
mod options;
mod preflight;
mod question;
mod rollback;
mod settled;
mod show;
mod site;
mod users;
mod watch;

pub use crate::transaction::{Call, FailedUnits, Keeper, VARIABLES, Wanted, variable};
pub use attend::{attach, confirm};
pub use changes::{Changes, Kernels};
pub use configuration::Configuration;
pub use elevation::{ELEVATIONS, Elevation, engine};
pub use engine::How;
pub use forward::{Ask, NewKernel, Plan, switch, test};
pub(crate) use generations::Sources;
pub use generations::{Difference, Health, Listed, MadeGeneration, Mark, Results, Side};
pub use generations::{OpenAttempt, Standing, open_attempts};
pub use generations::{difference, generations, numbers, table};
pub use options::AttemptArgs;
pub use preflight::{BootRoom, boot_room};
pub use rollback::{Goal, rollback};
pub use settled::{last_attempt, settled};
pub use site::{Site, SiteArgs};
pub use users::{AccountChange, Accounts};
pub use watch::is_worked_on;

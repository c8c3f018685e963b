//! Which item names which: paths are resolved as rustc does it, as far as that can be seen without running macros and
//! without knowing types.
//!
//! Where in doubt a name counts as used: an item that is named in excess costs a rebuild, one that is missing a round of
//! the compiler. Not here: what follows for the nodes ([`crate::graph`]).

mod macros;
mod owner;
mod scope;
mod textual;
mod tokens;
mod uses;
mod visit;

pub use scope::{Scopes, Target};
pub use uses::{Demand, Uses, uses_of};

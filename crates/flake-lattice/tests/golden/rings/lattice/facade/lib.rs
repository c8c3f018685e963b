#![allow(warnings)]
extern crate core;
extern crate rings__LIMIT;
extern crate rings__List;
extern crate rings__calls;
extern crate rings__parity__even;
extern crate rings__sum;
pub use ::rings__LIMIT::LIMIT;
pub use ::rings__List::List;
pub use ::rings__calls::calls;
pub use ::rings__sum::sum;
pub mod parity {
    pub use ::rings__parity__even::parity::even;
    pub use ::rings__parity__even::parity::odd;
}

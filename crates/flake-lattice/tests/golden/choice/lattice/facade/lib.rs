#![allow(warnings)]
#![no_std]
extern crate alloc;
pub use ::choice__Options::Options;
pub use ::choice__say::say;
pub use ::choice__type::r#type;
mod __by_name_3 {
    pub use ::choice__which::which;
}
pub use self::__by_name_3::*;
mod __by_name_4 {
    pub use ::choice__which_bbee8356::which;
}
pub use self::__by_name_4::*;
pub mod voice {
    pub mod deep {
        pub use ::choice__voice__deep__shout::voice::deep::shout;
    }
}

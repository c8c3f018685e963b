#![allow(warnings)]
#![no_std]
extern crate alloc;
pub(crate) use ::choice__TEXT::TEXT;
pub(crate) mod voice {
    pub(crate) mod deep {
        pub(crate) use ::choice__voice__deep__shout::voice::deep::shout;
    }
}
pub fn say() -> alloc::string::String {
    voice::deep::shout(TEXT.trim_end())
}

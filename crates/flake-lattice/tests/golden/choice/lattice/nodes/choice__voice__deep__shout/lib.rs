#![allow(warnings)]
#![no_std]
extern crate alloc;
pub mod voice {
    pub mod deep {
        pub(crate) use ::alloc::string::String;
        pub(crate) use ::choice__voice__deep__MARK::voice::deep::MARK;
        pub fn shout(text: &str) -> String {
            let mut text = String::from(text);
            text.make_ascii_uppercase();
            text.push(super::super::voice::deep::MARK);
            text
        }
    }
}

#![allow(warnings)]
extern crate core;
pub struct List {
    pub next: Option<Box<List>>,
    pub value: ::core::num::Wrapping<u8>,
}
impl List {
    pub fn new() -> List {
        List {
            next: None,
            value: ::std::num::Wrapping(0),
        }
    }
    pub fn push(self, value: u8) -> List {
        List {
            next: Some(Box::new(self)),
            value: ::std::num::Wrapping(value),
        }
    }
}

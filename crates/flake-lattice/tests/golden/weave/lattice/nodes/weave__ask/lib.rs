#![allow(warnings)]
pub(crate) use ::weave__Bundle::Bundle;
pub fn ask<T: Clone>(bundle: &Bundle<T, 2>) -> u8 {
    bundle.unseen()
}

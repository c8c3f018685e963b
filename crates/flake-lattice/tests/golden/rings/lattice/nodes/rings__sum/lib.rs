#![allow(warnings)]
extern crate core;
extern crate rings__List;
pub(crate) use ::rings__List::List;
pub fn sum(list: &List) -> u8 {
    let rest = list.next.as_ref().map(|next| sum(next)).unwrap_or(0);
    (list.value + ::std::num::Wrapping(rest)).0
}

#![allow(warnings)]
macro_rules! name {
    () => {
        "first"
    };
}
pub fn first() -> &'static str {
    name!()
}
macro_rules! name {
    () => {
        "second"
    };
}
pub fn second() -> &'static str {
    name!()
}

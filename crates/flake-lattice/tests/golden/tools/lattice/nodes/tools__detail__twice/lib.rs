#![allow(warnings)]
pub mod detail {
    pub(crate) use ::tools__macros__shift::shift;
    pub fn twice(value: i64) -> i64 {
        shift!(value, 1)
    }
}

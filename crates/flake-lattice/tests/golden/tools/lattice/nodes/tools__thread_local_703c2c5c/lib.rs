#![allow(warnings)]
thread_local! {
    pub static DEPTH: std::cell::Cell<u32> = std::cell::Cell::new(0);
}

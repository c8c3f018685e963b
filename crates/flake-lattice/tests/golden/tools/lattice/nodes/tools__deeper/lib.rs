#![allow(warnings)]
pub(crate) use ::tools__thread_local_703c2c5c::DEPTH;
pub fn deeper() -> u32 {
    DEPTH
        .with(|depth| {
            depth.set(depth.get() + 1);
            depth.get()
        })
}

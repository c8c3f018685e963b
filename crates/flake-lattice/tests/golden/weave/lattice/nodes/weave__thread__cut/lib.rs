#![allow(warnings)]
pub mod thread {
    pub(crate) use ::weave__thread__Thread::thread::Thread;
    pub fn cut(length: u32) -> Thread {
        Thread { length }
    }
}

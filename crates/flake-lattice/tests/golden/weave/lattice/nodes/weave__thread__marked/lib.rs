#![allow(warnings)]
pub mod thread {
    pub(crate) use ::std::fmt::Display;
    pub(crate) use ::std::fmt::Write as _;
    pub(crate) use ::weave__thread__Thread::thread::Thread;
    pub fn marked(thread: &Thread) -> String {
        let mut text = String::new();
        let _ = write!(text, "<{thread}>");
        text
    }
}

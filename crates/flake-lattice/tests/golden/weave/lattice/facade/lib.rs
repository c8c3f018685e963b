#![allow(warnings)]
pub use ::weave__Bundle::Bundle;
pub use ::weave__Colour::Colour;
pub use ::weave__ask::ask;
mod __by_name_3 {
    pub use ::weave__measure::measure;
}
pub use self::__by_name_3::*;
pub use ::weave__measure__Measure::measure::Measure;
pub use ::weave__measure__Measure::measure::Measure as Measurable;
pub use ::weave__other::other;
pub use ::weave__thread__Thread::thread::Thread;
pub use ::weave__thread__Thread::thread::Thread as Yarn;
pub use ::weave__thread__knot::thread::knot;
pub mod measure {
    pub use ::weave__measure__Measure::measure::Measure;
    pub mod prelude {
        pub use ::weave__measure__Measure::measure::Measure as Measurable;
        pub use ::weave__thread__Thread::thread::Thread;
        pub use ::weave__thread__knot::thread::knot;
    }
}
pub mod thread {
    pub use ::weave__thread__Thread::thread::Thread;
    pub use ::weave__thread__cut::thread::cut;
    pub use ::weave__thread__knot::thread::knot;
    pub use ::weave__thread__marked::thread::marked;
}

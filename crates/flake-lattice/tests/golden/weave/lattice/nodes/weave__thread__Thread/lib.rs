#![allow(warnings)]
pub mod thread {
    pub(crate) use ::std::fmt;
    pub(crate) use ::std::fmt::Display;
    pub(crate) use ::std::fmt::Write as _;
    pub(crate) use ::weave__measure__Measure::measure::Measure;
    #[derive(Clone, Default)]
    pub struct Thread {
        pub length: u32,
    }
    impl Measure for Thread {
        fn length(&self) -> u32 {
            self.length
        }
    }
    impl Display for Thread {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.words())
        }
    }
}

#![allow(warnings)]
pub mod measure {
    pub trait Measure {
        const UNIT: &'static str = "m";
        fn length(&self) -> u32;
        fn words(&self) -> String {
            format!("{} {}", self.length(), Self::UNIT)
        }
    }
    impl Measure for str {
        fn length(&self) -> u32 {
            self.len() as u32
        }
    }
}

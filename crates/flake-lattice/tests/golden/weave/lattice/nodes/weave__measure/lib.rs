#![allow(warnings)]
pub(crate) use ::weave__measure__Measure::measure::Measure;
pub(crate) use ::weave__measure__Measure::measure::Measure as Measurable;
pub fn measure<T: Measure>(of: &T) -> u32 {
    of.length()
}

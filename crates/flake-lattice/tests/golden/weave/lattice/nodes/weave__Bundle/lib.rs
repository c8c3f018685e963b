#![allow(warnings)]
pub mod measure {
    pub(crate) use ::weave__measure__Measure::measure::Measure;
    impl<T: Measure, const N: usize> Measure for crate::Bundle<T, N> {
        fn length(&self) -> u32 {
            self.all.iter().map(Measure::length).sum()
        }
    }
}
pub struct Bundle<T, const N: usize> {
    pub(crate) all: [T; N],
    secret: u8,
}
impl<T: Clone, const N: usize> Bundle<T, N> {
    pub fn of(one: T) -> Self {
        Bundle {
            all: std::array::from_fn(|_| one.clone()),
            secret: 7,
        }
    }
    pub fn unseen(&self) -> u8 {
        self.secret
    }
}

shape! {
    /// Three.
    Triangle, 3
}
shape!(Square, 4);

/// The corners of one of each.
pub fn corners() -> u32 {
    Triangle(1).corners() + Square(1).corners()
}

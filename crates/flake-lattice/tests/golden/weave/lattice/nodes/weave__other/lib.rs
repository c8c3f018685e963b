#![allow(warnings)]
pub(crate) use ::weave__Colour::Colour;
pub(crate) use ::weave__Colour::Colour::Blue;
pub(crate) use ::weave__Colour::Colour::Red;
pub fn other(colour: Colour) -> Colour {
    match colour {
        Red => Blue,
        Blue => Red,
    }
}

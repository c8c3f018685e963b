use tools::{Sized2, double};

#[test]
fn macros_work_from_outside() {
    assert_eq!(double!(21), 42);
    assert_eq!((tools::first(), tools::second()), ("first", "second"));
    assert_eq!(tools::both(1, 2), 3);
    assert_eq!(['a', 'b'].bytes(), 8);
    assert_eq!((tools::deeper(), tools::deeper()), (1, 2));
    assert_eq!(tools::shapes::corners(), 7);
    assert_eq!(tools::shapes::ONE + tools::shapes::TWO, 3);
    assert_eq!(tools::shapes::Square(2).clone(), tools::shapes::Square(2));
}

use weave::{Bundle, Colour, Measurable, Yarn, ask, knot, measure, other, thread};

#[test]
fn names_lead_where_they_led() {
    let yarn: Yarn = knot(&thread::cut(2), &thread::cut(3));
    assert_eq!(measure(&yarn), 5);
    assert_eq!(thread::marked(&yarn), "<5 m>");
    assert_eq!(Bundle::<Yarn, 3>::of(yarn).length(), 15);
    assert_eq!(ask(&Bundle::of(1)), 7);
    assert_eq!(other(Colour::Red), Colour::Blue);
    assert_eq!(weave::measure::Measure::length("abc"), 3);
}

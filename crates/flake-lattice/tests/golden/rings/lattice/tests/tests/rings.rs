extern crate rings;

#[test]
fn what_was_there_is_there() {
    assert!(rings::parity::even(10) && rings::parity::odd(7));
    assert_eq!(rings::calls(), 10);
    assert_eq!(rings::sum(&rings::List::new().push(2).push(3)), 5);
    assert_eq!(rings::LIMIT, 1000);
}

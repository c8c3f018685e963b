#[test]
fn the_default_features_are_on() {
    assert_eq!(choice::say(), "SAID!");
    assert_eq!((choice::which(), choice::which!()), ("loud", "loud"));
    assert_eq!(choice::r#type(&choice::Options::default()), 0);
}

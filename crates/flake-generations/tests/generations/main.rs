//! What there is to go back to: the list, its sources, and what differs between two of it.

/// Hides what differs from run to run: moments, commits, and sizes, which depend on the version of Nix and on paths.
macro_rules! shows {
    ($text:expr, @$expected:literal) => {
        let mut filters = testkit::filters();
        filters.push((r"\d{4}-\d\d-\d\d \d\d:\d\d", "[DATE]"));
        filters.push((r#""(made|closure_size|bytes|delta)": -?\d+"#, r#""$1": [NUMBER]"#));
        filters.push((r" +\d+(\.\d+)? [KMG]?i?B", "  [SIZE]"));
        insta::with_settings!({ filters => filters }, {
            insta::assert_snapshot!($text, @$expected);
        });
    };
}

mod bare;
mod diff;
mod list;
mod packages;

//! Packages of two closures that are made up: every kind of change, and what is no package.

use super::*;
use crate::nix::Registered;

const STORE: &str = "/nix/store";

/// The path of a name; another letter is another build.
fn path(letter: char, name: &str) -> String {
    format!("{STORE}/{}-{name}", letter.to_string().repeat(32))
}

/// A store, with all that its paths refer to; what is referred to and is not named has 10 bytes and needs nothing.
fn packages(old: &[(char, &str)], new: &[(char, &str)]) -> Packages {
    let mut registered: Vec<Registered> = vec![];
    let mut add = |path: String, size, references: &[String]| {
        if !registered.iter().any(|one| one.path == path) {
            registered.push(Registered {
                path,
                deriver: None,
                size,
                references: references.to_vec(),
            });
        }
    };
    for (letter, needs) in [('x', old), ('y', new)] {
        let paths: Vec<String> = needs.iter().map(|(letter, name)| path(*letter, name)).collect();
        for one in &paths {
            add(one.clone(), 10, &[]);
        }
        // What was chosen has an `a` or a `b`.
        let chosen: Vec<String> = paths
            .iter()
            .filter(|one| one.contains("aaa") || one.contains("bbb"))
            .cloned()
            .collect();
        let environment = path(letter, "system-path");
        add(environment.clone(), 1, &[chosen, vec![environment.clone()]].concat());
        add(path(letter, "nixos-system-demo-26.05"), 1, &[paths, vec![environment]].concat());
    }
    let root =
        |letter| StorePath::new(path(letter, "nixos-system-demo-26.05")).expect("a store path");
    Packages::between(&Graph::of(registered), &root('x'), &root('y'))
}

/// Each change in a line.
fn told(packages: &Packages) -> Vec<String> {
    let versions =
        |versions: &[Version]| versions.iter().map(Version::as_str).collect::<Vec<_>>().join(" ");
    let line = |change: &PackageChange| {
        let chosen = if change.chosen { " chosen" } else { "" };
        let (name, kind) = (&change.name, change.change);
        format!(
            "{kind:?} {name} [{}] [{}] {}{chosen}",
            versions(&change.old),
            versions(&change.new),
            change.delta
        )
    };
    packages.changed.iter().map(line).collect()
}

#[test]
fn every_kind_of_change_is_told_from_the_others() {
    let old = [
        ('a', "firefox-144.0"),
        ('a', "gone-1.0"),
        ('c', "openssl-3.5.2"),
        ('c', "gcc-13.3"),
        ('d', "gcc-14.2"),
        ('c', "same-1.0"),
        ('c', "again-1.0"),
        ('c', "equal-1.0"),
        ('a', "tool"),
        ('c', "unit-motd.service"),
        ('c', "kept-1.0.drv"),
    ];
    let new = [
        ('b', "firefox-145.0"),
        ('c', "openssl-3.5.1"),
        ('d', "gcc-14.2"),
        ('c', "gcc-12.0"),
        ('c', "same-1.0"),
        ('d', "again-1.0"),
        ('d', "equal-1-0"),
        ('c', "came-0.1-dev"),
        ('d', "came-0.1"),
        ('b', "script"),
        ('d', "unit-motd.service"),
        ('d', "unit-more.service"),
    ];
    let packages = packages(&old, &new);
    assert_eq!(
        told(&packages),
        [
            "Added came [] [0.1] 20",
            "Changed equal [1.0] [1-0] 0",
            "Up firefox [144.0] [145.0] 0 chosen",
            "Changed gcc [13.3 14.2] [12.0 14.2] 0",
            "Removed gone [1.0] [] -10 chosen",
            "Down openssl [3.5.2] [3.5.1] 0",
            "Added script [] [] 10 chosen",
            "Removed tool [] [] -10 chosen",
        ]
    );
    // The system itself has the same version, and another path.
    assert_eq!(packages.rebuilt, 2);
    assert_eq!((packages.others_added, packages.others_removed), (3, 3));
    assert_eq!(packages.old, Closure { paths: 13, bytes: 112 });
    assert_eq!(packages.new, Closure { paths: 14, bytes: 122 });
    assert_eq!(packages.delta, 10);
}

#[test]
fn the_same_closure_has_no_difference() {
    let paths = [('a', "x-1"), ('c', "y-2"), ('c', "etc")];
    let packages = packages(&paths, &paths);
    assert_eq!(told(&packages), [""; 0]);
    // The two systems and what they link together are different paths.
    assert_eq!((packages.rebuilt, packages.others_added, packages.others_removed), (1, 1, 1));
    let size = Closure { paths: 5, bytes: 32 };
    assert_eq!((packages.old, packages.new, packages.delta), (size, size, 0));
}

#[test]
fn what_is_switched_is_chosen() {
    let (old, new) = (path('a', "hello"), path('b', "hello-2"));
    let registered = [&old, &new].map(|path| Registered {
        path: path.clone(),
        deriver: None,
        size: 10,
        references: vec![],
    });
    let [old, new] = [old, new].map(|path| StorePath::new(path).expect("a store path"));
    let packages = Packages::between(&Graph::of(registered.into()), &old, &new);
    assert_eq!(told(&packages), ["Up hello [] [2] 0 chosen"]);
    assert_eq!((packages.rebuilt, packages.others_added), (0, 0));
}

//! Crates that are odd and right, folders that are in the way, and ends that come too early.

mod scene;

use insta::assert_snapshot;
use scene::Scene;
use testkit::{Dice, FileSystem, Moments, Sandbox, rounds};

/// One definition for each of several targets or features: the one that counts is in the lattice, and the others are not.
#[test]
fn of_definitions_that_exclude_each_other_the_right_one_is_taken() {
    let scene = Scene::with_source(
        "#[cfg(unix)]\npub fn name() -> &'static str { \"unix\" }\n\
         #[cfg(not(unix))]\npub fn name() -> &'static str { \"other\" }\n\
         #[cfg(target_pointer_width = \"64\")]\nmod word { pub type Word = u64; }\n\
         #[cfg(not(target_pointer_width = \"64\"))]\nmod word { pub type Word = u32; }\n\
         pub use word::Word;\n\
         pub fn both() -> (Word, &'static str) { (8, name()) }\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 3 items in 3 nodes on 2 levels, compiled in 1 round
    25 files written
    ");
    scene.sandbox.write(
        "use/src/main.rs",
        "fn main() { let (word, name): (u64, _) = small::both(); println!(\"{word} {name}\"); }\n",
    );
    scene.sandbox.write(
        "use/Cargo.toml",
        "[package]\nname = \"use\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[dependencies]\nsmall.path = \"../out/facade\"\n[workspace]\n",
    );
    assert_eq!(scene.cargo("use", "run -q").ok(), "8 unix");
}

/// Words that mean something to Nix, to Rust or to cargo, and letters that none of them takes in a name.
#[test]
fn words_of_nix_and_letters_of_any_script_are_names() {
    let scene = Scene::with_source(
        "pub mod r#let { pub fn r#in() -> u8 { 1 } pub fn inherit() -> u8 { r#in() } }\n\
         pub fn rec() -> u8 { r#let::inherit() }\npub fn with() -> u8 { rec() }\npub fn assert() -> u8 { with() }\n\
         pub fn or() -> u8 { assert() }\npub fn then() -> u8 { or() }\npub fn r#if() -> u8 { then() }\n\
         pub fn __functor() -> u8 { r#if() }\npub fn _0() -> u8 { __functor() }\npub fn größe() -> u8 { _0() }\n\
         pub fn 数() -> u8 { größe() }\npub struct Test;\npub fn test() -> Test { Test }\npub mod core { pub fn one() -> u8 { 1 } }\n\
         pub mod std { pub fn two() -> ::std::string::String { super::core::one().to_string() } }\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 16 items in 16 nodes on 12 levels, compiled in 1 round
    64 files written
    ");
    assert_snapshot!(scene.sandbox.run("", "ls out/nodes"), @r"
    small__Test
    small___0
    small____functor
    small__assert
    small__core__one
    small__gruf6udfe
    small__if
    small__let__in
    small__let__inherit
    small__or
    small__rec
    small__std__two
    small__test_68822989
    small__then
    small__u6570
    small__with
    ");
    scene.cargo("out", "check -q --workspace --offline").ok();
}

/// The system gives the entries of a folder in an order of its own; another one writes the same bytes.
#[test]
fn the_order_of_files_on_the_disk_does_not_show() {
    let scene = Scene::new();
    let names = ["zeta", "alpha", "mu", "beta", "omega", "kappa"];
    for (folder, names) in [
        ("one", names),
        ("two", {
            let mut back = names;
            back.reverse();
            back
        }),
    ] {
        for name in names {
            scene.sandbox.write(
                format!("{folder}/src/{name}.rs"),
                format!("pub fn {name}() -> u8 {{ 1 }}\n"),
            );
            // As old as others are that were written in another order.
            scene.sandbox.write(format!("{folder}/notes/{name}"), "");
        }
        let mut sorted = names;
        sorted.sort_unstable();
        let modules: String = sorted.iter().map(|name| format!("pub mod {name};\n")).collect();
        scene.krate(folder, &modules);
        scene.generate(folder, &format!("{folder}-out")).ok();
    }
    assert_eq!(scene.sandbox.sh("", "diff -r one-out two-out").ok(), "");
}

#[test]
fn a_circle_of_links_is_no_endless_walk() {
    let scene = Scene::with_source("pub mod a;\n");
    scene
        .sandbox
        .sh("crate/src", "ln -s . a && ln -s ../src self && echo 'pub fn f() {}' >mod.rs")
        .ok();
    // `a/mod.rs` is `mod.rs` by a link; that the folder leads to itself is nothing to cargo either.
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 1 item in 1 node on 1 level, compiled in 1 round
    19 files written
    ");
    scene.sandbox.sh("crate/src", "rm a && ln -s b.rs a.rs && ln -s a.rs b.rs").ok();
    assert_snapshot!(scene.generate("crate", "out2"), @r"
    ------- stderr -------
    error: the file of module `a` was not found
      src/lib.rs:1:9: there is neither `src/a.rs` nor `src/a/mod.rs`
    hint: `cargo check` says more; nothing was written
    [exit status: 1]
    ");
    assert!(!scene.sandbox.root().join("out2").exists());
}

#[test]
fn an_output_that_git_ignores_is_said_to_be_unseen() {
    let scene = Scene::with_source("pub fn one() {}\n");
    scene.sandbox.write(".gitignore", "/target\n");
    scene.sandbox.sh("", "git init -q && git add crate").ok();
    assert_snapshot!(scene.generate("crate", "target/lattice"), @r"
    [SANDBOX]/target/lattice
    ------- stderr -------
    `small` 1.0.0: 1 item in 1 node on 1 level, compiled in 1 round
    19 files written
    warning: git ignores 19 files of `target/lattice`, so Nix does not see it as a flake here
    hint: choose another folder, or name it as one that is in no repository: `nix build path:target/lattice`
    ");
    assert_snapshot!(scene.generate("crate", "lattice"), @r"
    [SANDBOX]/lattice
    ------- stderr -------
    `small` 1.0.0: 1 item in 1 node on 1 level, compiled in 1 round
    19 files written
    warning: git does not know 19 files of `lattice`, so Nix does not see it as a flake here
    hint: let git know it: `git add -N lattice`
    ");
    scene.sandbox.sh("", "git add lattice").ok();
    scene.sandbox.write("crate/src/lib.rs", "pub fn two() {}\n");
    // Those that git knows are seen; one more is not.
    assert_snapshot!(scene.generate("crate", "lattice"), @r"
    [SANDBOX]/lattice
    ------- stderr -------
    `small` 1.0.0: 1 item in 1 node on 1 level, compiled in 1 round
    12 files written
    warning: git does not know 3 files of `lattice`, so Nix does not see it as a flake here
    hint: let git know it: `git add -N lattice`
    ");
}

/// Which of two lattices there is, as a whole; fails if it is neither.
fn which(scene: &Scene) -> u8 {
    let same =
        |other: &str| scene.sandbox.sh("", &format!("diff -r out {other} >&2")).code == Some(0);
    match (same("one"), same("two")) {
        (true, false) => 1,
        (false, true) => 2,
        other => panic!(
            "{other:?}: {}",
            scene.sandbox.sh("", "diff -rq out one; diff -rq out two; true").ok()
        ),
    }
}

#[test]
fn a_kill_while_it_is_made_checked_or_written_leaves_the_old_lattice_or_the_new_one() {
    let scene = Scene::new();
    let many = |what: &str| -> String {
        (0..40).map(|at| format!("pub fn f{at}() -> &'static str {{ \"{what}\" }}\n")).collect()
    };
    scene.krate("a", &many("one"));
    scene.krate("b", &many("two"));
    scene.generate("a", "one").ok();
    scene.generate("b", "two").ok();
    scene.generate("a", "out").ok();
    // The compiler's results are kept from run to run, so that kills come while files are written as well.
    let began = std::time::Instant::now();
    scene.generate("b", "out").ok();
    let mut moments = Moments::within(began.elapsed());
    let mut dice = Dice::new();
    let wanted = rounds(10, 150);
    let (mut runs, mut killed, mut seen) = (0, 0, [0, 0]);
    while killed < wanted {
        runs += 1;
        assert!(runs < 20 * wanted, "only {killed} of {runs} runs were killed at work");
        let krate = if dice.below(2) == 0 { "a" } else { "b" };
        let words = ["flake-lattice", "generate", krate, "--output", "out"];
        let end = scene.sandbox.killed("", &words, moments.draw(), true);
        killed += u64::from(moments.learn(end));
        seen[usize::from(which(&scene) - 1)] += 1;
    }
    // The next run clears up what the killed ones left.
    scene.generate("a", "out").ok();
    assert_eq!(which(&scene), 1);
    assert_eq!(scene.sandbox.sh("", "ls -A | grep -v '^[a-z]*$' || true").ok(), "");
}

#[test]
fn a_full_disk_leaves_the_old_lattice() {
    let sandbox = Sandbox::on_disk(FileSystem::Tmpfs).expect("a disk can be mounted");
    let scene = Scene::on(sandbox);
    let disk = scene.sandbox.studio_home();
    scene.krate("crate", "pub fn one() {}\n");
    let words = |output: &str| {
        ["flake-lattice", "generate", "crate", "--output", output].map(str::to_owned)
    };
    let output = disk.join("out").into_string();
    let run = || {
        let words = words(&output);
        scene.sandbox.run_words("", &words.each_ref().map(String::as_str))
    };
    run().ok();
    let before = scene.sandbox.picture(&output);
    let source: String = (0..30).map(|at| format!("pub fn f{at}() -> u32 {{ {at} }}\n")).collect();
    scene.sandbox.write("crate/src/lib.rs", source);
    let mut refused = 0;
    for room in [0, 4, 16, 64, 128, 256] {
        scene.sandbox.leave(room);
        let outcome = run();
        scene.sandbox.make_room();
        if outcome.code == Some(0) {
            break;
        }
        refused += 1;
        assert!(outcome.to_string().contains("no space left"), "{outcome}");
        assert_eq!(scene.sandbox.picture(&output), before, "with {room} KiB");
    }
    assert!(refused > 2, "the disk was never full");
    run().ok();
    assert_eq!(scene.sandbox.sh(&disk, "ls -A").ok(), "out");
}
